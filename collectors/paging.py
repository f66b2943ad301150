"""Walking a search back in time: where to begin, where to go on after a kill, when it is done.

A walk goes from its ceiling (the moment the poll began) back to its start (the watermark minus
the source's overlap). Its cursor keeps the old watermark until the walk has ended, so a walk cut
short is gone on with and never skipped. The watermark comes from the source's own times and
never passes the ceiling: one post dated 2099 cannot blind a collector.

A page that comes once more in place of the next, as from a stale cache, is no end: it is asked
for again, at once and by the next poll. Where it comes every time, the service cannot be paged
through, and what lies behind is recorded as a gap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from collectors.interface import Cursor, Gap, Page
from collectors.items import Converted, mapping, sequence

CAME_AGAIN: Final = "a page came twice in place of the next; the next poll goes on"
PATIENCE: Final = 3
"""So often a page may come in place of the next before that is given up."""
_AGAIN: Final = "again"


class Walks:
    """The cursor of a source with several queries: one state each, JSON-serialisable.

    It also remembers whose turn it is: the query read the longest ago comes first, so that a
    service which fails now and then never starves the last one.

    Args:
        cursor: as stored; states of queries no longer configured are dropped.
        keys: the configured queries.
    """

    def __init__(self, cursor: Cursor, keys: Iterable[str]) -> None:
        stored = mapping(cursor.get("walks"))
        self._states = {key: dict(mapping(stored.get(key))) for key in keys}
        done = [key for key in sequence(cursor.get("order")) if key in self._states]
        self._order = [*(key for key in self._states if key not in done), *done]

    def __getitem__(self, key: str) -> dict[str, Any]:
        return dict(self._states[key])

    def moved(self, key: str, state: Mapping[str, Any]) -> Cursor:
        """Set the state of a query, let it come last next time; return the cursor of them all."""
        self._states[key] = dict(state)
        self._order.remove(key)
        self._order.append(key)
        return self.cursor

    @property
    def cursor(self) -> Cursor:
        """A copy of the present states, to be put in a page."""
        walks = {key: dict(state) for key, state in self._states.items() if state}
        return (
            {"walks": walks, "order": list(self._order)}
            if len(self._order) > 1
            else {"walks": walks}
        )

    @property
    def in_turn(self) -> tuple[str, ...]:
        """The queries, the one read the longest ago first; new ones before them."""
        return tuple(self._order)


@dataclass(frozen=True, slots=True)
class Plan:
    """How far back a poll of a search looks.

    Attributes:
        now: when the poll began.
        overlap: how far before the watermark.
        backfill: how far before `now` on the first run.
        pages: most pages a poll; the next poll goes on from there.
        sweep: how far back to look once a day, for what the source indexed very late.
    """

    now: datetime
    overlap: timedelta
    backfill: timedelta
    pages: int
    sweep: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """What is still to be fetched: from `ceiling` back to `start`, going on at `at`.

    Attributes:
        resumed: whether it is an earlier poll that stopped at `at`, where much may have moved.
    """

    start: datetime
    ceiling: datetime
    at: Any = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of a search.

    Attributes:
        times: when the source says its items appeared; they move the watermark.
        next_at: where the next request goes on; `None` at the end of the window.
        again: whether it is the page before that came, and not the one asked for.
    """

    converted: Converted
    times: tuple[datetime, ...]
    next_at: Any = None
    gaps: tuple[Gap, ...] = ()
    again: bool = False


Fetch = Callable[[Window], Awaitable[Batch]]
"""Asks a source for the next batch of a window."""


