"""What every collector owes where pages are many, empty, short, doubled or of another size."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from collectors.interface import CollectorError, RetriableError
from tests.conformance.kit import NOW, Item, Run, World
from tests.conformance.server import Answer, Request


def over(span: timedelta, count: int) -> list[Item]:
    """Items that came one by one within such a time."""
    seconds = span.total_seconds() / (count + 1)
    return [
        Item(n, f"Number {n} on Zerno", NOW - span + timedelta(seconds=int(seconds * n)))
        for n in range(1, count + 1)
    ]


def texts(runs: Iterable[Run]) -> set[str]:
    return {post.text for run in runs for post in run.posts}


async def polls(world: World, times: int, cursor: dict[str, object] | None = None) -> list[Run]:
    """Several polls, one after another; one that fails is asked for again by the next."""
    runs: list[Run] = []
    for _ in range(times):
        try:
            runs.append(await world.poll(runs[-1].cursor if runs else cursor))
        except RetriableError:
            continue
    return runs


@pytest.mark.parametrize("count", [300, 10_000])
async def test_many_items_come_once_each(world: World, count: int) -> None:
    """Three hundred on small pages, ten thousand on the full ones that Molva asks for."""
    world.items = over(timedelta(hours=10), count)
    if count > 1000:
        world.items = over(world.kit.span, count)
        world.page_by(None)
        # A stream has its own clock: by it they have all come by now.
        world.now += timedelta(hours=3)
    runs = await world.poll_out()
    shown = world.items[-world.kit.most :]
    assert texts(runs) == {item.text for item in shown}
    assert len({post.native_id for run in runs for post in run.posts}) == len(shown)
    assert any(run.gaps for run in runs) == (len(shown) < count), "what is not shown must be told"


@pytest.mark.parametrize(("before", "after"), [(0, 2), (2, 0), (1, 0)])
async def test_pages_of_another_size_after_a_kill_lose_nothing(
    world: World, before: int, after: int
) -> None:
    world.items = over(timedelta(hours=1), 23)
    world.page_by(before)
    pages = sum(len(run.pages) for run in await world.poll_out())
    for killed_after in range(1, min(pages, 9) + 1):
        world.page_by(before)
        first = await world.poll(pages=killed_after)
        world.page_by(after)
        rest = await world.poll_out(first.cursor)
        assert texts([first, *rest]) == {item.text for item in world.items}


async def test_an_empty_last_page_is_the_end(world: World) -> None:
    world.kit.empty_tail = True
    world.items = over(timedelta(hours=1), 36)
    first = await world.poll_out()
    assert texts(first) == {item.text for item in world.items}
    second = await world.poll(first[-1].cursor)
    assert not any(run.gaps for run in (*first, second))
    assert len({post.native_id for run in (*first, second) for post in run.posts}) == 36


async def test_pages_shorter_than_asked_for_lose_nothing(online: World) -> None:
    if not online.kit.size:
        pytest.skip(f"nobody asks {online.kit.type} for a size of page")
    online.page_by(4)
    online.items = over(timedelta(hours=1), 23)
    online.mood = lambda request: online.kit.answer(capped(request, online.kit.size), online.items)
    assert texts(await online.poll_out()) == {item.text for item in online.items}


def capped(request: Request, name: str, most: int = 5) -> Request:
    """The request as a service reads it that has never given more than so many items."""
    if name in request.query:
        size = str(min(int(request.query[name]), most))
        return replace(request, query={**request.query, name: size})
    if request.body.startswith(b"{") and name in (asked := request.json()):
        body = json.dumps({**asked, name: min(asked[name], most)}).encode()
        return replace(request, body=body)
    return request


async def test_a_page_that_comes_once_more_hides_nothing(online: World) -> None:
    """As from a cache that answers with the page before instead of the one asked for."""
    online.items = over(timedelta(hours=1), 23)
    seen: dict[str, Answer] = {}
    doubled: list[Answer] = []

    def stale(request: Request) -> Answer:
        answer = online.kit.answer(request, online.items)
        # Where a page has a path of its own, its number stands there.
        place = re.sub(r"page=\d+", "", request.path)
        before = seen.setdefault(place, answer)
        if doubled or before.body == answer.body:
            return answer
        doubled.append(before)
        return before

    online.mood = stale
    wanted = {item.text for item in online.items}
    runs = await polls(online, 3)
    assert texts(runs) == wanted
    assert texts(runs[:1]) == wanted or runs[0].notes, "what was not read yet must be told"
    assert not any(run.gaps for run in runs)
    assert len({post.native_id for run in runs for post in run.posts}) == len(wanted)


async def test_a_service_that_shows_one_page_for_all_is_not_asked_for_ever(online: World) -> None:
    online.items = over(timedelta(hours=1), 23)
    first: list[Answer] = []

    def deaf(request: Request) -> Answer:
        answer = first[0] if first else online.kit.answer(request, online.items)
        if b"on Zerno" in answer.body:
            first.append(answer)
        return answer

    online.mood = deaf
    assert online.server is not None
    for _ in range(2):
        before = len(online.server.requests)
        with suppress(CollectorError):
            await online.poll()
        assert len(online.server.requests) - before < 60
