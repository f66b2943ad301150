"""What is peculiar to Hacker News."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.collectors.worlds import changed, items, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.hackernews import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


async def test_hackernews_looks_a_week_back_once_a_day(world: World) -> None:
    world.items = items(3)
    first = await world.poll()
    # The index lost this one and files it in later, with its original time.
    world.items.append(Item(9, "Lost and found", NOW - timedelta(days=3)))
    world.now += timedelta(hours=1)
    second = await world.poll(first.cursor)
    assert "Lost and found" not in second.texts.values()
    world.now += timedelta(days=1)
    third = await world.poll(second.cursor)
    assert "Lost and found" in third.texts.values()


async def test_hackernews_pages_through_a_crowded_second(world: World) -> None:
    world.items = [Item(n, f"Same second {n}", NOW - timedelta(minutes=1)) for n in range(20)]
    run = await world.poll()
    assert len(run.texts) == 20
    assert not run.gaps


async def test_hackernews_stories_keep_their_site_and_title(world: World) -> None:
    hit = {
        "objectID": "1",
        "title": "Zerno &amp; the bean",
        "url": "https://www.zerno.example/bean",
        "author": "anna",
        "points": 7,
        "num_comments": 3,
        "created_at_i": int(NOW.timestamp()) - 60,
        "_tags": ["story"],
    }
    world.mood = lambda _request: json_answer({"hits": [hit], "nbPages": 1})
    (post,) = (await world.poll()).posts
    assert (post.kind, post.title, post.site) == ("post", "Zerno & the bean", "zerno.example")
    assert post.url == "https://news.ycombinator.com/item?id=1"
    assert (post.engagement.likes, post.engagement.comments) == (7, 3)


async def test_a_new_query_is_backfilled_while_the_old_one_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = items(3)
    first = await world.poll()
    changed(world, monkeypatch, queries=["coffee"])
    second = await world.poll(first.cursor)
    assert set(second.cursor["walks"]) == {"coffee"}
    assert len(second.texts) == 3


async def test_hackernews_does_not_turn_in_circles(world: World) -> None:
    hits = [
        {"objectID": str(n), "title": f"T {n}", "created_at_i": int(NOW.timestamp()) - 60 * n}
        for n in range(1, 4)
    ]
    world.mood = lambda _request: json_answer({"hits": hits, "nbPages": 334})
    run = await world.poll()
    assert len(run.pages) == 3
    assert len(run.texts) == 3
    assert "came twice" in run.notes[0]
