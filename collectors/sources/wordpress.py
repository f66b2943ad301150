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

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors.feed_fetch import ACCEPT, parsed
from collectors.interface import RetriableError, Terms
from collectors.items import Converted
from collectors.numbered_pages import read_numbered
from collectors.paging import Batch, Window
from collectors.text import site_of
from collectors.walking import Walker, WalkSettings

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class WordPressSettings(WalkSettings):
    """Words to search one site for."""

    site: str = Field(pattern=r"^https?://\S+$", description="Its address.")
    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")


class WordPressCollector(Walker[WordPressSettings]):
    """Walks each search from the newest post to a day before the newest known one."""

    type = "wordpress"
    Settings = WordPressSettings
    terms = Terms.EXCERPT
    overlap = timedelta(days=1)

    @property
    def scope(self) -> str:
        """A post's id is unique on its site."""
        return f"{self.type}:{site_of(self.settings.site)}"

    @property
    def keys(self) -> Sequence[str]:
        """The searches."""
        return self.settings.queries

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of the search, by date: it is by relevance if nobody asks otherwise."""
        place, found, times = await read_numbered(window, partial(self._page, key))
        if place.repeated_by(found):
            return Batch(found, times, again=True)
        reached = bool(times) and min(times) < window.start
        more = bool(found.posts or found.skipped) and not reached
        return Batch(found, times, place.following(found, times) if more else None)

    async def _page(self, query: str, number: int) -> tuple[Converted, tuple[datetime, ...]]:
        """A page of the search, and when its posts appeared; nothing behind the last one."""
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
            return Converted((), ()), ()
        feed = await parsed(response, self.clock())
        if feed.cut:
            # The walk would go on behind entries that nobody has seen.
            raise RetriableError("the search feed breaks off in the middle")
        times = tuple(post.published_at for post in feed.posts if post.published_at)
        return Converted(feed.posts, feed.skipped), times
