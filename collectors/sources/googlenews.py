"""News headlines found by Google News, through its search feed.

Collects headline, publisher and date. There is no article text, author or count: the headline is
kept as the text. Google links through an address of its own; where it holds the article's, that
is kept. The same story may come again under another id.

Credentials: none.

Limits: Google publishes none; Molva asks once a minute at most. An answer holds some 100
headlines in no order and cannot be paged: a search that finds more is asked again for shorter
spans, down to a day; more in a day is a gap. Every poll looks a day back. From some addresses
Google wants its consent page clicked: the source then rests for hours.

Terms: Google allows *personal, non-commercial use* of these feeds: for anything else use GDELT,
NewsAPI or the publishers' own feeds. Headlines stay their publishers'.

    [[source]]
    name = "google-news-ru"
    type = "googlenews"
    queries = ['"зерно кофейня"', "zerno when:7d"]
    language = "ru"
    country = "RU"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors.feed_fetch import ACCEPT, parsed
from collectors.google_links import unwrapped
from collectors.interface import (
    Duration,
    Gap,
    Post,
    RetriableError,
    Terms,
)
from collectors.items import Converted
from collectors.paging import Batch, Window
from collectors.text import CUT_MARK, site_of
from collectors.walking import Walker, WalkSettings

DAY = timedelta(days=1)
REST = timedelta(hours=6)
LONGEST = 1000
"""A longer headline has been cut."""

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
Span = tuple[date, date]


class GoogleNewsSettings(WalkSettings):
    """Searches in Google's own syntax: `"a phrase"`, `OR`, `-word`, `intitle:`, `site:`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=20)
    language: str = Field(default="en", pattern=r"^[a-z]{2}$", description="ISO 639-1.")
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$", description="ISO 3166.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=10, ge=1, description="Most requests a poll for each query.")
    reachable: int = Field(default=100, ge=2, description="Headlines an answer holds.")
    base_url: str = "https://news.google.com"


class GoogleNewsCollector(Walker[GoogleNewsSettings]):
    """Asks for a span of days, and for halves of it where an answer is full."""

    type = "googlenews"
    Settings = GoogleNewsSettings
    terms = Terms.EXCERPT
    overlap = DAY

    @property
    def keys(self) -> Sequence[str]:
        """The queries."""
        return self.settings.queries

    async def fetch(self, key: str, window: Window) -> Batch:
        """The headlines of one span; spans still to be asked for are kept in `at`."""
        whole = (window.start.date(), window.ceiling.date())
        spans = [_span(pair) for pair in window.at] if window.at else [whole]
        (first, last), *rest = spans
        found = await self._headlines(key, first, last)
        times = tuple(post.published_at for post in found.posts if post.published_at)
        full = len(found.posts) + len(found.skipped) >= self.settings.reachable
        if full and first < last:
            middle = first + (last - first) // 2
            rest = [(middle + DAY, last), (first, middle), *rest]
        gaps = (_gap(first),) if full and first == last else ()
        next_at = [[start.isoformat(), end.isoformat()] for start, end in rest] or None
        return Batch(found, times, next_at, gaps)

    async def _headlines(self, query: str, first: date, last: date) -> Converted:
        settings = self.settings
        language, country = settings.language, settings.country
        response = await self.http.get(
            f"{settings.base_url.rstrip('/')}/rss/search",
            params={
                "q": f"{query} after:{first.isoformat()} before:{(last + DAY).isoformat()}",
                "hl": f"{language}-{country}" if language == "en" else language,
                "gl": country,
                "ceid": f"{country}:{language}",
            },
            headers={"Accept": ACCEPT},
        )
        if site_of(response.url).startswith("consent."):
            message = "Google wants its consent page clicked: this address is blocked for now"
            raise RetriableError(message, retry_after=REST)
        feed = await parsed(response, self.clock())
        return Converted(tuple(map(self._headline, feed.posts)), feed.skipped)

    def _headline(self, post: Post) -> Post:
        headline, dash, _publisher = post.title.rpartition(" - ")
        text = headline if dash else post.title
        return replace(
            post,
            title="",
            text=text + CUT_MARK if len(post.title) >= LONGEST else text,
            url=unwrapped(post.url),
            lang=post.lang or self.settings.language,
        )


def _span(pair: list[str]) -> Span:
    first, last = map(date.fromisoformat, pair)
    return first, last


def _gap(day: date) -> Gap:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Gap("more headlines in a day than Google News shows", start, start + DAY)
