"""Reviews of your own goods on Yandex Market.

Collects a review's text, merits and faults, stars, author, number of answers. Stars without a
word are counted as skipped. The goods are named by your own article (SKU) alone, so a brand query
finds only reviews that name the brand; one with `source:yandexmarket` finds them all.

Credentials: in the seller's account under Settings → API and modules make an Api-Key token with the
right "Communication with buyers" or "View all data"; put it into the environment variable named in
`token_env`. `business_id` is the number of the cabinet, shown on the same page.

Limits: 1,000 requests an hour and more, by plan; 50 reviews a request; half a year back. Every
poll looks a week back. Reviews that their authors or the Market deleted are not shown.

Terms: your own goods' data; authors are private persons.

    [[source]]
    name = "yandex-market"
    type = "yandexmarket"
    business_id = "1234567"
    token_env = "YANDEX_MARKET_TOKEN"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Engagement,
    FatalError,
    Post,
    RetriableError,
    SkippableError,
    Terms,
)
from collectors.items import count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.review_text import FAULTS, MERITS, joined
from collectors.text import clean
from collectors.token_pages import Listed, Reading, read_page
from collectors.walking import Walker, WalkSettings

REACH = timedelta(days=179)
FIELDS = {"": "comment", MERITS: "advantages", FAULTS: "disadvantages"}


class YandexMarketSettings(WalkSettings):
    """A seller's own reviews."""

    business_id: str = Field(pattern=r"^\d{1,20}$", description="Number of the cabinet.")
    token_env: str = Field(min_length=1, description="Variable that holds the Api-Key token.")
    pages: int = Field(default=100, ge=1, description="Most requests a poll.")
    page_size: int = Field(default=50, ge=1, le=50)
    base_url: str = "https://api.partner.market.yandex.ru"


class YandexMarketCollector(Walker[YandexMarketSettings]):
    """Reads the reviews of a window of time page by page, in the order of the Market."""

    type = "yandexmarket"
    Settings = YandexMarketSettings
    terms = Terms.OWN
    overlap = timedelta(days=7)

    @property
    def keys(self) -> Sequence[str]:
        """The cabinet: another one's walk would go on at a place that is none of this one's."""
        return (self.settings.business_id,)

    @property
    def reach(self) -> timedelta:
        """No further than the Market looks."""
        return min(self.settings.backfill, REACH)

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of the cabinet's reviews."""
        name = lambda review: mapping(review).get("feedbackId")  # noqa: E731 - reads like a field
        reading = Reading(self._post, self._created, name, newest_first=False)
        return await read_page(window, partial(self._ask, window), reading)

    async def _ask(self, window: Window, token: str) -> Listed | None:
        settings = self.settings
        (key,) = secret(settings.token_env)
        start = max(window.start, window.ceiling - REACH) - timedelta(seconds=1)
        response = await self.http.post(
            f"{settings.base_url.rstrip('/')}/v2/businesses/{settings.business_id}/goods-feedback",
            params={"limit": settings.page_size, **_place(token)},
            # Neither end is part of the window.
            json_body={
                "dateTimeFrom": start.isoformat(timespec="seconds"),
                "dateTimeTo": (window.ceiling + timedelta(seconds=1)).isoformat(timespec="seconds"),
                "reactionStatus": "ALL",
            },
            headers={"Api-Key": key},
            ok=(200, 400),
        )
        if response.status == 400 and token:
            return None
        answer = mapping(response.json())
        if response.status == 400:
            raise FatalError(f"the Market refused the request: {_reason(answer)}")
        result = mapping(answer.get("result"))
        if not isinstance(result.get("feedbacks"), list):
            raise RetriableError("the Market answered without reviews: not the API's format")
        following = string(mapping(result.get("paging")).get("nextPageToken"))
        return Listed(result["feedbacks"], following)

    def _created(self, review: object) -> datetime | None:
        return parse_date(mapping(review).get("createdAt"), now=self.clock())

    def _post(self, review: Mapping[str, Any]) -> Post:
        statistics = mapping(review.get("statistics"))
        text = joined(mapping(review.get("description")), FIELDS)
        if not text:
            raise SkippableError("it has stars but no text")
        stars = count(statistics.get("rating")) or None
        return Post(
            native_id=string(review["feedbackId"]),
            kind="review",
            text=text,
            published_at=self._created(review),
            author=Author(name=string(review.get("author"))),
            engagement=Engagement(comments=count(statistics.get("commentsCount"))),
            rating=stars,
            rating_scale=5 if stars else None,
            thread_id=string(mapping(review.get("identifiers")).get("offerId")),
            site="market.yandex.ru",
        )


def _place(token: str) -> dict[str, str]:
    # The name was changed; a parameter the Market does not know it passes over.
    return {"pageToken": token, "page_token": token} if token else {}


def _reason(answer: Mapping[str, Any]) -> str:
    said = [string(mapping(one).get("message")) for one in sequence(answer.get("errors"))]
    return clean("; ".join(filter(None, said)))[:200] or "without a reason"
