"""The feed collector's own manners: unchanged feeds, gaps, waits, addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from pydantic import ValidationError

from collectors.interface import FatalError, RetriableError
from collectors.registry import parse_settings
from tests.collectors.worlds import world_of
from tests.conformance.kit import Item, World
from tests.conformance.kits.rss import KIT
from tests.conformance.server import Answer, Request

world = world_of(KIT)


def items(first: int, last: int) -> list[Item]:
    return [Item(n, f"Post {n}") for n in range(first, last + 1)]


def breaking_off(world: World, before: bytes) -> Callable[[Request], Answer]:
    """A server whose document ends in the middle of an entry."""

    def cut(request: Request) -> Answer:
        answer = KIT.answer(request, world.items)
        return Answer(200, answer.body[: answer.body.index(before)], answer.headers)

    return cut


async def test_an_unchanged_feed_costs_one_304(world: World) -> None:
    world.items = items(1, 5)
    first = await world.poll()
    second = await world.poll(first.cursor)
    assert second.posts == []
    assert second.notes == ["unchanged (304)"]
    assert second.cursor == first.cursor


async def test_the_same_body_under_a_new_etag_is_not_read_again(world: World) -> None:
    world.items = items(1, 5)

    def restless(request: Request) -> Answer:
        answer = KIT.answer(request, world.items)
        etag = f'"{len(world.server.requests)}"' if world.server else ""
        return Answer(200, answer.body, {**answer.headers, "ETag": etag})

    world.mood = restless
    first = await world.poll()
    second = await world.poll(first.cursor)
    assert second.notes == ["unchanged (same content)"]
    assert second.cursor["validators"]["etag"] == '"2"'


async def test_a_304_after_an_error_page_does_not_make_the_source_healthy(world: World) -> None:
    page = Answer(200, b"<html>maintenance", {"ETag": '"page"', "Content-Type": "text/html"})
    world.mood = lambda request: (
        Answer(304) if request.headers.get("if-none-match") == '"page"' else page
    )
    for _ in range(2):
        with pytest.raises(RetriableError, match="not a feed"):
            await world.poll()


async def test_a_feed_that_overflowed_is_a_gap(world: World) -> None:
    world.items = items(1, 5)
    first = await world.poll()
    assert not first.gaps
    world.items = items(4, 8)
    second = await world.poll(first.cursor)
    assert not second.gaps
    world.items = items(20, 24)
    third = await world.poll(second.cursor)
    assert "overflowed" in third.gaps[0].reason


async def test_the_longest_wait_asked_for_is_passed_on(world: World) -> None:
    world.items = items(1, 2)

    def patient(request: Request) -> Answer:
        answer = KIT.answer(request, world.items)
        body = answer.body.replace(b"<title>City", b"<ttl>45</ttl><title>City")
        return Answer(answer.status, body, {**answer.headers, "Cache-Control": "max-age=900"})

    world.mood = patient
    first = await world.poll()
    assert first.pages[-1].poll_after == timedelta(minutes=45)
    second = await world.poll(first.cursor)
    assert second.pages[-1].poll_after == timedelta(minutes=45)


async def test_redirects_are_followed_and_links_start_from_the_final_address(world: World) -> None:
    feed = (
        b"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>T</title>"
        b"<link>story/1</link></item></channel></rss>"
    )
    world.mood = lambda request: (
        Answer(200, feed, {"ETag": '"1"'})
        if request.path == "/moved/feed"
        else Answer(301, headers={"Location": "/moved/feed"})
    )
    first = await world.poll()
    assert first.posts[0].url.endswith("/moved/story/1")
    await world.poll(first.cursor)
    assert world.server is not None
    conditional = [r.path for r in world.server.requests if "if-none-match" in r.headers]
    assert conditional == ["/moved/feed"]


async def test_a_feed_of_thousands_comes_in_pages_and_is_marked_read_at_its_end(
    world: World,
) -> None:
    world.items = items(1, 2500)
    run = await world.poll()
    assert [len(page.posts) for page in run.pages] == [1000, 1000, 500]
    assert [bool(page.cursor) for page in run.pages] == [False, False, True]


def test_a_wrong_address_is_refused_without_being_quoted() -> None:
    for table in ({"url": "ftp://s3cret.example/feed"}, {}, {"url": "x", "url_env": "Y"}):
        with pytest.raises(ValidationError) as caught:
            parse_settings({"name": "n", "type": "rss", **table})
        assert "s3cret" not in str(caught.value)


async def test_an_address_can_come_from_the_environment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = items(1, 2)
    assert world.server is not None
    table = {"url_env": "MY_FEED", "name": "n", "type": "rss"}
    monkeypatch.setattr(world, "table", lambda: table)
    with pytest.raises(FatalError, match="MY_FEED"):
        await world.poll()
    monkeypatch.setenv("MY_FEED", f"{world.server.url}/feed.xml")
    assert len((await world.poll()).posts) == 2


async def test_what_a_feed_that_broke_off_has_lost_comes_with_the_next_poll(world: World) -> None:
    world.items = items(1, 5)
    world.mood = breaking_off(world, before=b"Post 2")
    first = await world.poll()
    assert set(first.texts.values()) == {"Post 5", "Post 4", "Post 3"}
    world.mood = None
    second = await world.poll(first.cursor)
    assert set(second.texts.values()) == {f"Post {n}" for n in range(1, 6)}


async def test_a_feed_that_broke_off_is_no_gap_and_hides_none(world: World) -> None:
    world.items = items(1, 5)
    first = await world.poll()
    world.items = items(3, 8)
    world.mood = breaking_off(world, before=b"Post 6")
    second = await world.poll(first.cursor)
    assert set(second.texts.values()) == {"Post 8", "Post 7"}
    assert not second.gaps, "the posts known before may stand in what was lost"
    world.mood = None
    assert not (await world.poll(second.cursor)).gaps
    world.items = items(7, 12)
    assert "overflowed" in (await world.poll(second.cursor)).gaps[0].reason, "post 6 was never seen"
