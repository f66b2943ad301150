"""Reddit posts found by a search, as an approved application or through the public RSS search.

Collects title, text, author, score, number of comments. Reddit has no search of comments. The
search matches loosely; your brand queries decide what is kept. `subreddits` narrows it.

Credentials: an application (reddit.com/prefs/apps) that Reddit has *approved* under its
Responsible Builder Policy; new ones have needed that since November 2025, commercial use a
contract. Name the variables with its id and secret in `client_id_env` and `client_secret_env`,
and your Reddit account in `username`. Without an application the public RSS search is read, a
fallback which every page's note names: the same posts under the same ids, but no scores, and
often refused to addresses of data centres.

Limits: 100 requests a minute for an application, about one a minute for an address by RSS: there
all queries go into one request a poll. A search ends at 1,000 posts; what lies beyond is a gap.
Posts held for approval appear late: every poll looks 2 hours back, an application's once a day 2
days back.

Terms: a post deleted on Reddit has to be deleted here too; no training of models.

    [[source]]
    name = "reddit"
    type = "reddit"
    queries = ["zerno", '"zerno coffee"']
    client_id_env = "REDDIT_CLIENT_ID"
    client_secret_env = "REDDIT_CLIENT_SECRET"
    username = "your_reddit_name"
    interval = "15m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Page,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.oauth import Application
from collectors.paging import Plan, Walks, walk_back
from collectors.reddit_app import application
from collectors.reddit_listing import Listing, of_atom, of_json
from collectors.reddit_search import Search
from collectors.rereads import Rereads, reread_page

LONGEST_QUERY = 512

RSS_NOTE = "read through the public RSS search, a fallback without scores"

Query = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=2, max_length=LONGEST_QUERY)
]
Subreddit = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_]{2,50}$")
]
Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{0,50}$")]


class RedditSettings(SourceSettings):
    """Searches in Reddit's own syntax: `"a phrase"`, `title:word`, `a OR b`, `NOT c`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    subreddits: tuple[Subreddit, ...] = Field(default=(), max_length=100, description="Only here.")
    client_id_env: str = Field(default="", description="Variable that holds the application's id.")
    client_secret_env: str = Field(default="", description="Variable that holds its secret.")
    username: Username = Field(default="", description="Your account: Reddit wants to know it.")
    adult: bool = Field(default=False, description="Also find posts marked as adult (NSFW).")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=100, ge=1, le=100)
    api_url: str = "https://oauth.reddit.com"
    base_url: str = Field(default="https://www.reddit.com", description="Sign-in and RSS.")

    @model_validator(mode="after")
    def _both_or_none(self) -> RedditSettings:
        if bool(self.client_id_env) != bool(self.client_secret_env):
            raise ValueError("give both client_id_env and client_secret_env, or neither")
        if any(len(query) > LONGEST_QUERY for query in self.searches):
            raise ValueError(f"by RSS all queries together may have {LONGEST_QUERY} characters")
        return self

    @property
    def rss(self) -> bool:
        """Whether there is no application to ask as."""
        return not self.client_id_env

    @property
    def searches(self) -> tuple[str, ...]:
        """What to search for; by RSS a single search, for a second one would be refused."""
        if not self.rss or len(self.queries) == 1:
            return self.queries
        return (" OR ".join(f"({query})" for query in self.queries),)


class RedditCollector(Rereads, Collector[RedditSettings]):
    """Walks each search from its newest post back to the overlap before the newest known one."""

    type = "reddit"
    Settings = RedditSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=2)
    reread_size = 100

    @property
    def can_reread(self) -> bool:
        """Only as an application: by RSS a look a minute is all there is."""
        return not self.settings.rss

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now; what Reddit leaves out or shows without a text is deleted."""
        app, site = self._app(), self.settings.api_url.rstrip("/")
        params: dict[str, str | int] = {"id": ",".join(ids), "raw_json": 1}
        response = await app.get(self.http, f"{site}/api/info", params)
        if response.status != 200:
            raise RetriableError(f"the lookup answered HTTP {response.status}")
        listing = of_json(response.json(), self.clock())
        return reread_page(ids, listing.converted, gone=listing.deleted, missing_are_gone=True)

    def _app(self) -> Application:
        """The application to ask as."""
        settings = self.settings
        site = settings.base_url.rstrip("/")
        return application(
            site, settings.client_id_env, settings.client_secret_env, self._headers()
        )

    def _headers(self) -> dict[str, str]:
        """Who asks, as Reddit wants it said."""
        username = self.settings.username
        return {"User-Agent": f"server:molva:0.1 (by /u/{username})"} if username else {}

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each search's posts, newest first."""
        settings, now = self.settings, self.clock()
        pages, sweep = (1, None) if settings.rss else (settings.pages, timedelta(days=2))
        plan = Plan(now, self.overlap, settings.backfill, pages, sweep)
        walks = Walks(cursor, settings.searches)
        for query in settings.searches:
            ask = partial(self._listing, query, now)
            search = Search(ask, walks[query].get("watermark"))
            async for page in walk_back(walks, query, plan, search.fetch):
                notes = (RSS_NOTE if settings.rss else "", page.note)
                note = "; ".join(filter(None, notes))
                yield replace(page, deleted=search.deleted, note=note)

    async def _listing(self, query: str, now: datetime, at: Mapping[str, Any]) -> Listing:
        settings = self.settings
        params: dict[str, str | int] = {"q": query, "sort": "new", "t": "all", "type": "link"}
        params["limit"] = settings.page_size
        params |= {"restrict_sr": "on"} if settings.subreddits else {}
        params |= {"include_over_18": "on"} if settings.adult else {}
        params |= {"after": at["after"], "count": at["listed"]} if at.get("after") else {}
        place = f"/r/{'+'.join(settings.subreddits)}/search" if settings.subreddits else "/search"
        if settings.rss:
            url = f"{settings.base_url.rstrip('/')}{place}.rss"
            response = await self.http.get(url, params=params, headers=self._headers())
            return await of_atom(response, settings.page_size, now)
        url = settings.api_url.rstrip("/") + place
        response = await self._app().get(
            self.http, url, {**params, "raw_json": 1}, ok=(200, 302), follow=False
        )
        if response.status == 302:
            raise FatalError("Reddit knows no such subreddit: check subreddits")
        return of_json(response.json(), now)
