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

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from collectors.credentials import secret
from collectors.day_quota import DayQuota
from collectors.http import Response
from collectors.interface import (
    Collector,
    CollectorError,
    Cursor,
    Duration,
    FatalError,
    Gap,
    Page,
    RetriableError,
    Terms,
)
from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.newsapi_article import published, read_article
from collectors.paging import Batch, Plan, Walks, Window, walk_back
from collectors.spend import Budget, PaidSettings
from collectors.text import clean
from collectors.time_slices import Slice

REQUESTS = "requests"

_USED_UP = {"apiKeyExhausted": timedelta(hours=12), "rateLimited": timedelta(hours=1)}
_BEYOND = "maximumResultsReached"

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
            search = _Search(self, query, now, quota)
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


class _Search:
    def __init__(
        self, collector: NewsApiCollector, query: str, now: datetime, quota: DayQuota
    ) -> None:
        self.collector, self.settings = collector, collector.settings
        self.query, self.now, self.quota = query, now, quota

    async def fetch(self, window: Window) -> Batch:
        """One page of the window's present slice."""
        place, size = Slice.of(window), self.settings.page_size
        answer = await self._answer(place)
        if answer.get("code") == _BEYOND:
            until = datetime.fromtimestamp(place.until, UTC)
            gap = Gap("your plan shows no older articles of this search", window.start, until)
            return Batch(Converted((), ()), (), gaps=(gap,))
        articles = sequence(answer["articles"])
        times = tuple(filter(None, (published(mapping(one), self.now) for one in articles)))
        lang = self.settings.language or None
        found = convert(
            articles,
            lambda one: read_article(one, self.now, lang),
            lambda one: mapping(one).get("url"),
        )
        seconds = [int(moment.timestamp()) for moment in times]
        total = count(answer.get("totalResults")) or 0
        if place.repeated_by(seconds):
            return Batch(found, times, again=True)
        if not articles or total <= len(articles) + (place.page - 1) * size:
            return Batch(found, times)
        pages = max(self.settings.reachable // size, 1)
        return Batch(found, times, *place.further(seconds, pages=pages))

    async def _answer(self, place: Slice) -> Mapping[str, Any]:
        settings, http = self.settings, self.collector.http
        (key,) = secret(settings.key_env)
        budget = self.collector.budget()
        reserved = await budget.reserve(items=settings.page_size)
        params: dict[str, str | int] = {
            "q": self.query,
            "from": _stamp(place.start),
            "to": _stamp(place.until),
            "sortBy": "publishedAt",
            "pageSize": settings.page_size,
            "page": place.page,
        }
        if settings.language:
            params["language"] = settings.language
        self.quota.spend(REQUESTS)
        response = await http.get(
            f"{settings.base_url.rstrip('/')}/everything",
            params=params,
            headers={"X-Api-Key": key},
            ok=(200, 400, 426),
        )
        answer = mapping(response.json())
        if answer.get("status") == "ok" and isinstance(answer.get("articles"), list):
            await budget.settle(reserved, items=len(answer["articles"]))
            return answer
        if answer.get("code") == _BEYOND:
            return answer
        raise _refusal(answer, response, key)


def _refusal(answer: Mapping[str, Any], response: Response, key: str) -> CollectorError:
    code, said = string(answer.get("code")), string(answer.get("message")).replace(key, "…")
    if code in _USED_UP:
        return RetriableError(f"NewsAPI's quota is used up ({code})", retry_after=_USED_UP[code])
    if code or response.status != 200:
        return FatalError(f"NewsAPI refused the search: {clean(said)[:200] or code or 'no reason'}")
    return RetriableError("the search answered without articles: not the API's format")


def _stamp(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
