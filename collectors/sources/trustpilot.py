"""Reviews of a company on Trustpilot, through the paid API of its business account.

Collects title, text, stars, language, the author's public name and whether the company replied.

Credentials: an API key of a Trustpilot Business account whose plan has the API ("Connect" module);
put it into the environment variable named in `key_env`. `businesses` holds domains or business
unit ids: yours, as other companies' reviews need Trustpilot's Data Solutions.

Limits: 833 requests in 5 minutes, 10,000 an hour. The plan is billed by the month; where yours
bills by request, set `price_per_call`: `spend_per_day` and `spend_per_month` then stop Molva before
the request that would pass them. Every poll looks a week back.

Terms: what is deleted on Trustpilot has to be deleted here too: each poll asks for the ids of
deleted reviews. Show where a review is from, and link to it.

    [[source]]
    name = "trustpilot"
    type = "trustpilot"
    businesses = ["zerno.example"]
    key_env = "TRUSTPILOT_API_KEY"
    interval = "1h"
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.http import Params
from collectors.interface import Cursor, Page, RetriableError, Terms
from collectors.items import convert, mapping, sequence, string
from collectors.numbered_pages import read_numbered
from collectors.paging import Batch, Window
from collectors.spend import Budget, PaidSettings
from collectors.trustpilot_review import review_post
from collectors.walking import Walker, WalkSettings

_UNIT = re.compile(r"[0-9a-f]{24}")

Business = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w.-]{3,200}$")]


class TrustpilotSettings(PaidSettings, WalkSettings):
    """Reviews of companies, each by its domain or business unit id."""

    businesses: tuple[Business, ...] = Field(min_length=1, max_length=50)
    key_env: str = Field(min_length=1, description="Variable that holds an API key.")
    deletions: bool = Field(default=True, description="Also ask which reviews were deleted.")
    page_size: int = Field(default=100, ge=1, le=100)
    base_url: str = "https://api.trustpilot.com"


class TrustpilotCollector(Walker[TrustpilotSettings]):
    """Walks each company's reviews from the newest to a week before the newest known one."""

    type = "trustpilot"
    Settings = TrustpilotSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(days=7)

    @property
    def keys(self) -> Sequence[str]:
        """The companies."""
        return self.settings.businesses

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each company's reviews, newest first, then what was deleted."""
        now, walks = self.clock(), cursor
        asked = {"deletions": cursor.get("deletions")} if cursor.get("deletions") else {}
        async for page in super().poll(cursor):
            walks = page.cursor
            yield replace(page, cursor={**walks, **asked})
        if self.settings.deletions:
            deleted = await self._deleted(parse_date(asked.get("deletions"), now=now), now)
            yield Page({**walks, "deletions": now.isoformat()}, deleted=deleted)

    async def _deleted(self, since: datetime | None, now: datetime) -> tuple[str, ...]:
        """Ids of reviews deleted since the last poll; days overlap, as only days can be asked."""
        start = (since or now - self.settings.backfill) - timedelta(days=1)
        params = {
            "startDate": f"{start:%Y-%m-%d}",
            "endDate": f"{now + timedelta(days=1):%Y-%m-%d}",
        }
        found: list[str] = []
        token = ""
        for _ in range(self.settings.pages):
            further = {"nextToken": token} if token else {}
            answer = await self._ask("/v1/reviews/deletions", {**params, "limit": 1000, **further})
            entries = (mapping(one) for one in sequence(answer.get("reviews")))
            found += [string(one.get("reviewId") or one.get("id")) for one in entries]
            following = string(answer.get("nextToken"))
            if following in {"", token}:
                break
            token = following
        return tuple(filter(None, found))

    async def limits_left(self, cursor: Cursor) -> str:
        """What was spent."""
        return await self._budget().in_words()

    def _budget(self) -> Budget:
        return Budget(self.settings, self.settings.key_env, self.http.ledger, self.clock)

    async def _ask(self, path: str, params: Params) -> Mapping[str, Any]:
        """An answer of the API, with its price set aside."""
        settings = self.settings
        (key,) = secret(settings.key_env)
        await self._budget().reserve()
        url = settings.base_url.rstrip("/") + path
        response = await self.http.get(url, params=params, headers={"apikey": key})
        answer = response.json()
        if not isinstance(answer, dict):
            raise RetriableError("Trustpilot did not answer in its API's format")
        return answer

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page; pages know no dates, so one with a review from before the start ends it."""
        size = self.settings.page_size
        place, reviews, times = await read_numbered(window, partial(self._page, key, size))
        reached = bool(times) and min(times) < window.start
        found = convert(
            reviews,
            partial(review_post, company=key, now=self.clock()),
            lambda one: mapping(one).get("id"),
        )
        if place.repeated_by(found):
            return Batch(found, times, again=True)
        more = len(reviews) >= size and not reached
        return Batch(found, times, place.following(found, times) if more else None)

    async def _page(
        self, company: str, size: int, number: int
    ) -> tuple[Sequence[Any], tuple[datetime, ...]]:
        """The reviews of one page, and when they appeared."""
        answer = await self._ask(
            f"/v1/business-units/{await self._unit(company)}/reviews",
            {"orderBy": "createdat.desc", "perPage": size, "page": number},
        )
        if not isinstance(answer.get("reviews"), list):
            raise RetriableError("Trustpilot answered without reviews: not its API's format")
        reviews, now = sequence(answer["reviews"]), self.clock()
        created = (parse_date(mapping(one).get("createdAt"), now=now) for one in reviews)
        return reviews, tuple(moment for moment in created if moment)

    async def _unit(self, name: str) -> str:
        """The company's id; asked for once, if a domain is given."""
        if _UNIT.fullmatch(name):
            return name
        key, memory = ("trustpilot", self.settings.base_url, name), self.http.memory
        if key not in memory:
            answer = await self._ask("/v1/business-units/find", {"name": name})
            unit = string(answer.get("id"))
            if not _UNIT.fullmatch(unit):
                raise RetriableError(f"Trustpilot named no business unit for {name}")
            memory[key] = unit
        return str(memory[key])