async def walk_back(walks: Walks, key: str, plan: Plan, fetch: Fetch) -> AsyncIterator[Page]:
    """Yield the pages of one query's window, newest first.

    Args:
        walks: the source's cursor; moved as pages are yielded.
        key: the query.
        plan: how far to look.
        fetch: asks the source for the next batch of a window.
    """
    state = walks[key]
    window, newest = _opened(state, plan)
    for number in range(1, plan.pages + 1):
        batch = await fetch(window)
        newest = max((t for t in (newest, *batch.times) if t <= window.ceiling), default=newest)
        gaps, note, done = batch.gaps, "", batch.again or batch.next_at is None
        if batch.again and (waiting := asked_again(mapping(state.get("walk")))):
            state = {**state, "walk": {**waiting, **_kept(window, newest)}}
            done, note = put_off(waiting)
        elif done:
            state = _finished(state, window, newest)
            gaps += (unreachable(window.start, batch.times),) if batch.again else ()
        else:
            window = Window(window.start, window.ceiling, batch.next_at)
            state = {**state, "walk": _kept(window, newest)}
        found, cursor = batch.converted, walks.moved(key, state)
        page = Page(cursor, found.posts, found.skipped, gaps=gaps, note=note)
        yield page if done or number < plan.pages else stopped(page, number)
        if done:
            return


async def walk_all(
    cursor: Cursor, keys: Iterable[str], plan: Plan, fetch: Callable[[str], Fetch]
) -> AsyncIterator[Page]:
    """Yield the pages of every query's window, the query read the longest ago first.

    Args:
        cursor: the source's, as stored.
        keys: its queries, or whatever else it walks through one by one.
        plan: how far to look, for each.
        fetch: gives what asks the source for the next batch of a query's window.
    """
    walks = Walks(cursor, keys)
    for key in walks.in_turn:
        async for page in walk_back(walks, key, plan, fetch(key)):
            yield page


def stopped(page: Page, pages: int) -> Page:
    """The last page of a poll that reached its cap: its walk is not lost, only unfinished."""
    note = f"stopped after {pages} pages; the next poll goes on"
    return replace(page, note=note, goes_on=True)


def asked_again(state: Mapping[str, Any]) -> dict[str, Any] | None:
    """The state of a walk in which a page came once more; `None` if it came too often."""
    times = int(state.get(_AGAIN, 0)) + 1
    return {**state, _AGAIN: times} if times < PATIENCE else None


def put_off(waiting: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the page is to be asked for by the next poll and not at once, and the note on it."""
    later = int(waiting[_AGAIN]) > 1
    return later, CAME_AGAIN if later else ""


def going_on(state: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a walk in which another page came."""
    return {key: value for key, value in state.items() if key != _AGAIN}


def unreachable(start: datetime | None, shown: Iterable[datetime | None]) -> Gap:
    """What lies behind a page that comes again and again.

    Args:
        start: how far back the walk was to go, if that is known.
        shown: the times of what the page holds, as far as they are known.
    """
    reason = "one page comes again and again: what is behind it is lost"
    return Gap(reason, start, min((time for time in shown if time), default=None))


def _opened(state: Mapping[str, Any], plan: Plan) -> tuple[Window, datetime]:
    walk = mapping(state.get("walk"))
    if walk:
        # A page that came twice is asked for in the very same way.
        resumed = _AGAIN not in walk
        window = Window(_time(walk["start"]), _time(walk["ceiling"]), walk["at"], resumed)
        return window, _time(walk["newest"])
    if "watermark" not in state:
        start = plan.now - plan.backfill
        # Until something is found the next poll starts at the same moment again.
        return Window(start, plan.now), start + plan.overlap
    watermark = _time(state["watermark"])
    start = watermark - plan.overlap
    swept = _time(state.get("swept") or state["watermark"])
    if plan.sweep is not None and plan.now - swept >= timedelta(days=1):
        start = min(start, plan.now - plan.sweep)
    return Window(start, plan.now), watermark


def _kept(window: Window, newest: datetime) -> dict[str, Any]:
    return {
        "start": window.start.isoformat(),
        "ceiling": window.ceiling.isoformat(),
        "newest": newest.isoformat(),
        "at": window.at,
    }


def _finished(state: Mapping[str, Any], window: Window, newest: datetime) -> dict[str, Any]:
    swept = _time(state["swept"]) if "swept" in state else None
    # A window that began a day or more back was a first run or a sweep.
    if swept is None or window.ceiling - window.start >= timedelta(days=1):
        swept = window.ceiling
    return {"watermark": newest.isoformat(), "swept": swept.isoformat()}


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value)
