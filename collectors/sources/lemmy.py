"""Posts and comments of a Lemmy server: found by a search, or all of some communities.

Collects title, text, link and image description, language, author, upvotes and number of
comments. A server knows what has reached it, from other servers too: add several for more. The
same post seen through two of them is one mention. Other servers' posts may arrive days late with
their own dates: every poll looks 6 hours back, and once a day a week back. Servers speak the API
of Lemmy 0.19 (`v3`) or 1.0 (`v4`), which is found out unless `api` says it.

Credentials: none on public servers. For a private one sign in (`POST /api/v3/user/login` gives
a `jwt`) and name the variable that holds it in `token_env`.

Limits: set by each server, often 60 searches in 10 minutes for an address; a query takes two or
more a poll. A server that was asked too often does not say for how long: `rate_pause` does.

Terms: set by each server. Deleted and removed posts must go here too.

    [[source]]
    name = "lemmy-world"
    type = "lemmy"
    instance = "https://lemmy.world"
    queries = ["zerno coffee"]
    communities = ["coffee@lemmy.world"]
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Page,
    SourceSettings,
    Terms,
)
from collectors.items import string
from collectors.lemmy_api import Listing, Server
from collectors.lemmy_lookup import look_up
from collectors.lemmy_walk import Walk
from collectors.paging import Plan, Walks, walk_back
from collectors.rereads import Rereads

SWEEP = timedelta(days=7)
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Community = Annotated[str, StringConstraints(pattern=r"^!?\w+(@[\w.:-]+)?$", max_length=300)]


class LemmySettings(SourceSettings):
    """Searches and communities on one server."""

    instance: str = Field(pattern=r"^https?://[^/@?#\s]+/?$", description="The server's address.")
    queries: tuple[Query, ...] = Field(default=(), max_length=20)
    communities: tuple[Community, ...] = Field(
        default=(), max_length=20, description="As `name`, or `name@server` of another server."
    )
    api: Literal["auto", "v3", "v4"] = "auto"
    token_env: str = Field(default="", description="Variable that holds a sign-in token.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=20, ge=2, description="Most requests a poll for each list.")
    page_size: int = Field(default=50, ge=1, le=50)
    rate_pause: Duration = Field(
        default=timedelta(minutes=10), description="Silence after asking too often."
    )

    @model_validator(mode="after")
    def _something(self) -> LemmySettings:
        if not self.queries and not self.communities:
            raise ValueError("give queries, communities or both")
        return self

    @property
    def listings(self) -> list[Listing]:
        """Posts and comments are lists of their own."""
        found = []
        for query in self.queries:
            found += [Listing("post", "query", query), Listing("comment", "query", query)]
        for name in (name.removeprefix("!") for name in self.communities):
            found += [Listing("post", "community", name), Listing("comment", "community", name)]
        return found


class LemmyCollector(Rereads, Collector[LemmySettings]):
    """Walks the posts and the comments of each query and community back in time."""

    type = "lemmy"
    Settings = LemmySettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=6)
    reread_size = 20

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts and comments are now, by the word of their own servers."""
        return await look_up(self._server(), ids, self.clock)

    def _server(self) -> Server:
        settings = self.settings
        address = settings.instance.rstrip("/")
        return Server(self.http, address, settings.api, settings.token_env, settings.rate_pause)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the posts of each query or community, then its comments, newest first."""
        settings, now = self.settings, self.clock()
        server = self._server()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages, SWEEP)
        site = await server.site()
        walks = Walks(cursor, (listing.key for listing in settings.listings))
        for listing in _in_turn(settings.listings, walks, string(cursor.get("at"))):
            walk = Walk(server, site, listing, settings.page_size, now)
            async for page in walk_back(walks, listing.key, plan, walk.fetch):
                yield replace(page, cursor={**page.cursor, "at": listing.key}, deleted=walk.gone)


def _in_turn(listings: Sequence[Listing], walks: Walks, at: str) -> list[Listing]:
    """The listings from where the last poll ended: a rate limit must not starve the last ones."""
    keys = [listing.key for listing in listings]
    if at not in keys:
        return list(listings)
    first = keys.index(at) + (0 if walks[at].get("walk") else 1)
    return [*listings[first:], *listings[:first]]
