"""Posts on X (Twitter) of the last seven days, found by its paid search.

Collects text, language, likes, replies, reposts, views; with `authors = true` also who wrote it
and their followers, which X may bill like one more post each. Reposts are left out unless
`reposts = true`.

Credentials: an app in X's developer console (console.x.com) with credits bought; its *bearer
token* goes into the environment variable named in `token_env`.

Limits: every post read costs money, about half a cent. `spend_per_day` and `spend_per_month` stop
Molva before the request that would pass them; what is left unread is gone on with when the next
day or month begins, as far as X still shows it: seven days. Each poll asks only for what is newer
than the last post read. `price_per_item` is what your plan charges. 450 requests in 15 minutes.
Posts found are read again for counts, edits and deletions; that costs as much as finding them, and
stops at `rereads_per_day`, a part of `spend_per_day`.

Terms: a post deleted, protected or suspended on X has to be deleted here within a day; only ids
may be passed on to others.

    [[source]]
    name = "x"
    type = "x"
    queries = ['"zerno coffee" OR @zerno', "зерно кофейня lang:ru"]
    token_env = "X_BEARER_TOKEN"
    spend_per_day = 1.0
    spend_per_month = 20.0
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors import x_lookup
from collectors.http import HttpClient
from collectors.interface import (
    Clock,
    Collector,
    Cursor,
    Duration,
    Page,
    Terms,
)
from collectors.paging import Walks
from collectors.rereads import Rereads
from collectors.spend import Budget, PaidSettings, Price
from collectors.x_api import FEWEST, Api, Asking
from collectors.x_search import Search

MARGIN = timedelta(minutes=10)
"""By how much less than its reach X is asked for, as its clock goes on meanwhile."""

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=490)]


class XSettings(PaidSettings):
    """Searches in X's own syntax: `"a phrase"`, `a OR b`, `-word`, `lang:ru`, `from:name`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    token_env: str = Field(min_length=1, description="Variable that holds a bearer token.")
    price_per_item: Price = Field(default=0.005, description="What a post read costs.")
    authors: bool = Field(default=False, description="Also ask who wrote it: costs more.")
    rereads_per_day: Price = Field(
        default=0.25, description="Of spend_per_day, to read again what was found; 0 is never."
    )
    reposts: bool = Field(default=False, description="Also read reposts: they cost as much.")
    backfill: Duration = Field(default=timedelta(days=1), description="First run: how far back.")
    reach: Duration = Field(default=timedelta(days=7), description="How far back X searches.")
    pages: int = Field(default=10, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=100, ge=FEWEST, le=100)
    base_url: str = "https://api.x.com"


class XCollector(Rereads, Collector[XSettings]):
    """Walks each search from now back to the newest post read before: ids tell, not dates."""

    type = "x"
    Settings = XSettings
    terms = Terms.DELETE_ON_REQUEST

    def __init__(self, settings: XSettings, http: HttpClient, clock: Clock) -> None:
        super().__init__(settings, http, clock)
        self._asking = Asking(settings.base_url, settings.token_env, settings.authors)
        # A lookup that costs more than a whole day's part would never be made.
        price = settings.price_per_item * self._asking.each
        payable = x_lookup.SIZE
        if price:
            payable = min(int(settings.rereads_per_day / price + 1e-9), payable)
        self.reread_size = max(payable, 1)
        self._rereads = payable > 0 and settings.rereads_per_day > 0

    @property
    def can_reread(self) -> bool:
        """Only as far as it is to be paid for."""
        return self._rereads

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now, within the day's part for it and within the caps."""
        settings = self.settings
        part = min(settings.rereads_per_day, settings.spend_per_day)
        less = settings.model_copy(update={"spend_per_day": part})
        own = Budget(less, f"{settings.token_env} rereads", self.http.ledger, self.clock)
        api = Api(self.http, self._asking, own, self._budget())
        return await x_lookup.look_up(api, ids, self.clock())

    async def limits_left(self, cursor: Cursor) -> str:
        """What was spent."""
        return await self._budget().in_words()

    def _budget(self) -> Budget:
        settings = self.settings
        return Budget(settings, settings.token_env, self.http.ledger, self.clock)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each query's posts, newest first."""
        settings, now = self.settings, self.clock()
        search = Search(
            Api(self.http, self._asking, self._budget()),
            settings.pages,
            settings.page_size,
            now - settings.backfill,
            now - settings.reach + MARGIN,
            now,
        )
        walks = Walks(cursor, settings.queries)
        for query in walks.in_turn:
            words = query if settings.reposts else f"({query}) -is:retweet"
            async for page in search.walk(walks, query, words):
                yield page
