"""What is peculiar to Apple's reviews: a feed that is empty at times, and JSON made from Atom.

The fixtures follow the feed's format as Apple serves it: `feed.entry` with a `label` in every
value, a bare entry where there is only one, and no `entry` where there is none.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.interface import FatalError, RetriableError
from collectors.registry import parse_settings
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.appstore import (
    ADDRESS,
    APP,
    OTHER_ADDRESS,
    AppStoreKit,
    entry,
    feed,
)
from tests.conformance.server import Answer, Request, json_answer

world = world_of(AppStoreKit())


def items(count: int, start: datetime = NOW - timedelta(hours=1)) -> list[Item]:
    return [Item(n, f"Review {n}", start + timedelta(minutes=n)) for n in range(1, count + 1)]


def paths(world: World) -> list[str]:
    assert world.server is not None
    return [request.path for request in world.server.requests]


async def test_a_review_has_stars_votes_and_an_author(world: World) -> None:
    review = {**entry(Item(1, "Slow")), "updated": {"label": "2026-03-10T03:30:00-07:00"}}
    world.mood = lambda _request: json_answer(feed([review], last=1))
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.kind, post.title) == ("9000000001", "review", "Order ahead")
    assert (post.rating, post.rating_scale, post.engagement.likes) == (2.0, 5.0, 4)
    assert (post.author.id, post.author.name) == ("700000007", "Anna")
    assert post.published_at == datetime(2026, 3, 10, 10, 30, tzinfo=UTC)


async def test_a_single_review_comes_bare_and_is_found(world: World) -> None:
    world.items = items(1)
    assert isinstance(feed([entry(world.items[0])])["feed"]["entry"], dict)
    assert list((await world.poll()).texts.values()) == ["Review 1"]


async def test_the_app_itself_at_the_head_of_an_older_feed_is_no_review(world: World) -> None:
    head = {"im:name": {"label": "Zerno"}, "id": {"label": "https://itunes.apple.com/us/app/1"}}
    world.mood = lambda _request: json_answer(feed([head, entry(Item(1, "Fine"))], last=1))
    run = await world.poll()
    assert list(run.texts.values()) == ["Fine"]
    assert not run.skipped


async def test_every_review_has_an_address_of_its_own(world: World) -> None:
    world.items = items(5)
    run = await world.poll()
    assert len({post.url for post in run.posts}) == 5
    assert all(f"apps.apple.com/us/app/id{APP}" in post.url for post in run.posts)


@pytest.mark.parametrize("stars", ["0", "6", "", "great"])
async def test_a_rating_out_of_range_is_none(world: World, stars: str) -> None:
    odd = {**entry(Item(1, "Odd")), "im:rating": {"label": stars}}
    world.mood = lambda _request: json_answer(feed([odd], last=1))
    (post,) = (await world.poll()).posts
    assert (post.rating, post.rating_scale) == (None, None)


async def test_the_other_spelling_is_tried_where_one_is_empty(world: World) -> None:
    world.items = items(4)

    def only_the_other(request: Request) -> Answer:
        if ADDRESS.fullmatch(request.path):
            return json_answer(feed([]))
        return world.kit.answer(request, world.items)

    world.mood = only_the_other
    run = await world.poll()
    assert len(run.texts) == 4
    assert not run.notes


async def test_an_empty_feed_after_a_full_one_is_unknown_and_moves_nothing(world: World) -> None:
    world.items = items(4)
    first = await world.poll()
    world.now += timedelta(hours=1)
    world.mood = lambda _request: json_answer(feed([]))
    second = await world.poll(first.cursor)
    assert "does not mean that there are no reviews" in second.notes[0]
    before, after = (run.cursor["walks"][f"us/{APP}"] for run in (first, second))
    assert after["watermark"] == before["watermark"]
    assert [bool(OTHER_ADDRESS.fullmatch(path)) for path in paths(world)[-2:]] == [False, True]
    world.mood = None
    world.items.append(Item(5, "While it was empty", NOW + timedelta(minutes=20)))
    assert "While it was empty" in (await world.poll(second.cursor)).texts.values()


async def test_an_empty_page_in_the_middle_leaves_a_gap(world: World) -> None:
    world.items = items(9)

    def holey(request: Request) -> Answer:
        if "page=2/" in request.path:
            return json_answer(feed([]))
        return world.kit.answer(request, world.items)

    world.mood = holey
    run = await world.poll()
    assert len(run.texts) == 3
    (gap,) = run.gaps
    assert "page 2" in gap.reason
    assert gap.end == world.items[6].at


async def test_what_lies_behind_the_last_page_is_a_gap_only_while_unread(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, last_page=2)
    world.items = items(8)
    first = await world.poll()
    assert [gap.end for gap in first.gaps] == [world.items[2].at]
    assert not (await world.poll(first.cursor)).gaps
    world.now += timedelta(hours=1)
    world.items += [Item(n, f"Burst {n}", NOW + timedelta(minutes=n)) for n in range(9, 30)]
    (gap,) = (await world.poll(first.cursor)).gaps
    assert (gap.start, gap.end) == (world.items[7].at, world.items[23].at)


async def test_a_page_too_far_is_refused_as_a_wrong_request_and_ends_the_walk(
    world: World,
) -> None:
    def short(request: Request) -> Answer:
        found = ADDRESS.fullmatch(request.path)
        if found and found[1] == "1":
            return json_answer(feed([entry(item) for item in items(2)]))
        return Answer(400, b"<html>CustomerReviews RSS page depth is limited to 10")

    world.mood = short
    run = await world.poll()
    assert len(run.texts) == 2
    assert not run.gaps


async def test_an_app_apple_does_not_know_is_fatal_and_named(world: World) -> None:
    world.mood = lambda _request: Answer(400, b"<html>Bad Request")
    with pytest.raises(FatalError, match=f"{APP} in 'us'"):
        await world.poll()


async def test_an_error_in_json_is_no_empty_feed(world: World) -> None:
    world.mood = lambda _request: json_answer({"error": "try later"})
    with pytest.raises(RetriableError, match="without a feed"):
        await world.poll()


async def test_each_app_is_read_in_each_country(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, countries=["us", "RU"], apps=[APP, "id1400000002"])
    world.mood = lambda _request: json_answer(feed([entry(Item(1, "Same shape"))], last=1))
    run = await world.poll()
    stores = {f"{c}/{app}" for c in ("us", "ru") for app in (APP, "1400000002")}
    assert set(run.cursor["walks"]) == stores
    assert any(path.startswith("/ru/") for path in paths(world))


@pytest.mark.parametrize(
    "written", [1400000001, "id1400000001", "https://apps.apple.com/ru/app/zerno-24/id1400000001"]
)
def test_apps_may_be_written_in_any_way(written: object) -> None:
    table = {"name": "n", "type": "appstore", "apps": [written], "countries": ["us"]}
    assert parse_settings(table).model_dump()["apps"] == (APP,)


@pytest.mark.parametrize(
    "changes", [{"apps": ["zerno"]}, {"countries": ["usa"]}, {"interval": "10m"}, {"countries": []}]
)
def test_wrong_settings_are_refused(changes: dict[str, Any]) -> None:
    table = {"name": "n", "type": "appstore", "apps": [APP], "countries": ["us"], **changes}
    with pytest.raises(ValidationError):
        parse_settings(table)
