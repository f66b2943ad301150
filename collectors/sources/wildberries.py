"""Reviews of your own goods on Wildberries, and questions asked under them.

Collects a review's text, merits and faults, stars, the author's first name and the product; of a
question its text and the product. Stars without a word are counted as skipped. Product and its
brand become the title, so a brand query that names either finds the review; one with
`source:wildberries` finds them all.

Credentials: in the seller's account under Settings → Access to API make a token of the category
"Feedbacks and Questions", read only; put it into the environment variable named in `token_env`.

Limits: three requests a second; too many are refused for up to a minute. Answered and unanswered
items are lists of their own, and an item moves when it is answered: each poll reads all the lists
a week back, the unanswered first. A search shows its first 10,000 items, so the walk goes back in
slices of time.

Terms: your own goods' data; authors are private persons.

    [[source]]
    name = "wildberries"
    type = "wildberries"
    token_env = "WILDBERRIES_TOKEN"
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import Field

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Engagement,
    Gap,
    Post,
    RetriableError,
    SkippableError,
    Terms,
)
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.review_text import FAULTS, MERITS, joined
from collectors.text import clean
from collectors.walking import Walker, WalkSettings

LISTS = ("unanswered", "answered")
"""In this order: what is answered in between is then seen twice and not never."""


FIELDS = {"": "text", MERITS: "pros", FAULTS: "cons"}


class WildberriesSettings(WalkSettings):
    """A seller's own reviews and questions."""

    token_env: str = Field(min_length=1, description="Variable that holds the token.")
    kinds: tuple[Literal["feedbacks", "questions"], ...] = Field(
        default=("feedbacks", "questions"), min_length=1, description="What to read."
    )
    page_size: int = Field(default=500, ge=2, le=5000)
    reachable: int = Field(default=10_000, ge=2, description="Items one search shows.")
    base_url: str = "https://feedbacks-api.wildberries.ru/api/v1"


class WildberriesCollector(Walker[WildberriesSettings]):
    """Walks each list back in time from now to a week before its newest known item."""

    type = "wildberries"
    Settings = WildberriesSettings
    terms = Terms.OWN
    overlap = timedelta(days=7)

    @property
    def keys(self) -> Sequence[str]:
        """The lists."""
        return [f"{kind}/{name}" for kind in self.settings.kinds for name in LISTS]

    async def fetch(self, key: str, window: Window) -> Batch:
        """The window's newest stretch; the next one ends where this one starts."""
        at = mapping(window.at)
        until, skip = int(at.get("until", window.ceiling.timestamp())), int(at.get("skip", 0))
        items = await self._items(key, int(window.start.timestamp()), until, skip)
        created = (self._created(mapping(item)) for item in items)
        times = tuple(moment for moment in created if moment)
        again = max((int(t.timestamp()) for t in times), default=until) > until + 1
        more = len(items) >= self.settings.page_size and not again
        next_at, gaps = self._next(until, skip + len(items), times) if more else (None, ())
        kind, _, _ = key.partition("/")
        post = partial(self._post, kind)
        converted = convert(items, post, lambda item: mapping(item).get("id"))
        return Batch(converted, times, next_at, gaps, again=again)

    def _next(
        self, until: int, skip: int, times: Sequence[datetime]
    ) -> tuple[Mapping[str, int] | None, tuple[Gap, ...]]:
        """Where to go on: further back, or further on within one second.

        Not further on throughout: what is answered meanwhile leaves the list, and all behind it
        moves up.
        """
        oldest = min((int(moment.timestamp()) for moment in times), default=until)
        if oldest < until:
            return {"until": oldest}, ()
        if skip + self.settings.page_size <= self.settings.reachable:
            return {"until": until, "skip": skip}, ()
        moment = datetime.fromtimestamp(until, UTC)
        gap = Gap("more items in one second than a search shows", moment, moment)
        return {"until": until - 1}, (gap,)

    async def _items(self, key: str, start: int, until: int, skip: int) -> list[Any]:
        settings = self.settings
        kind, _, name = key.partition("/")
        (token,) = secret(settings.token_env)
        response = await self.http.get(
            f"{settings.base_url}/{kind}",
            params={
                "isAnswered": "true" if name == "answered" else "false",
                "take": settings.page_size,
                "skip": skip,
                "order": "dateDesc",
                "dateFrom": start,
                # A second more, as nobody says whether the end is part of the window.
                "dateTo": until + 1,
            },
            headers={"Authorization": token},
        )
        answer = mapping(response.json())
        if answer.get("error"):
            said = clean(string(answer.get("errorText")))[:200]
            raise RetriableError(f"{kind} answered an error: {said or 'without a reason'}")
        data = mapping(answer.get("data"))
        if not isinstance(data.get(kind, 0), list | None):
            raise RetriableError(f"the answer holds no {kind}: not the API's format")
        return sequence(data[kind])

    def _created(self, item: Mapping[str, Any]) -> datetime | None:
        return parse_date(item.get("createdDate"), now=self.clock())

    def _post(self, kind: str, item: Mapping[str, Any]) -> Post:
        native_id, product = string(item["id"]), mapping(item.get("productDetails"))
        if not native_id:
            raise SkippableError("it has no id")
        text = joined(item, FIELDS)
        if not text:
            raise SkippableError("it has stars but no text")
        number, author = string(product.get("nmId")), string(item.get("userName"))
        rating = count(item.get("productValuation")) or None
        page = f"https://www.wildberries.ru/catalog/{number}/feedbacks"
        return Post(
            native_id=f"{kind}/{native_id}",
            kind="review" if kind == "feedbacks" else "comment",
            title=_title(product),
            text=text,
            # A review has no page of its own; without its id all of a product's would be one story.
            url=f"{page}?{kind}={native_id}" if number else "",
            published_at=self._created(item),
            author=Author(name=author),
            engagement=Engagement(comments=1 if mapping(item.get("answer")).get("text") else 0),
            rating=rating,
            rating_scale=5 if rating else None,
            thread_id=number,
            site="wildberries.ru",
        )


def _title(product: Mapping[str, Any]) -> str:
    brand, name = (clean(string(product.get(key))) for key in ("brandName", "productName"))
    return name if brand.casefold() in name.casefold() else f"{brand} {name}".strip()
