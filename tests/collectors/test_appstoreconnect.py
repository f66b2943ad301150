"""App Store Connect's peculiarities. The answers follow its published schema; text is made up."""

from __future__ import annotations

from typing import Any

import pytest

from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import World
from tests.conformance.kits.appstoreconnect import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


def review(**given: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    attributes = {
        "rating": 1,
        "title": "Не работает",
        "body": "После обновления не открывается",
        "reviewerNickname": "anna",
        "createdDate": "2026-03-10T02:00:00-07:00",
        "territory": "RUS",
        **given,
    }
    response = {"data": {"type": "customerReviewResponses", "id": "r1"}}
    return {
        "type": "customerReviews",
        "id": "00000012-aaaa",
        "attributes": attributes,
        "relationships": {"response": response},
    }


async def test_the_fields_of_a_review_by_the_published_schema(world: World) -> None:
    world.mood = lambda _request: json_answer({"data": [review()], "links": {"self": "x"}})
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.title) == ("00000012-aaaa", "Не работает")
    assert post.published_at is not None
    assert post.published_at.isoformat() == "2026-03-10T09:00:00+00:00"
    assert (post.rating, post.rating_scale, post.engagement.comments) == (1, 5, 1)


async def test_the_address_of_the_next_page_is_not_followed(world: World) -> None:
    answers = [
        {"data": [review()], "links": {"next": "https://evil.example/v1?cursor=two"}},
        {"data": [], "links": {}},
    ]
    world.mood = lambda _request: json_answer(answers.pop(0))
    await world.poll()
    assert [request.query.get("cursor") for request in asked(world)] == [None, "two"]


async def test_territories_narrow_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(world, monkeypatch, territories=["RUS", "USA"])
    await world.poll()
    assert asked(world)[0].query["filter[territory]"] == "RUS,USA"
