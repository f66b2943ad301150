"""Ozon's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.interface import FatalError, RetriableError
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.ozon import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


def review(**changes: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    return {
        "id": "0190a1",
        "text": "Вкусный кофе",
        "rating": 4,
        "published_at": "2026-03-10T11:00:00.123Z",
        "sku": 987654321,
        "status": "PROCESSED",
        "comments_amount": 2,
        **changes,
    }


def answer(*reviews: dict[str, Any], has_next: bool = False, last_id: str = "") -> dict[str, Any]:
    return {"reviews": list(reviews), "has_next": has_next, "last_id": last_id}


def last_ids(world: World) -> list[str]:
    assert world.server is not None
    return [request.json()["last_id"] for request in world.server.requests]


def hours_ago(count: int) -> list[Item]:
    return [Item(n, f"Review {n}", NOW - timedelta(hours=n)) for n in range(1, count + 1)]


async def test_the_fields_of_a_review(world: World) -> None:
    world.mood = lambda _request: json_answer(answer(review()))
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.kind, post.text) == ("0190a1", "review", "Вкусный кофе")
    assert post.published_at == datetime(2026, 3, 10, 11, 0, 0, 123000, tzinfo=UTC)
    assert (post.rating, post.rating_scale, post.engagement.comments) == (4, 5, 2)
    assert (post.thread_id, post.site) == ("987654321", "ozon.ru")


async def test_stars_without_a_word_are_counted_as_skipped(world: World) -> None:
    world.mood = lambda _request: json_answer(answer(review(text="")))
    run = await world.poll()
    assert run.posts == []
    assert [item.reason for item in run.skipped] == ["it has stars but no text"]


async def test_the_walk_ends_at_a_review_from_before_its_start(world: World) -> None:
    ages = [1, 2, 100, 200, 300, 400, 500]
    world.items = [Item(n, f"Review {n}", NOW - timedelta(days=age)) for n, age in enumerate(ages)]
    run = await world.poll()
    assert {"Review 0", "Review 1"} <= set(run.texts.values())
    assert len(last_ids(world)) == 1


async def test_a_forgotten_place_begins_the_walk_anew(world: World) -> None:
    world.items = hours_ago(7)
    first = await world.poll(pages=1)
    assert last_ids(world) == [""]
    world.items = [item for item in world.items if item.number != 3]
    second = await world.poll(first.cursor)
    assert last_ids(world)[:3] == ["", "uuid-3", ""]
    assert set(second.texts.values()) == {item.text for item in world.items}


async def test_a_refused_request_is_fatal_and_says_why(world: World) -> None:
    world.mood = lambda _request: json_answer({"code": 7, "message": "no such plan"}, 400)
    with pytest.raises(FatalError, match="no such plan"):
        await world.poll()


async def test_a_place_that_stays_the_same_is_not_walked_for_ever(world: World) -> None:
    world.mood = lambda _request: json_answer(answer(review(), has_next=True, last_id="0190a1"))
    first = await world.poll()
    assert len(first.pages) == 3
    second = await world.poll(first.cursor)
    assert len(second.pages) == 1
    assert "comes again and again" in second.gaps[0].reason


async def test_another_sellers_walk_is_not_gone_on_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = hours_ago(7)
    first = await world.poll(pages=1)
    changed(world, monkeypatch, client_id="77")
    world.mood = lambda _request: json_answer(answer())
    await world.poll(first.cursor)
    assert last_ids(world)[-1] == ""


async def test_an_answer_without_reviews_is_an_error(world: World) -> None:
    world.mood = lambda _request: json_answer({"result": {}})
    with pytest.raises(RetriableError, match="no reviews"):
        await world.poll()
