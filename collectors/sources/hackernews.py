"""Hacker News stories and comments, through Algolia's public search.

Collects what the search finds for each query, newest first: title, text, author, points, number
of comments. The search matches words loosely; your brand queries decide what is kept.

Credentials: none.

Limits: about 10,000 requests an hour for an address; a result is cut at 1,000 hits, so the walk
goes back in slices of time. The index has lost whole days and filled them in later with their
original times: every poll looks 6 hours back, and once a day a week back.

Terms: open data; comments stay their authors'.

    [[source]]
    name = "hn"
    type = "hackernews"
    queries = ["zerno", "zerno coffee"]
    interval = "15m"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.hackernews_items import hit_post, item_post
from collectors.interface import Duration, Gap, Page, RetriableError
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.rereads import Rereads, reread_page
from collectors.walking import Walker, WalkSettings

SEARCH_URL = "https://hn.algolia.com/api/v1"
ITEMS_URL = "https://hacker-news.firebaseio.com/v0"
REACHABLE = 1000
"""Hits of one search that can be paged through."""

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class HackerNewsSettings(WalkSettings):
    """Words or phrases to search for; several words are searched as a phrase."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    backfill: Duration = Field(default=timedelta(days=30), description="First run: how far back.")
    page_size: int = Field(default=200, ge=2, le=1000)
    base_url: str = SEARCH_URL
    items_url: str = Field(default="", description="Where single items are, if it is elsewhere.")


class HackerNewsCollector(Rereads, Walker[HackerNewsSettings]):
    """Walks each query back in time from now to the overlap before the newest known hit."""

    type = "hackernews"
    Settings = HackerNewsSettings
    overlap = timedelta(hours=6)
    sweep = timedelta(days=7)

    @property
    def keys(self) -> Sequence[str]:
        """The queries."""
        return self.settings.queries

    @property
    def can_reread(self) -> bool:
        """Whether it is known where single items are: a search of your own may have others."""
        return bool(self._items_url)

    @property
    def _items_url(self) -> str:
        own = self.settings.base_url != SEARCH_URL
        return self.settings.items_url.rstrip("/") or ("" if own else ITEMS_URL)

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these items are now, asked of Hacker News itself, one by one."""
        found: list[Mapping[str, Any]] = []
        gone: list[str] = []
        for native_id in ids:
            url = f"{self._items_url}/item/{native_id}.json"
            item = (await self.http.get(url)).json()
            # `null` is an item that does not exist yet where this answer was made.
            if item is not None and string(mapping(item).get("id")) != native_id:
                raise RetriableError("the lookup answered without an item: not the API's format")
            if mapping(item).get("deleted") or mapping(item).get("dead"):
                gone.append(native_id)
            elif item is not None:
                found.append(item)
        now = self.clock()
        converted = convert(found, lambda item: item_post(item, now), lambda item: item.get("id"))
        return reread_page(ids, converted, gone=gone, missing_are_gone=False)

    async def fetch(self, key: str, window: Window) -> Batch:
        """The hits of the window's newest stretch; the next one ends where this one starts."""
        at = mapping(window.at)
        until, page = int(at.get("until", window.ceiling.timestamp())), int(at.get("page", 0))
        answer = await self._answer(key, int(window.start.timestamp()), until, page)
        hits = sequence(answer.get("hits"))
        seconds = [s for s in (count(mapping(hit).get("created_at_i")) for hit in hits) if s]
        full = len(hits) >= self.settings.page_size
        more = full or (count(answer.get("nbPages")) or 0) > page + 1
        again = max(seconds, default=until) > until
        next_at, gaps = self._next(until, page, seconds) if more and hits else (None, ())
        times = tuple(datetime.fromtimestamp(second, UTC) for second in seconds)
        now = self.clock()
        converted = convert(
            hits, lambda hit: hit_post(hit, now), lambda hit: mapping(hit).get("objectID")
        )
        return Batch(converted, times, None if again else next_at, gaps, again=again)

    def _next(
        self, until: int, page: int, seconds: Sequence[int]
    ) -> tuple[Mapping[str, int], tuple[Gap, ...]]:
        """Where to go on: a slice of time further back, or page by page within one second."""
        oldest = min(seconds, default=until)
        if oldest < until:
            return {"until": oldest}, ()
        if (page + 2) * self.settings.page_size <= REACHABLE:
            return {"until": until, "page": page + 1}, ()
        return {"until": until - 1}, (_gap(until),)

    async def _answer(self, query: str, start: int, until: int, page: int) -> Mapping[str, Any]:
        words = query.replace('"', " ").split()
        response = await self.http.get(
            f"{self.settings.base_url}/search_by_date",
            params={
                "query": f'"{" ".join(words)}"',
                "tags": "(story,comment)",
                "numericFilters": f"created_at_i>={start},created_at_i<={until}",
                "page": page,
                "hitsPerPage": self.settings.page_size,
                "advancedSyntax": "true",
                "typoTolerance": "false",
                "queryType": "prefixNone",
                "restrictSearchableAttributes": "title,comment_text,story_text,url",
            },
        )
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("hits"), list):
            raise RetriableError("the search answered without hits: not the API's format")
        return answer


def _gap(second: int) -> Gap:
    moment = datetime.fromtimestamp(second, UTC)
    reason = "more hits in one second than can be paged through"
    return Gap(reason, moment, moment + timedelta(seconds=1))
