"""Walking a search of X from now back to the newest post read before: ids tell, not dates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import FatalError, Gap, Page
from collectors.items import convert, mapping, sequence, string
from collectors.paging import Walks, asked_again, going_on, put_off, stopped, unreachable
from collectors.x_api import Api, authors_of, read_post


@dataclass(frozen=True, slots=True)
class Search:
    """The searches of a poll.

    Attributes:
        pages: most requests a poll for each query.
        size: posts asked for at a time.
        begin: how far back a first run looks.
        earliest: how far back X searches.
        now: when the poll began.
    """

    api: Api
    pages: int
    size: int
    begin: datetime
    earliest: datetime
    now: datetime

    async def walk(self, walks: Walks, query: str, words: str) -> AsyncIterator[Page]:
        """Yield the posts of a query, asked for as `words`, newest first.

        Raises:
            FatalError: X refuses its syntax.
        """
        now = self.now
        for number in range(1, self.pages + 1):
            state = {"begun": self.begin.isoformat(), **walks[query]}
            start, gaps = self._start(state)
            params, token = {"query": words, **start}, string(state.get("token"))
            answer = await self.api.search(
                {**params, **({"next_token": token} if token else {})}, self.size
            )
            if answer is None and token:
                # X no longer knows the place where an earlier poll stopped: begin anew.
                token, answer = "", await self.api.search(params, self.size)
            if answer is None:
                raise FatalError(f"X refused the search {query!r}: check its syntax")
            items, authors = sequence(answer.get("data")), authors_of(answer)
            following = string(mapping(answer.get("meta")).get("next_token"))
            found = convert(
                items,
                lambda item, known=authors: read_post(item, known, now),  # type: ignore[misc]
                lambda item: mapping(item).get("id"),
            )
            again, done, note = following == token != "", not following, ""
            if again and (waiting := asked_again(state)):
                state, (done, note) = waiting, put_off(waiting)
            elif again or done:
                state, done = _finished(_seen(state, items, now)), True
                lost = unreachable(None, (post.published_at for post in found.posts))
                gaps += (lost,) if again else ()
            else:
                state = _seen(going_on(state), items, now) | {"token": following}
            cursor = walks.moved(query, state)
            page = Page(cursor, found.posts, found.skipped, gaps=gaps, note=note)
            yield page if done or number < self.pages else stopped(page, number)
            if done:
                return

    def _start(self, state: dict[str, Any]) -> tuple[dict[str, str], tuple[Gap, ...]]:
        """From where on to ask; X refuses an id older than it searches."""
        earliest, now = self.earliest, self.now
        since, at = string(state.get("since")), parse_date(state.get("since_at"), now=now)
        if since and at and at > earliest:
            return {"since_id": since}, ()
        if since and at:
            gap = Gap("X searches seven days back, and the last post is older", at, earliest)
            return {"start_time": _stamp(earliest)}, () if state.get("token") else (gap,)
        begun = parse_date(state["begun"], now=now) or now
        return {"start_time": _stamp(max(begun, earliest))}, ()


def _seen(state: dict[str, Any], items: list[Any], now: datetime) -> dict[str, Any]:
    """The state with the newest post of the walk so far; ids grow with time."""
    found = [(state.get("newest", ""), state.get("newest_at"))]
    for item in map(mapping, items):
        at = parse_date(item.get("created_at"), now=now)
        if at and at <= now and string(item.get("id")).isdecimal():
            found.append((string(item["id"]), at.isoformat()))
    newest, newest_at = max(found, key=lambda pair: int(pair[0] or 0))
    return {**state, "newest": newest, "newest_at": newest_at}


def _finished(state: dict[str, Any]) -> dict[str, Any]:
    if state["newest"]:
        return {"since": state["newest"], "since_at": state["newest_at"]}
    return {name: state[name] for name in ("since", "since_at", "begun") if name in state}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
