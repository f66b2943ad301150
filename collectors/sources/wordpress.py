"""What a WordPress site finds in its own posts, through its search feed.

Collects title, text as far as the site's feeds carry it, author, number of comments. Also works
for sites far older than any feed window: a search can be paged back.

Credentials: none.

Limits: ten or so posts a page, as the site is set. Every poll looks a day back. A site may have
turned its feeds or its search off.

Terms: the publisher's copyright; exports carry an excerpt and the link.

    [[source]]
    name = "coffee-blog"
    type = "wordpress"
    site = "https://blog.example.com"
    queries = ["zerno", "зерно"]
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors.feed_fetch import ACCEPT, parsed
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Page,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.items import Converted
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.text import site_of

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class WordPressSettings(SourceSettings):
    """Words to search one site for."""

    site: str = Field(pattern=r"^https?://\S+$", description="Its address.")
    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    backfill: Duration = Field(default=timedelta(days=90), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")


class WordPressCollector(Collector[WordPressSettings]):
    """Walks each search from the newest post to a day before the newest known one."""

    type = "wordpress"
    Settings = WordPressSettings
    terms = Terms.EXCERPT
    overlap = timedelta(days=1)

    @property
    def scope(self) -> str:
        """A post's id is unique on its site."""
        return f"{self.type}:{site_of(self.settings.site)}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each query's posts, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        async for page in walk_all(
            cursor, settings.queries, plan, lambda query: partial(self._fetch, query)
        ):
            yield page

    async def _fetch(self, query: str, window: Window) -> Batch:
        """One page of the search, by date: it is by relevance if nobody asks otherwise."""
        number = int(window.at or 1)
        response = await self.http.get(
            f"{self.settings.site.rstrip('/')}/",
            params={
                "s": query,
                "feed": "rss2",
                "orderby": "date",
                "order": "desc",
                **({"paged": number} if number > 1 else {}),
            },
            headers={"Accept": ACCEPT},
            # A page behind the last one is not found.
            ok=(200, 404) if number > 1 else (200,),
        )
        if response.status == 404:
            return Batch(Converted((), ()), ())
        feed = await parsed(response, self.clock())
        if feed.cut:
            # The walk would go on behind entries that nobody has seen.
            raise RetriableError("the search feed breaks off in the middle")
        times = tuple(post.published_at for post in feed.posts if post.published_at)
        reached = bool(times) and min(times) < window.start
        found = Converted(feed.posts, feed.skipped)
        more = bool(feed.posts or feed.skipped) and not reached
        return Batch(found, times, number + 1 if more else None)
