"""A search of a Discourse forum, walked back in time through the few pages it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from collectors.discourse_api import Forum
from collectors.discourse_post import Reading, converted, created, deleted
from collectors.interface import Gap
from collectors.items import count, mapping, sequence, string
from collectors.paging import Batch, Window

DAY: Final = timedelta(days=1)
AT_ONCE: Final = 20
"""Hits read in full before their batch is kept: a rate limit must not lose more than these."""


class Search:
    """Walks one search.

    Attributes:
        gone: the ids of what was found deleted on the page fetched last.

    Args:
        pages: how many the forum shows of one search.
    """

    def __init__(self, forum: Forum, query: str, pages: int, now: datetime) -> None:
        self.forum, self.query, self.pages, self.now = forum, query, pages, now
        self.gone: tuple[str, ...] = ()

    async def fetch(self, window: Window) -> Batch:
        """Hits of a page in full: what the search shows of them may leave the brand out."""
        at = mapping(window.at)
        page, until = int(at.get("page", 1)), string(at.get("until"))
        words = [self.query, "order:latest", f"after:{window.start.date()}"]
        words += [f"before:{until}"] if until else []
        answer = await self.forum.search(" ".join(words), page)
        hits = sequence(answer.get("posts"))
        times = [t for t in (created(hit, self.now) for hit in hits) if t]
        topics = [mapping(topic) for topic in sequence(answer.get("topics"))]
        titles = {count(topic.get("id")) or 0: string(topic.get("title")) for topic in topics}
        read = int(at.get("read", 0)) + AT_ONCE
        items = await self._in_full(hits[read - AT_ONCE : read], window.start)
        found = converted(items, Reading(self.forum.base, self.now, titles))
        if read < len(hits):
            return Batch(found, tuple(times), {"page": page, "until": until, "read": read})
        more = mapping(answer.get("grouped_search_result")).get("more_full_page_results")
        next_at, gaps = self._next(page, until, times, window.start) if more else (None, ())
        return Batch(found, tuple(times), next_at, gaps)

    async def _in_full(self, hits: Sequence[Any], start: datetime) -> list[Any]:
        items, gone = [], []
        for hit in hits:
            written, number = created(hit, self.now), count(mapping(hit).get("id"))
            if written and written < start:
                continue  # The search knows days only; an earlier poll has brought this one.
            full = await self.forum.post(str(number)) if number else {}
            if full is None:
                gone.append(str(number))
            else:
                items.append({**hit, **full} if full else hit)
        self.gone = (*gone, *deleted(items))
        return items

    def _next(
        self, page: int, until: str, times: Sequence[datetime], start: datetime
    ) -> tuple[Mapping[str, Any] | None, tuple[Gap, ...]]:
        """Where to go on: the next page, or past the last one a slice of days further back."""
        if page < self.pages:
            return {"page": page + 1, "until": until}, ()
        oldest = min(times, default=start).date()
        if not until or oldest + DAY < date.fromisoformat(until):
            return {"page": 1, "until": str(oldest + DAY)}, ()
        day = datetime.combine(oldest, time.min, UTC)
        gap = Gap("more hits in one day than the forum shows", day, day + DAY)
        return ({"page": 1, "until": str(oldest)} if day > start else None), (gap,)
