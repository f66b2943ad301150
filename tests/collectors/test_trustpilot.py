"""Trustpilot's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import RetriableError
from collectors.spend import SpendCapError
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.trustpilot import KIT, UNIT
from tests.conformance.server import Request, json_answer

world = world_of(KIT)
REVIEWS = f"/v1/business-units/{UNIT}/reviews"


async def test_the_fields_of_a_review_by_the_published_schema(world: World) -> None:
    review = {
        "id": "5f9c1b9b810c19729de860ea",
        "stars": 2,
        "title": "Холодный кофе",
        "text": "Ждали час",
        "language": "ru",
        "createdAt": "2026-03-10T10:00:00Z",
        "updatedAt": None,
        "numberOfLikes": 3,
        "consumer": {"id": "77", "displayName": "Анна", "numberOfReviews": 4},
        "companyReply": {"text": "Sorry", "createdAt": "2026-03-10T11:00:00Z"},
    }

    def answer(request: Request) -> Any:
        if request.path == REVIEWS:
            return json_answer({"reviews": [review]})
        return KIT.answer(request, [])

    world.mood = answer
    (post,) = (await world.poll()).posts
    assert (post.title, post.text, post.lang) == ("Холодный кофе", "Ждали час", "ru")
    assert (post.rating, post.rating_scale, post.author.name) == (2, 5, "Анна")
    assert (post.engagement.likes, post.engagement.comments) == (3, 1)
    assert post.url == "https://www.trustpilot.com/reviews/5f9c1b9b810c19729de860ea"


async def test_what_was_deleted_there_is_deleted_here(world: World) -> None:
    def answer(request: Request) -> Any:
        if request.path != "/v1/reviews/deletions":
            return KIT.answer(request, [])
        if "nextToken" in request.query:
            return json_answer({"reviews": [{"reviewId": "b"}]})
        return json_answer({"reviews": [{"reviewId": "a"}], "nextToken": "further"})

    world.mood = answer
    run = await world.poll()
    assert [name for page in run.pages for name in page.deleted] == ["a", "b"]
    world.mood = None
    await world.poll(run.cursor)
    last = asked(world)[-1].query
    assert (last["startDate"], last["endDate"]) == ("2026-03-09", "2026-03-11")


async def test_a_domain_is_looked_up_once_and_an_id_never(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = [Item(n, f"Review {n}", NOW) for n in range(7)]
    await world.poll()
    assert sum(request.path.endswith("/find") for request in asked(world)) == 1
    changed(world, monkeypatch, businesses=[UNIT])
    await world.poll()
    assert sum(request.path.endswith("/find") for request in asked(world)) == 1


async def test_an_answer_without_reviews_is_an_error(world: World) -> None:
    world.mood = lambda request: (
        json_answer({}) if request.path == REVIEWS else KIT.answer(request, [])
    )
    with pytest.raises(RetriableError, match="without reviews"):
        await world.poll()


async def test_a_call_past_the_cap_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, price_per_call=0.6)
    with pytest.raises(SpendCapError):
        await world.poll()
    assert len(asked(world)) == 1


async def test_what_was_spent_is_told_as_what_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, price_per_call=0.1, businesses=[UNIT], deletions=False)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        collector = world.collector(http)
        [page async for page in collector.poll({})]
        assert "spent 0.1 of 1 today" in await collector.limits_left({})
