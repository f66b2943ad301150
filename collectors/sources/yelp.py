"""Reviews of businesses on Yelp: stars and date, and excerpts where you may keep them.

Yelp's API shows the newest few reviews of a business (three to seven, by plan) and some 160
characters of each. Its terms forbid to keep them for longer than a day, so of each review only
its stars, date and link are kept, unless `excerpts = true` says that you have Yelp's leave.

Credentials: an API key of a Yelp Fusion app (yelp.com/developers); put it into the environment
variable named in `key_env`. `businesses` holds ids or aliases: the last part of a page's address.

Limits: 300 to 500 requests a day, by plan; paid plans bill by request: set `price_per_call`, and
`spend_per_day` and `spend_per_month` stop Molva before the request that would pass them. What is
older than the few reviews shown cannot be read: where all shown are new, a gap is recorded.

Terms: no content is kept beyond a day; show Yelp's name and link to the review.

    [[source]]
    name = "yelp"
    type = "yelp"
    businesses = ["zerno-coffee-amsterdam"]
    key_env = "YELP_API_KEY"
    time_zone = "Europe/Amsterdam"
    interval = "6h"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator

from collectors.credentials import bearer
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Collector,
    Cursor,
    Duration,
    Gap,
    Page,
    Post,
    RetriableError,
    SkippableError,
    Terms,
)
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.spend import Budget, PaidSettings
from collectors.text import clean

STARS = 5

Business = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w-]{3,200}$")]


class YelpSettings(PaidSettings):
    """Businesses, each by its id or alias."""

    businesses: tuple[Business, ...] = Field(min_length=1, max_length=50)
    key_env: str = Field(min_length=1, description="Variable that holds an API key.")
    excerpts: bool = Field(default=False, description="Keep texts: you have Yelp's leave.")
    time_zone: str = Field(default="UTC", description="Of the businesses; Yelp gives none.")
    backfill: Duration = Field(default=timedelta(days=90), description="First run: how far back.")
    pages: int = Field(default=5, ge=1, description="Most requests a poll for each business.")
    page_size: int = Field(default=20, ge=1, le=50)
    base_url: str = "https://api.yelp.com/v3"

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, LookupError, OSError):
            raise ValueError("write a zone like Europe/Moscow or America/New_York") from None
        return value


class YelpCollector(Collector[YelpSettings]):
    """Reads the few newest reviews of each business at each poll."""

    type = "yelp"
    Settings = YelpSettings
    terms = Terms.EXCERPT
    overlap = timedelta(days=7)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each business's reviews, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        known = mapping(cursor.get("walks"))
        places = {
            name: _Business(self, name, now, "watermark" in mapping(known.get(name))).fetch
            for name in settings.businesses
        }
        async for page in walk_all(cursor, places, plan, places.__getitem__):
            yield page

    async def limits_left(self, cursor: Cursor) -> str:
        """What was spent."""
        return await self.budget().in_words()

    def budget(self) -> Budget:
        """What may still be spent."""
        return Budget(self.settings, self.settings.key_env, self.http.ledger, self.clock)


class _Business:
    def __init__(self, collector: YelpCollector, name: str, now: datetime, known: bool) -> None:
        self.collector, self.settings = collector, collector.settings
        self.name, self.now, self.known = name, now, known

    async def fetch(self, window: Window) -> Batch:
        """One page, as far as Yelp shows any."""
        at = mapping(window.at)
        offset = count(at.get("offset")) or 0
        answer = await self._answer(offset)
        reviews = sequence(answer["reviews"])
        found = convert(reviews, self._post, lambda one: mapping(one).get("id"))
        times = tuple(filter(None, (self._created(mapping(one)) for one in reviews)))
        reached = bool(times) and min(times) < window.start
        beyond, total = offset + len(reviews), count(answer.get("total")) or 0
        # Since an earlier poll a page's worth of reviews may have pushed its last page on to here.
        if found.mark and found.mark == at.get("mark") and not window.resumed:
            return Batch(found, times, again=True)
        if reached or beyond >= total or not reviews:
            hidden = not reached and self.known and not reviews and total > beyond
            gap = Gap("Yelp shows only its newest reviews: older ones are lost", window.start)
            return Batch(found, times, gaps=(gap,) if hidden else ())
        return Batch(found, times, {"offset": beyond, "mark": found.mark})

    async def _answer(self, offset: int) -> Mapping[str, Any]:
        settings, http = self.settings, self.collector.http
        headers = bearer(settings.key_env)
        await self.collector.budget().reserve()
        response = await http.get(
            f"{settings.base_url.rstrip('/')}/businesses/{self.name}/reviews",
            params={"limit": settings.page_size, "offset": offset, "sort_by": "newest"},
            headers=headers,
        )
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("reviews"), list):
            raise RetriableError("Yelp answered without reviews: not its API's format")
        return answer

    def _created(self, review: Mapping[str, Any]) -> datetime | None:
        zone = ZoneInfo(self.settings.time_zone)
        return parse_date(review.get("time_created"), now=self.now, zone=zone)

    def _post(self, review: Mapping[str, Any]) -> Post:
        user, stars = mapping(review.get("user")), count(review.get("rating")) or 0
        text = clean(string(review.get("text")))
        if not text and not 0 < stars <= STARS:
            raise SkippableError("it has neither stars nor text")
        keep = self.settings.excerpts
        return Post(
            native_id=string(review["id"]),
            kind="review",
            # The stars, in no language: nothing of the review's own words is kept.
            title="" if keep else "★" * stars + "☆" * (STARS - stars),
            text=text if keep else "",
            url=string(review.get("url")),
            published_at=self._created(review),
            author=Author(string(user.get("id")), name=string(user.get("name")))
            if keep
            else Author(),
            rating=stars or None,
            rating_scale=STARS if stars else None,
            thread_id=self.name,
            site="yelp.com",
        )
