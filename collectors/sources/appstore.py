"""Reviews of apps in Apple's App Store, from its public feed, country by country.

Collects title, text, stars, author, helpful votes. Each app is read in each of `countries`; an
app's id is the number in its address (`…/id1400000001`). An edited review comes again under its
id.

Credentials: none.

Limits: the feed shows the newest 500 reviews of a country, in pages of 50; what lies beyond is
recorded as a gap. It is polled once an hour at most. The feed is unreliable: it is empty
now and then, or for some addresses. It is asked in both spellings of its address, and an empty
answer is noted as unknown, never taken for "no reviews". Every poll looks 7 days back.

Terms: reviews are their authors' and Apple's; exports carry an excerpt and the link.

    [[source]]
    name = "app-reviews"
    type = "appstore"
    apps = ["1400000001"]
    countries = ["us", "ru"]
    interval = "1h"
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from collectors.appstore_feed import (
    entries_of,
    entry_to_post,
    feed_of,
    last_page,
    name_of,
    updated,
)
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Gap,
    Page,
    SourceSettings,
    Terms,
)
from collectors.items import convert, mapping
from collectors.numbered_pages import read_numbered
from collectors.paging import Batch, Plan, Walks, Window, walk_back

SPELLINGS = (
    "/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent/json",
    "/{country}/rss/customerreviews/id={app}/page={page}/sortby=mostrecent/json",
)
"""One page's addresses: Apple's servers are known to answer the one while the other is empty."""

UNKNOWN = "Apple's feed was empty, which does not mean that there are no reviews"


def _number(value: object) -> object:
    """The id out of an app's address, or of a number written without quotes."""
    found = re.search(r"(?:^|\bid)(\d{5,15})(?!\d)", str(value).strip())
    return found[1] if found else value


App = Annotated[str, BeforeValidator(_number), StringConstraints(pattern=r"^[0-9]{5,15}$")]
Country = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z]{2}$")]


class AppStoreSettings(SourceSettings):
    """Apps by id or address, in the stores of countries (`us`, `ru`, `de`)."""

    interval: Duration = Field(default=timedelta(hours=1), ge=timedelta(hours=1), le=timedelta(7))
    apps: tuple[App, ...] = Field(min_length=1, max_length=50)
    countries: tuple[Country, ...] = Field(min_length=1, max_length=200)
    backfill: Duration = Field(default=timedelta(days=90), description="First run: how far back.")
    pages: int = Field(default=10, ge=1, description="Most pages a poll for each app and country.")
    last_page: int = Field(default=10, ge=1, description="The last page Apple answers.")
    page_size: int = Field(default=50, ge=1, description="Reviews Apple puts on a full page.")
    base_url: str = "https://itunes.apple.com"


class AppStoreCollector(Collector[AppStoreSettings]):
    """Walks each app's reviews in each country from the newest back to a week before the last."""

    type = "appstore"
    Settings = AppStoreSettings
    terms = Terms.EXCERPT
    overlap = timedelta(days=7)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each store's reviews, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        stores = {f"{c}/{app}": (c, app) for c in settings.countries for app in settings.apps}
        walks = Walks(cursor, stores)
        for key, (country, app) in stores.items():
            store = _Store(self, country, app, now, walks[key].get("watermark"))
            async for page in walk_back(walks, key, plan, store.fetch):
                note = page.note or f"{key}: {UNKNOWN}"
                yield replace(page, note=note) if store.empty else page


@dataclass
class _Store:
    """The reviews of one app in one country.

    Attributes:
        known: up to when they were read by earlier polls, if they were.
        empty: whether the feed has just answered nothing where there should be something.
    """

    collector: AppStoreCollector
    country: str
    app: str
    now: datetime
    known: str | None
    empty: bool = False

    async def fetch(self, window: Window) -> Batch:
        """One numbered page; new reviews push others to later pages, which loses none."""
        settings, at = self.collector.settings, mapping(window.at)
        place, (feed, entries), times = await read_numbered(window, self._page)
        number = place.number
        to_post = partial(entry_to_post, country=self.country, app=self.app, now=self.now)
        found = convert(entries, to_post, name_of)
        oldest = min(times, default=window.ceiling)
        full = len(entries) >= settings.page_size
        # Only after a full page must there be another one.
        self.empty = not entries and (number == 1 or bool(at.get("full")))
        next_at, cut = None, ""
        if entries and oldest >= window.start:
            if number < min(settings.last_page, last_page(feed) or settings.last_page):
                next_at = {**place.following(found, times), "full": full}
            elif full and number >= settings.last_page:
                cut = "Apple shows no older reviews of this country"
        elif self.empty and number > 1:
            oldest = place.oldest or oldest
            cut = f"page {number} of the reviews was empty"
        since = datetime.fromisoformat(self.known) if self.known else window.start
        gaps = (Gap(f"{self.country}: {cut}", since, oldest),) if cut and oldest > since else ()
        again = place.repeated_by(found)
        return Batch(found, times, None if again else next_at, gaps, again)

    async def _page(
        self, number: int
    ) -> tuple[tuple[Mapping[str, Any], list[Any]], tuple[datetime, ...]]:
        """The feed and its entries, by the spelling of its address that has any; their dates."""
        feed: Mapping[str, Any] = {}
        for spelling in SPELLINGS:
            path = spelling.format(country=self.country, page=number, app=self.app)
            url = self.collector.settings.base_url.rstrip("/") + path
            response = await self.collector.http.get(url, ok=(200, 400))
            if response.status == 400 and number == 1:
                raise FatalError(f"Apple knows no app {self.app} in {self.country!r}")
            # Behind its last page Apple calls the request itself wrong.
            feed = feed_of(response) if response.status == 200 else {}
            if entries := entries_of(feed):
                dates = (updated(entry, self.now) for entry in entries)
                return (feed, entries), tuple(moment for moment in dates if moment)
        return (feed, []), ()
