"""Walking the numbers of all posts of a forum back to the last known one.

State: `last`, the newest number all stored up to; `recent`, the numbers of the newest page, to
notice deletions; while a walk is unfinished also `newest`, `before`, `empty`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.discourse_api import Forum
from collectors.discourse_post import Reading, converted, created, deleted
from collectors.interface import Gap, Page
from collectors.items import count, mapping, sequence
from collectors.paging import Walks, asked_again, going_on, put_off, stopped, unreachable

STREAM = "posts"
STRIDE = 50
"""Numbers a page spans on older forums, which leave private posts out of it: it may be empty."""

MOST_EMPTY = 10


@dataclass(frozen=True, slots=True)
class Stream:
    """All posts of a forum.

    Attributes:
        pages: most requests a poll.
        start: how far back a first run looks.
        now: when the poll began.
    """

    forum: Forum
    pages: int
    start: datetime
    now: datetime

    async def walk(self, walks: Walks) -> AsyncIterator[Page]:
        """Yield the posts that are not known, page by page back in time."""
        state = walks[STREAM]
        for number in range(1, self.pages + 1):
            before = count(state.get("before"))
            items = await self.forum.latest(before)
            ids = sorted(n for n in (count(mapping(item).get("id")) for item in items) if n)
            gone = deleted(items)
            if before is None:
                gone += _missing(sequence(state.get("recent")), ids)
                state |= {"newest": max([*ids, state.get("last", 0)]), "recent": ids}
            found = converted(items, Reading(self.forum.base, self.now))
            again = before is not None and bool(ids) and ids[0] >= before < ids[-1]
            gaps, note = tuple[Gap, ...](), ""
            if again and (waiting := asked_again(state)):
                state, (done, note) = waiting, put_off(waiting)
            elif again:
                gaps = (unreachable(None, (post.published_at for post in found.posts)),)
                state, done = _finished(state), True
            else:
                state, done = self._moved(state, items, ids)
            cursor = walks.moved(STREAM, state)
            page = Page(cursor, found.posts, found.skipped, tuple(gone), gaps, note=note)
            yield page if done or number < self.pages else stopped(page, number)
            if done:
                return

    def _moved(
        self, state: Mapping[str, Any], items: Sequence[Any], ids: Sequence[int]
    ) -> tuple[dict[str, Any], bool]:
        """The state after a page, and whether it was the last."""
        before, empty = state.get("before"), 0
        if before is not None and (not ids or ids[0] >= before):
            before, empty = before - STRIDE, state.get("empty", 0) + 1
        elif ids:
            before = ids[0]
        done = before is None or before <= state.get("last", 1) or empty > MOST_EMPTY
        if "last" not in state:
            times = [t for t in (created(item, self.now) for item in items) if t]
            done = done or (bool(times) and max(times) < self.start)
        if not done:
            return {**going_on(state), "before": before, "empty": empty}, False
        return _finished(state), True


def _finished(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"last": state["newest"], "recent": state["recent"]} if state["newest"] else {}


def _missing(known: Sequence[int], present: Sequence[int]) -> list[str]:
    """Known posts that are missing between two present ones."""
    if not present:
        return []
    return [str(n) for n in known if present[0] < n < present[-1] and n not in present]
