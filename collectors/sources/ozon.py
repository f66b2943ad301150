"""Reviews of your own goods on Ozon.

Collects a review's text, stars and number of answers. Stars without a word are counted as
skipped. Ozon names the product by its number (SKU) alone, so a brand query finds only reviews
that name the brand; one with `source:ozon` finds them all.

Credentials: in the seller's account under Settings → Seller API make a key; put it into the
environment variable named in `api_key_env`, and the client number shown there into `client_id`.
Ozon answers this request on its paid plans only.

Limits: 100 reviews a request. Every poll looks a week back.

Terms: your own goods' data; authors are not named.

    [[source]]
    name = "ozon"
    type = "ozon"
    client_id = "123456"
    api_key_env = "OZON_API_KEY"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import (
    Engagement,
    FatalError,
    Post,
    RetriableError,
    SkippableError,
    Terms,
)
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.text import clean
from collectors.walking import Walker, WalkSettings


class OzonSettings(WalkSettings):
    """A seller's own reviews."""

    client_id: str = Field(pattern=r"^\d{1,20}$", description="The seller's client number.")
    api_key_env: str = Field(min_length=1, description="Variable that holds the API key.")
    page_size: int = Field(default=100, ge=1, le=100)
    base_url: str = "https://api-seller.ozon.ru"


class OzonCollector(Walker[OzonSettings]):
    """Walks the reviews back in time from the newest to a week before the newest known one."""

    type = "ozon"
    Settings = OzonSettings
    terms = Terms.OWN
    overlap = timedelta(days=7)

    @property
    def keys(self) -> Sequence[str]:
        """The seller: another one's walk would go on at an id that is none of this one's."""
        return (self.settings.client_id,)

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page; the list knows no dates, so one with a review from before the start ends it."""
        at = string(window.at)
        response = await self._answer(at)
        if response.status == 400 and at:
            # The place we stopped at is no longer known: begin the window anew.
            at = ""
            response = await self._answer(at)
        if response.status == 400:
            said = clean(string(mapping(response.json()).get("message")))[:200]
            raise FatalError(f"Ozon refused the request: {said or 'without a reason'}")
        answer = mapping(response.json())
        if not isinstance(answer.get("reviews"), list):
            raise RetriableError("the answer holds no reviews: not the API's format")
        reviews = sequence(answer["reviews"])
        published = (self._published(mapping(review)) for review in reviews)
        times = tuple(moment for moment in published if moment)
        last = string(answer.get("last_id"))
        more, again = bool(answer.get("has_next") and last), last == at != ""
        reached = bool(times) and min(times) < window.start
        converted = convert(reviews, self._post, lambda review: mapping(review).get("id"))
        return Batch(converted, times, last if more and not reached else None, again=again)

    async def _answer(self, last_id: str) -> Response:
        settings = self.settings
        (key,) = secret(settings.api_key_env)
        return await self.http.post(
            f"{settings.base_url}/v1/review/list",
            json_body={
                "last_id": last_id,
                "limit": settings.page_size,
                "sort_dir": "DESC",
                "status": "ALL",
            },
            headers={"Client-Id": settings.client_id, "Api-Key": key},
            ok=(200, 400),
        )

    def _published(self, review: Mapping[str, Any]) -> datetime | None:
        return parse_date(review.get("published_at"), now=self.clock())

    def _post(self, review: Mapping[str, Any]) -> Post:
        native_id, sku = string(review["id"]), string(review.get("sku"))
        text = clean(string(review.get("text")))
        if not text:
            raise SkippableError("it has stars but no text")
        rating = count(review.get("rating")) or None
        return Post(
            native_id=native_id,
            kind="review",
            text=text,
            # Without the review's id all reviews of a product would be one story.
            url=f"https://www.ozon.ru/product/{sku}/reviews/?review={native_id}" if sku else "",
            published_at=self._published(review),
            engagement=Engagement(comments=count(review.get("comments_amount"))),
            rating=rating,
            rating_scale=5 if rating else None,
            thread_id=sku,
            site="ozon.ru",
        )
