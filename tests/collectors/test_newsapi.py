"""NewsAPI's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.interface import FatalError, RetriableError
from collectors.spend import SpendCapError
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.newsapi import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


def article(**changes: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    return {
        "source": {"id": None, "name": "Kofe Daily"},
        "author": "Anna",
        "title": "Zerno opens",
        "description": "A new shop.",
        "url": "https://www.kofe.example/a?utm_source=x",
        "urlToImage": None,
        "publishedAt": "2026-03-10T11:00:00Z",
        "content": "The queue was long.… [+1234 chars]",
        **changes,
    }


def answer(*articles: Any) -> dict[str, Any]:
    return {"status": "ok", "totalResults": len(articles), "articles": list(articles)}


async def test_the_fields_of_an_article_by_the_published_schema(world: World) -> None:
    world.mood = lambda _request: json_answer(answer(article()))
    (post,) = (await world.poll()).posts
    assert post.native_id == "https://kofe.example/a"
    assert (post.title, post.text) == ("Zerno opens", "A new shop.\nThe queue was long.")
    assert (post.site, post.author.name, post.kind) == ("kofe.example", "Anna", "article")


async def test_what_the_plan_does_not_show_is_a_gap(world: World) -> None:
    beyond = {"status": "error", "code": "maximumResultsReached", "message": "upgrade"}
    world.mood = lambda _request: json_answer(beyond, 426)
    (gap,) = (await world.poll()).gaps
    assert "plan" in gap.reason


async def test_a_used_up_key_waits(world: World) -> None:
    used = {"status": "error", "code": "apiKeyExhausted", "message": "no more"}
    world.mood = lambda _request: json_answer(used, 400)
    with pytest.raises(RetriableError, match="used up") as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(hours=12)


async def test_a_wrong_search_says_why_and_not_the_key(world: World) -> None:
    wrong = {"status": "error", "code": "parameterInvalid", "message": "s3cret-newsapi-key is bad"}
    world.mood = lambda _request: json_answer(wrong, 400)
    with pytest.raises(FatalError, match="… is bad"):
        await world.poll()


async def test_more_than_a_search_shows_is_reached_by_slices_of_time(world: World) -> None:
    world.items = [Item(n, f"Post {n}", NOW - timedelta(minutes=n)) for n in range(1, 80)]
    run = await world.poll()
    assert len(run.texts) == 79
    assert not run.gaps


async def test_a_call_past_the_cap_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, price_per_call=2.0)
    with pytest.raises(SpendCapError):
        await world.poll()
    assert asked(world) == []


async def test_the_days_requests_are_spread_over_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, queries=["zerno", "coffee"], requests_a_day=4)
    world.items = [Item(n, f"Post {n}", NOW - timedelta(minutes=n)) for n in range(1, 30)]
    first = await world.poll()
    # By noon half of them may have been made, and one more.
    assert len(asked(world)) == 3
    assert "3 of 4 requests" in first.notes[-1]
    assert (await world.poll(first.cursor)).texts == {}
    world.now += timedelta(hours=7)
    second = await world.poll(first.cursor)
    assert len(asked(world)) == 4
    # The search that had to wait comes first.
    assert asked(world)[-1].query["q"] == "coffee"
    world.now += timedelta(hours=12)
    await world.poll(second.cursor)
    assert len(asked(world)) > 4
