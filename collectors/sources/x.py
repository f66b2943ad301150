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
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors import x_lookup
from collectors.dates import parse_date
from collectors.http import HttpClient
from collectors.interface import (
    Clock,
    Collector,
    Cursor,
    Duration,
    FatalError,
    Gap,
    Page,
    Terms,
)
from collectors.items import convert, mapping, sequence, string
from collectors.paging import Walks, asked_again, going_on, put_off, stopped, unreachable
from collectors.rereads import Rereads
from collectors.spend import Budget, PaidSettings, Price
from collectors.x_api import FEWEST, Api, Asking, authors_of, read_post

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
        api = Api(self.http, self._asking, self._budget())
        walks = Walks(cursor, self.settings.queries)
        for query in walks.in_turn:
            async for page in self._query(api, walks, query):
                yield page

    async def _query(self, api: Api, walks: Walks, query: str) -> AsyncIterator[Page]:
        now = self.clock()
        for number in range(1, self.settings.pages + 1):
            state = {"begun": (now - self.settings.backfill).isoformat(), **walks[query]}
            start, gaps = self._start(state, now)
            words = query if self.settings.reposts else f"({query}) -is:retweet"
            params, token = {"query": words, **start}, string(state.get("token"))
            answer = await api.search(
                {**params, **({"next_token": token} if token else {})}, self.settings.page_size
            )
            if answer is None and token:
                # X no longer knows the place where an earlier poll stopped: begin anew.
                token, answer = "", await api.search(params, self.settings.page_size)
            if answer is None:
                raise FatalError(f"X refused the search {query!r}: check its syntax")
            items, authors = sequence(answer.get("data")), authors_of(answer)
            following = string(mapping(answer.get("meta")).get("next_token"))
            found = convert(
                items,
                lambda item, known=authors: read_post(item, known, now),  # type: ignore[misc]
                lambda item: mapping(item).get("id"),
            )
            again, done, note = following == token != "", not following, ""
            if again and (waiting := asked_again(state)):
                state, (done, note) = waiting, put_off(waiting)
            elif again or done:
                state, done = _finished(_seen(state, items, now)), True
                lost = unreachable(None, (post.published_at for post in found.posts))
                gaps += (lost,) if again else ()
            else:
                state = _seen(going_on(state), items, now) | {"token": following}
            if not done and number == self.settings.pages:
                note = stopped(number)
            cursor = walks.moved(query, state)
            yield Page(cursor, found.posts, found.skipped, gaps=gaps, note=note)
            if done:
                return

    def _start(
        self, state: dict[str, Any], now: datetime
    ) -> tuple[dict[str, str], tuple[Gap, ...]]:
        """From where on to ask; X refuses an id older than it searches."""
        earliest = now - self.settings.reach + MARGIN
        since, at = string(state.get("since")), parse_date(state.get("since_at"), now=now)
        if since and at and at > earliest:
            return {"since_id": since}, ()
        if since and at:
            gap = Gap("X searches seven days back, and the last post is older", at, earliest)
            return {"start_time": _stamp(earliest)}, () if state.get("token") else (gap,)
        begun = parse_date(state["begun"], now=now) or now
        return {"start_time": _stamp(max(begun, earliest))}, ()


def _seen(state: dict[str, Any], items: list[Any], now: datetime) -> dict[str, Any]:
    """The state with the newest post of the walk so far; ids grow with time."""
    found = [(state.get("newest", ""), state.get("newest_at"))]
    for item in map(mapping, items):
        at = parse_date(item.get("created_at"), now=now)
        if at and at <= now and string(item.get("id")).isdecimal():
            found.append((string(item["id"]), at.isoformat()))
    newest, newest_at = max(found, key=lambda pair: int(pair[0] or 0))
    return {**state, "newest": newest, "newest_at": newest_at}


def _finished(state: dict[str, Any]) -> dict[str, Any]:
    if state["newest"]:
        return {"since": state["newest"], "since_at": state["newest_at"]}
    return {name: state[name] for name in ("since", "since_at", "begun") if name in state}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
