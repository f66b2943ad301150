"""News headlines in many languages, through GDELT's DOC 2.0 search.

Collects headline, address, site and language of each article the search finds. There is no
article text, author or count: the headline is kept as the text. The date is when GDELT saw the
article, in steps of 15 minutes, not when it was published. Every poll looks a day back, as
articles are filed in late.

Credentials: none.

Limits: one request in 5 seconds for an address, and none at times of load, even for the first
request: Molva asks one at a time with `pause` after each, and rests for `rest` after a refusal.
250 articles an answer, so the walk goes back in slices of time; about three months are kept. A
word needs three letters.

Terms: free to use if GDELT is named and linked; headlines stay their publishers'.

    [[source]]
    name = "gdelt"
    type = "gdelt"
    queries = ['"zerno coffee"', '(zerno OR зерно) sourcelang:russian']
    interval = "1h"
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.dates import parse_date
from collectors.gdelt_answer import (
    articles_of,
    headline,
    is_busy,
    is_refused,
    language_code,
    words_of,
)
from collectors.http import Response
from collectors.interface import (
    Duration,
    FatalError,
    Gap,
    Post,
    RetriableError,
    Terms,
)
from collectors.items import convert, mapping, string
from collectors.limits import retry_after
from collectors.paging import Batch, Window
from collectors.places import lent
from collectors.text import canonical_url, site_of
from collectors.walking import Walker, WalkSettings

STEP = timedelta(minutes=15)
STAMP = "%Y%m%d%H%M%S"

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class GdeltSettings(WalkSettings):
    """Searches in GDELT's own syntax: `"a phrase"`, `(a OR b)`, `-x`, `sourcelang:russian`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=20)
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    reach: Duration = Field(default=timedelta(days=85), description="How far back GDELT looks.")
    pause: Duration = Field(default=timedelta(seconds=6), description="After each request.")
    rest: Duration = Field(default=timedelta(minutes=15), description="After a refusal for load.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=250, ge=2, le=250)
    base_url: str = "https://api.gdeltproject.org/api/v2/doc"


class GdeltCollector(Walker[GdeltSettings]):
    """Walks each query back in time from now to a day before the newest known article."""

    type = "gdelt"
    Settings = GdeltSettings
    terms = Terms.EXCERPT
    overlap = timedelta(hours=24)

    @property
    def keys(self) -> Sequence[str]:
        """The queries."""
        return self.settings.queries

    async def fetch(self, key: str, window: Window) -> Batch:
        """The articles of the window's newest stretch; the next one ends where this one starts."""
        until = int(window.ceiling.timestamp() if window.at is None else window.at)
        # Anything older is refused, and a query that never found anything starts ever farther back.
        start = max(window.start, self.clock() - self.settings.reach)
        end = datetime.fromtimestamp(until, UTC)
        if end <= start:
            gap = Gap("the walk was gone on with too late: GDELT keeps it no more", end=end)
            return Batch(convert((), self._post, string), (), gaps=(gap,))
        articles = await self._articles(key, start, end)
        times = tuple(filter(None, (self._seen(mapping(article)) for article in articles)))
        full = len(articles) >= self.settings.page_size
        again = bool(times) and max(times) > end + timedelta(seconds=1)
        next_at, gaps = _next(until, times) if full and not again else (None, ())
        if next_at is not None and next_at < start.timestamp():
            next_at = None
        converted = convert(articles, self._post, lambda article: mapping(article).get("url"))
        return Batch(converted, times, next_at, gaps, again=again)

    async def _articles(self, query: str, start: datetime, until: datetime) -> list[Any]:
        settings, http = self.settings, self.http
        # Kept with the client: all sources of this type take turns, and wait without a place.
        with lent():
            async with http.memory.setdefault(("gdelt", "turn"), asyncio.Lock()):
                response = await http.get(
                    f"{settings.base_url}/doc",
                    params={
                        "query": query,
                        "mode": "artlist",
                        "format": "json",
                        "sort": "datedesc",
                        "maxrecords": settings.page_size,
                        "startdatetime": start.strftime(STAMP),
                        "enddatetime": until.strftime(STAMP),
                    },
                    # Returned, since another try within seconds would only prolong the refusal.
                    ok=(200, 429),
                )
                await asyncio.sleep(settings.pause.total_seconds())
        return self._read(query, response)

    def _read(self, query: str, response: Response) -> list[Any]:
        text = response.text
        articles = articles_of(text) if response.status == 200 else None
        if articles is not None:
            return articles
        if response.status == 429 or is_busy(text):
            wait = retry_after(response.headers, now=self.clock(), body=response.body)
            message = "GDELT takes no requests now: too many, or too much load"
            raise RetriableError(message, retry_after=wait or self.settings.rest)
        if is_refused(text):
            raise FatalError(f"the search {query!r} was refused: {words_of(text)}")
        told = words_of(text)
        raise RetriableError(
            f"the search answered {f'no JSON but {told!r}' if told else 'an empty body'}"
        )

    def _seen(self, article: Mapping[str, Any]) -> datetime | None:
        return parse_date(article.get("seendate"), now=self.clock())

    def _post(self, article: Mapping[str, Any]) -> Post:
        url = string(article["url"])
        return Post(
            native_id=canonical_url(url) or url,
            kind="article",
            text=headline(string(article.get("title"))),
            url=url,
            published_at=self._seen(article),
            lang=language_code(string(article.get("language"))),
            site=site_of(url) or string(article.get("domain")),
        )


def _next(until: int, times: tuple[datetime, ...]) -> tuple[int | None, tuple[Gap, ...]]:
    """Where a full answer is gone on from; `None` if the service ignores the window."""
    if not times or max(times).timestamp() > until:
        return None, ()
    oldest = min(times)
    if oldest.timestamp() < until:
        return int(oldest.timestamp()), ()
    reason = "more articles in one step of 15 minutes than an answer holds"
    return until - 1, (Gap(reason, oldest, oldest + STEP),)
