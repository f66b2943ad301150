"""News articles found by NewsAPI.org's search over some 150,000 sites.

Collects headline, description and the first 200 characters of each article, with its site and
author. No counts.

Credentials: a key from newsapi.org; put it into the environment variable named in `key_env`.

Limits: the free plan is for development only, shows articles a day late and a month back, the
first 100 of a search, and answers 100 requests a day. Paid plans are billed by the month; where
yours bills by request, set `price_per_call`: `spend_per_day` and `spend_per_month` then stop
Molva before the request that would pass them. A search shows its newest `reachable` articles, so
the walk goes back in slices of time. Every poll looks a day back.

Terms: articles stay their publishers'; exports carry an excerpt and the link.

    [[source]]
    name = "newsapi"
    type = "newsapi"
    queries = ['"zerno coffee"', "зерно AND кофейня"]
    key_env = "NEWSAPI_KEY"
    interval = "30m"
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import (
    Author,
    Collector,
    CollectorError,
    Cursor,
    Duration,
    FatalError,
    Gap,
    Page,
    Post,
    RetriableError,
    Terms,
)
from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.spend import Budget, PaidSettings
from collectors.text import canonical_url, clean, markup_to_text, site_of
from collectors.time_slices import Slice

_MORE = re.compile(r"…?\s*\[\+\d+ chars\]\s*$")
_USED_UP = {"apiKeyExhausted": timedelta(hours=12), "rateLimited": timedelta(hours=1)}
_BEYOND = "maximumResultsReached"

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=500)]


class NewsApiSettings(PaidSettings):
    """Searches in NewsAPI's own syntax: `"a phrase"`, `+must`, `-not`, `AND`, `OR`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    key_env: str = Field(min_length=1, description="Variable that holds an API key.")
    language: str = Field(default="", pattern=r"^([a-z]{2})?$", description="ISO 639-1.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
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
        """Yield each query's articles, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        searches = {query: _Search(self, query, now).fetch for query in settings.queries}
        async for page in walk_all(cursor, searches, plan, searches.__getitem__):
            yield page


class _Search:
    def __init__(self, collector: NewsApiCollector, query: str, now: datetime) -> None:
        self.collector, self.settings = collector, collector.settings
        self.query, self.now = query, now

    async def fetch(self, window: Window) -> Batch:
        """One page of the window's present slice."""
        place, size = Slice.of(window), self.settings.page_size
        answer = await self._answer(place)
        if answer.get("code") == _BEYOND:
            until = datetime.fromtimestamp(place.until, UTC)
            gap = Gap("your plan shows no older articles of this search", window.start, until)
            return Batch(Converted((), ()), (), gaps=(gap,))
        articles = sequence(answer["articles"])
        times = tuple(filter(None, (self._published(mapping(one)) for one in articles)))
        found = convert(articles, self._post, lambda one: mapping(one).get("url"))
        seconds = [int(moment.timestamp()) for moment in times]
        total = count(answer.get("totalResults")) or 0
        obeyed = max(seconds, default=place.until) <= place.until
        if not articles or not obeyed or total <= len(articles) + (place.page - 1) * size:
            return Batch(found, times)
        pages = max(self.settings.reachable // size, 1)
        return Batch(found, times, *place.further(seconds, pages=pages))

    async def _answer(self, place: Slice) -> Mapping[str, Any]:
        settings, http = self.settings, self.collector.http
        (key,) = secret(settings.key_env)
        budget = Budget(settings, settings.key_env, http.ledger, self.collector.clock)
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

    def _published(self, article: Mapping[str, Any]) -> datetime | None:
        return parse_date(article.get("publishedAt"), now=self.now)

    def _post(self, article: Mapping[str, Any]) -> Post:
        url = string(article["url"])
        texts = [markup_to_text(string(article.get("description")))]
        beginning = markup_to_text(_MORE.sub("", string(article.get("content"))))
        if beginning and beginning not in texts[0]:
            texts.append(beginning)
        return Post(
            native_id=canonical_url(url) or url,
            kind="article",
            title=markup_to_text(string(article.get("title"))),
            text=clean("\n".join(filter(None, texts))),
            url=url,
            published_at=self._published(article),
            author=Author(name=string(article.get("author"))),
            lang=self.settings.language or None,
            site=site_of(url) or string(mapping(article.get("source")).get("name")),
        )


def _refusal(answer: Mapping[str, Any], response: Response, key: str) -> CollectorError:
    code, said = string(answer.get("code")), string(answer.get("message")).replace(key, "…")
    if code in _USED_UP:
        return RetriableError(f"NewsAPI's quota is used up ({code})", retry_after=_USED_UP[code])
    if code or response.status != 200:
        return FatalError(f"NewsAPI refused the search: {clean(said)[:200] or code or 'no reason'}")
    return RetriableError("the search answered without articles: not the API's format")


def _stamp(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
