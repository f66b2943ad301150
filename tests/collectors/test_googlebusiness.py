"""Google Business Profile's peculiarities. Answers follow its published schema; text is made up."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.sources.googlebusiness import original
from tests.collectors.worlds import asked, world_of
from tests.conformance.kit import World
from tests.conformance.kits.googlebusiness import KIT
from tests.conformance.server import Request, json_answer

world = world_of(KIT)
REVIEWS = "/v4/accounts/1/locations/2/reviews"


def answering(world: World, path: str, answer: Any) -> None:
    world.mood = lambda request: (
        json_answer(answer) if request.path == path else KIT.answer(request, [])
    )


async def test_the_fields_of_a_review_by_the_published_schema(world: World) -> None:
    review = {
        "name": "accounts/1/locations/2/reviews/r1",
        "reviewId": "r1",
        "reviewer": {"displayName": "Анна", "isAnonymous": False},
        "starRating": "TWO",
        "comment": "Холодно",
        "createTime": "2026-03-09T10:00:00.123Z",
        "updateTime": "2026-03-10T10:00:00Z",
        "reviewReply": {"comment": "Простите", "updateTime": "2026-03-10T11:00:00Z"},
    }
    answering(world, REVIEWS, {"reviews": [review]})
    (post,) = (await world.poll()).posts
    assert (post.text, post.rating, post.rating_scale) == ("Холодно", 2, 5)
    assert post.published_at is not None
    assert post.edited_at is not None
    assert post.edited_at > post.published_at
    assert (post.author.name, post.engagement.comments) == ("Анна", 1)


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("(Translated by Google) Cold\n\n(Original)\nХолодно", "Холодно"),
        ("Холодно\n\n(Translated by Google)\nCold", "Холодно"),
        ("Cold", "Cold"),
        ("", ""),
    ],
)
def test_the_authors_own_words_are_kept(comment: str, kept: str) -> None:
    assert original(comment) == kept


async def test_places_are_listed_once_a_day(world: World) -> None:
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        for _ in range(3):
            [page async for page in world.collector(http).poll({})]
    assert sum(request.path == "/v1/accounts" for request in asked(world)) == 1


async def test_an_account_without_places_says_so(world: World) -> None:
    answering(world, "/v1/accounts", {})
    assert (await world.poll()).notes == ["this Google account manages no places"]


async def test_a_token_ended_early_is_renewed(world: World) -> None:
    refusals = [401]

    def answer(request: Request) -> Any:
        if request.path == REVIEWS and refusals:
            return json_answer({}, refusals.pop())
        return KIT.answer(request, [])

    world.mood = answer
    await world.poll()
    assert sum(request.path == "/token" for request in asked(world)) == 2
