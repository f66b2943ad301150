"""Yelp's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from collectors.registry import parse_settings
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import World
from tests.conformance.kits.yelp import KIT
from tests.conformance.server import Request, json_answer

world = world_of(KIT)


def review(**changes: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    return {
        "id": "xAG4O7l-t1ubbwVAlPnDKg",
        "rating": 2,
        "text": "The coffee was cold and",
        "time_created": "2026-03-10 10:00:00",
        "url": "https://www.yelp.com/biz/zerno?hrid=xAG4",
        "user": {"id": "77", "name": "Anna"},
        **changes,
    }


def answer(*reviews: Any, total: int = 1) -> dict[str, Any]:
    return {"reviews": list(reviews), "total": total, "possible_languages": ["en"]}


async def test_without_leave_only_stars_date_and_link_are_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, excerpts=False, time_zone="America/New_York")
    world.mood = lambda _request: json_answer(answer(review()))
    (post,) = (await world.poll()).posts
    assert (post.title, post.text, post.author.name) == ("★★☆☆☆", "", "")
    assert (post.rating, post.rating_scale) == (2, 5)
    assert post.published_at == datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
    assert post.url.endswith("hrid=xAG4")


async def test_reviews_yelp_does_not_show_are_a_gap(world: World) -> None:
    def answers(request: Request) -> Any:
        shown = [review()] if request.query["offset"] == "0" else []
        return json_answer(answer(*shown, total=200))

    world.mood = answers
    first = await world.poll()
    assert not first.gaps
    (gap,) = (await world.poll(first.cursor)).gaps
    assert "newest" in gap.reason


def test_a_zone_that_is_none_is_refused() -> None:
    table = {"name": "y", "type": "yelp", "businesses": ["zerno"], "key_env": "K"}
    with pytest.raises(ValueError, match="Europe/Moscow"):
        parse_settings({**table, "time_zone": "Mars/Base"})
