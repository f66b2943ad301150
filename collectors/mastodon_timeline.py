"""Walking one hashtag's timeline: back on the first run, later up from the last known post."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import Cursor, Gap, Page
from collectors.items import string
from collectors.paging import Walks, asked_again, put_off, stopped, unreachable

Statuses = Sequence[Mapping[str, Any]]


class Ask(Protocol):
    """Asks for a page of a tag's timeline, newest first."""

    async def __call__(self, tag: str, params: Mapping[str, str]) -> tuple[Statuses, Response]:
        """The statuses, and the answer they came in."""


@dataclass(frozen=True)
class Timeline:
    """The timelines of a server.

    Attributes:
        ask: asks for a page of one.
        page: makes a page of statuses, with its cursor and note.
        start: how far back a first run looks.
        now: when the poll began.
        pages: most requests a poll for each tag.
    """

    ask: Ask
    page: Callable[[Cursor, Statuses, str], Page]
    start: datetime
    now: datetime
    pages: int

    async def walk(self, walks: Walks, tag: str) -> AsyncIterator[Page]:
        """Yield what a tag has that is not known."""
        steps = self._newer(walks, tag) if walks[tag].get("last") else self._first(walks, tag)
        async for page in steps:
            yield page

    async def _first(self, walks: Walks, tag: str) -> AsyncIterator[Page]:
        """Walk back from the newest post as far as `start`."""
        state = walks[tag]
        for number in range(1, self.pages + 1):
            older = {"max_id": state["max_id"]} if state.get("max_id") else {}
            statuses, _ = await self.ask(tag, older)
            ids = _ids(statuses)
            state.setdefault("newest", ids[0] if ids else "")
            times = [parse_date(s.get("created_at"), now=self.now) for s in statuses]
            again, gaps, note = bool(ids) and ids[-1] == state.get("max_id"), tuple[Gap, ...](), ""
            done = again or not ids or not any(t and t >= self.start for t in times)
            if again and (waiting := asked_again(state)):
                state, (done, note) = waiting, put_off(waiting)
            elif done:
                state = {"last": state["newest"]} if state["newest"] else {}
                gaps = (unreachable(self.start, times),) if again else ()
            else:
                state = {"newest": state["newest"], "max_id": ids[-1]}
            page = replace(self.page(walks.moved(tag, state), statuses, note), gaps=gaps)
            yield page if done else self._on(page, number)
            if done:
                return

    async def _newer(self, walks: Walks, tag: str) -> AsyncIterator[Page]:
        """Read the newest page; if it does not reach the last known post, walk up to it."""
        state = walks[tag]
        last = str(state["last"])
        newest, _ = await self.ask(tag, {})
        ids = _ids(newest)
        if not ids or _reaches(ids, last):
            yield self.page(walks.moved(tag, {"last": ids[0] if ids else last}), newest, "")
            return
        yield self.page(walks.cursor, newest, "")
        for number in range(1, self.pages + 1):
            statuses, _ = await self.ask(tag, {"min_id": last})
            between = _ids(statuses)
            again = bool(between) and between[0] == last
            if between == ids:
                # The end of a walk, or no answer to what was asked: what is older tells which.
                older, _ = await self.ask(tag, {"max_id": ids[-1]})
                yield self.page(walks.cursor, older, "")
                below = _ids(older)[:1]
                again = not (below and _reaches(below, last))
            if again and (waiting := asked_again(state)):
                state, (later, note) = {**waiting, "last": last}, put_off(waiting)
                shown = statuses if between != ids else ()
                page = self.page(walks.moved(tag, state), shown, note)
                yield page if later else self._on(page, number)
                if later:
                    return
                continue
            if again or not between or set(between) <= set(ids):
                gap = Gap("the server cannot page upwards: posts in between are lost")
                yield Page(walks.moved(tag, {"last": ids[0]}), gaps=(gap,) if again else ())
                return
            last, state = between[0], {}
            yield self._on(self.page(walks.moved(tag, {"last": last}), statuses, ""), number)

    def _on(self, page: Page, number: int) -> Page:
        """A page behind which there is more; the last that a poll may ask for says so."""
        return stopped(page, number) if number == self.pages else page


def _ids(statuses: Statuses) -> list[str]:
    return [string(status.get("id")) for status in statuses if string(status.get("id"))]


def _reaches(ids: Sequence[str], last: str) -> bool:
    """Whether a newest-first page goes back to `last`, which may have been deleted since."""
    if last in ids:
        return True
    # Ids of digits grow with time; those of other servers only promise to be unique.
    if last.isdecimal() and ids[-1].isdecimal():
        return (len(ids[-1]), ids[-1]) <= (len(last), last)
    return False
