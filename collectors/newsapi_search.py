"""Walking a search of NewsAPI back through slices of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.credentials import secret
from collectors.day_quota import DayQuota
from collectors.http import HttpClient, Response
from collectors.interface import CollectorError, FatalError, Gap, RetriableError
from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.newsapi_article import published, read_article
from collectors.paging import Batch, Window
from collectors.spend import Budget
from collectors.text import clean
from collectors.time_slices import Slice

REQUESTS = "requests"

_USED_UP = {"apiKeyExhausted": timedelta(hours=12), "rateLimited": timedelta(hours=1)}
_BEYOND = "maximumResultsReached"


@dataclass(frozen=True, slots=True)
class Search:
    """One query of a poll.

    Attributes:
        url: of the API.
        key_env: the variable that holds an API key.
        language: ISO 639-1; empty is any.
        size: articles asked for at a time.
        reachable: how many articles of a search the plan shows.
        now: when the poll began.
    """

    http: HttpClient
    budget: Budget
    quota: DayQuota
    url: str
    key_env: str
    language: str
    size: int
    reachable: int
    query: str
    now: datetime

    async def fetch(self, window: Window) -> Batch:
        """One page of the window's present slice."""
        place, size = Slice.of(window), self.size
        answer = await self._answer(place)
        if answer.get("code") == _BEYOND:
            until = datetime.fromtimestamp(place.until, UTC)
            gap = Gap("your plan shows no older articles of this search", window.start, until)
            return Batch(Converted((), ()), (), gaps=(gap,))
        articles = sequence(answer["articles"])
        times = tuple(filter(None, (published(mapping(one), self.now) for one in articles)))
        lang = self.language or None
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
        pages = max(self.reachable // size, 1)
        return Batch(found, times, *place.further(seconds, pages=pages))

    async def _answer(self, place: Slice) -> Mapping[str, Any]:
        (key,) = secret(self.key_env)
        reserved = await self.budget.reserve(items=self.size)
        params: dict[str, str | int] = {
            "q": self.query,
            "from": _stamp(place.start),
            "to": _stamp(place.until),
            "sortBy": "publishedAt",
            "pageSize": self.size,
            "page": place.page,
        }
        if self.language:
            params["language"] = self.language
        self.quota.spend(REQUESTS)
        response = await self.http.get(
            f"{self.url.rstrip('/')}/everything",
            params=params,
            headers={"X-Api-Key": key},
            ok=(200, 400, 426),
        )
        answer = mapping(response.json())
        if answer.get("status") == "ok" and isinstance(answer.get("articles"), list):
            await self.budget.settle(reserved, items=len(answer["articles"]))
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
