"""News articles found by NewsAPI.org's search over some 150,000 sites.

Collects headline, description and the first 200 characters of each article, with its site and
author. No counts.

Credentials: a key from newsapi.org; put it into the environment variable named in `key_env`.

Limits: the free plan is for development only, shows articles a day late and a month back, the
first 100 of a search, and answers 100 requests a day: `requests_a_day` of them are spread over the
day, and searches wait for their turn. Paid plans are billed by the month; where yours bills by
request, set `price_per_call`: `spend_per_day` and `spend_per_month` then stop Molva before the
request that would pass them. A search shows its newest `reachable` articles, so the walk goes back
in slices of time. Every poll looks a day back.

Terms: articles stay their publishers'; exports carry an excerpt and the link.

    [[source]]
    name = "newsapi"
    type = "newsapi"
    queries = ['"zerno coffee"', "зерно AND кофейня"]
    key_env = "NEWSAPI_KEY"
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from collectors.day_quota import DayQuota
from collectors.interface import Collector, Cursor, Duration, Page, Terms
from collectors.newsapi_search import REQUESTS, Search
from collectors.paging import Plan, Walks, walk_back
from collectors.spend import Budget, PaidSettings

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class NewsApiSettings(PaidSettings):
    """Searches in NewsAPI's own syntax: `"a phrase"`, `+must`, `-not`, `AND`, `OR`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    key_env: str = Field(min_length=1, description="Variable that holds an API key.")
    language: str = Field(default="", pattern=r"^([a-z]{2})?$", description="ISO 639-1.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    requests_a_day: int = Field(default=90, ge=1, description="Of those your plan has.")
    pages: int = Field(default=10, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=100, ge=2, le=100)
    reachable: int = Field(default=100, ge=2, description="Articles a search shows on your plan.")
    base_url: str = "https://newsapi.org/v2"


class NewsApiCollector(Collector[NewsApiSettings]):
    """Walks each search from now back to a day before the newest known article."""

    type = "newsapi"
    Settings = NewsApiSettings
    terms = Terms.EXCERPT
    overlap = timedelta(hours=24)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each query's articles, newest first, as far as the day's quota goes by now."""
        settings, now = self.settings, self.clock()
        quota, walks, waiting = self._quota(cursor, now), Walks(cursor, settings.queries), 0
        for query in walks.in_turn:
            pages = min(settings.pages, quota.left(REQUESTS))
            waiting += pages < 1
            plan = Plan(now, self.overlap, settings.backfill, pages)
            search = Search(
                self.http,
                self.budget(),
                quota,
                settings.base_url,
                settings.key_env,
                settings.language,
                settings.page_size,
                settings.reachable,
                query,
                now,
            )
            async for page in walk_back(walks, query, plan, search.fetch):
                yield replace(page, cursor={**page.cursor, "quota": quota.state})
        if waiting:
            kept = {**walks.cursor, "quota": quota.state}
            yield Page(kept, note=f"{waiting} searches await their turn: {quota}")

    def afresh(self, cursor: Cursor) -> Cursor:
        """No walk, and the day's quota as it stands."""
        return {"quota": cursor["quota"]} if "quota" in cursor else {}

    async def limits_left(self, cursor: Cursor) -> str:
        """What is used of the day's requests, and what was spent."""
        spent = await self.budget().in_words()
        return f"{self._quota(cursor, self.clock())}; {spent}"

    def budget(self) -> Budget:
        """What may still be spent."""
        return Budget(self.settings, self.settings.key_env, self.http.ledger, self.clock)

    def _quota(self, cursor: Cursor, now: datetime) -> DayQuota:
        limits = {REQUESTS: self.settings.requests_a_day}
        return DayQuota(cursor.get("quota"), limits, now, ZoneInfo("UTC"))
