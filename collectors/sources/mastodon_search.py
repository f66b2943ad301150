"""Public posts found by a Mastodon server's full-text search.

Collects text, content warning, image descriptions, language, author with followers, likes, boosts
and replies, of posts that have reached the server. Only authors who opted in are searched, so an
empty answer is no proof that nobody spoke; hashtags (`mastodon`) find all. A post also found there
is the same mention.

Credentials: an account on the server; make an application under Preferences → Development with
the scope `read` and put its access token into the environment variable named in `token_env`. The
server must run full-text search: most big ones do.

Limits: 300 requests in 5 minutes for an account; 40 posts a request. A search names whole days:
each poll reads from the day before the newest known post.

Terms: set by each server; many forbid collecting en masse. Deleted posts must go here too.

    [[source]]
    name = "mastodon-search"
    type = "mastodon_search"
    instance = "https://mastodon.social"
    queries = ["zerno coffee", '"зерно кофейня" language:ru']
    token_env = "MASTODON_TOKEN"
    interval = "15m"
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors.credentials import bearer
from collectors.dates import parse_date
from collectors.interface import (
    Duration,
    RetriableError,
    Terms,
)
from collectors.items import mapping
from collectors.mastodon_status import Reading as Status
from collectors.mastodon_status import status_to_post
from collectors.paging import Batch, Window
from collectors.token_pages import Listed, Reading, read_page
from collectors.walking import Walker, WalkSettings

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class MastodonSearchSettings(WalkSettings):
    """Searches in Mastodon's own syntax: `"a phrase"`, `-word`, `from:name`, `language:ru`."""

    instance: str = Field(pattern=r"^https?://", description="The server's address.")
    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    token_env: str = Field(min_length=1, description="Variable that holds an access token.")
    unlisted: bool = Field(default=False, description="Also keep unlisted posts.")
    skip_opted_out: bool = Field(default=True, description="Skip authors who ask for it.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=40, ge=1, le=40)


class MastodonSearchCollector(Walker[MastodonSearchSettings]):
    """Reads all that a search finds since the day before its newest known post."""

    type = "mastodon_search"
    Settings = MastodonSearchSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(days=1)

    @property
    def scope(self) -> str:
        """A status has the same id whichever way it is found."""
        return "mastodon"

    @property
    def keys(self) -> Sequence[str]:
        """The searches."""
        return self.settings.queries

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of a search, in the server's order."""
        settings = self.settings
        status = Status(
            settings.instance,
            self.clock(),
            unlisted=settings.unlisted,
            skip_opted_out=settings.skip_opted_out,
        )
        reading = Reading(
            lambda one: status_to_post(one, status),
            self._written,
            lambda one: mapping(one).get("uri"),
            # The order mixes date and relevance.
            newest_first=False,
        )
        return await read_page(window, partial(self._ask, key, window), reading)

    async def _ask(self, query: str, window: Window, token: str) -> Listed:
        settings = self.settings
        offset = int(token or 0)
        # `after:` means after that day's end.
        day = f"{window.start - timedelta(days=1):%Y-%m-%d}"
        response = await self.http.get(
            f"{settings.instance.rstrip('/')}/api/v2/search",
            params={
                "q": f"{query} after:{day}",
                "type": "statuses",
                "limit": settings.page_size,
                "offset": offset,
            },
            headers=bearer(settings.token_env),
        )
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("statuses"), list):
            raise RetriableError("the search answered without statuses: not the API's format")
        found = answer["statuses"]
        # What the account may not see is left out: a short page is not the last one.
        return Listed(found, str(offset + settings.page_size) if found else "")

    def _written(self, status: object) -> datetime | None:
        return parse_date(mapping(status).get("created_at"), now=self.clock())
