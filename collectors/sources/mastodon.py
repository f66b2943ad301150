"""Public posts under hashtags on a Mastodon server, or one that speaks its API.

Collects text, content warning, image descriptions, language, author with followers, likes,
boosts and replies. A server shows what has reached it: add several servers for more. The same
post seen through two of them is one mention. The newest page is read at every poll, so edits of
recent posts are noticed. Authors who ask not to be indexed (`noindex`, or #nobot, #noindex,
#nosearch in their profile) are skipped unless `skip_opted_out = false`.

Credentials: none on most servers. Where an administrator closed the timelines, make an
application under Preferences → Development and name the variable with its token in `token_env`.

Limits: 300 requests in 5 minutes for an address. Later edits, counts and deletions are asked of
the server each post was written on, unless `home_servers = false`.

Terms: set by each server; many forbid collecting en masse. Deleted posts must go here too.

    [[source]]
    name = "mastodon-social"
    type = "mastodon"
    instance = "https://mastodon.social"
    tags = ["zerno", "coffee"]
    interval = "10m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from collectors.credentials import bearer
from collectors.http import Response
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Page,
    Post,
    RetriableError,
    SettingsType,
    SourceSettings,
    Terms,
)
from collectors.items import Converted, convert
from collectors.mastodon_lookup import Lookup
from collectors.mastodon_status import Reading, status_to_post
from collectors.mastodon_timeline import Timeline
from collectors.paging import Walks
from collectors.rereads import Rereads
from collectors.text import site_of

Tag = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^#?\w{1,100}$")]


class MastodonSettings(SourceSettings):
    """Hashtags on one server."""

    instance: str = Field(pattern=r"^https?://", description="The server's address.")
    tags: tuple[Tag, ...] = Field(min_length=1, max_length=50)
    token_env: str = Field(default="", description="Variable that holds an access token.")
    unlisted: bool = Field(default=False, description="Also keep unlisted posts.")
    skip_opted_out: bool = Field(default=True, description="Skip authors who ask for it.")
    home_servers: bool = Field(
        default=True, description="Ask a post's own server whether it is still there."
    )
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=50, ge=1, description="Most requests a poll for each tag.")
    page_size: int = Field(default=40, ge=1, le=40)


class MastodonCollector(Rereads, Collector[MastodonSettings]):
    """Reads the newest page of each tag, then walks up from the last known post if that is far.

    Posts are ordered by when they reached the server, so ids and not dates say what is new.
    """

    type = "mastodon"
    Settings: ClassVar[SettingsType] = MastodonSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(minutes=15)
    reread_size = 20

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now, by the word of the servers they were written on."""
        settings = self.settings
        lookup = Lookup(self.http, settings.instance, self._headers, settings.home_servers)
        return await lookup.page(ids, self._reading)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each tag's posts."""
        settings, now = self.settings, self.clock()
        tags = tuple(tag.removeprefix("#") for tag in settings.tags)
        walks, start = Walks(cursor, tags), now - settings.backfill
        timeline = Timeline(self._timeline, self._page, start, now, settings.pages)
        for tag in tags:
            async for page in timeline.walk(walks, tag):
                yield page

    async def _timeline(
        self, tag: str, params: Mapping[str, str]
    ) -> tuple[list[Mapping[str, Any]], Response]:
        settings = self.settings
        response = await self.http.get(
            f"{settings.instance.rstrip('/')}/api/v1/timelines/tag/{tag}",
            params={"limit": settings.page_size, **params},
            headers=self._headers(),
            # A tag nobody has used yet is unknown to the server.
            ok=(200, 404),
        )
        if response.status == 404:
            if "json" not in response.content_type:
                raise FatalError(f"{site_of(settings.instance)} has no Mastodon API")
            return [], response
        answer = response.json()
        if not isinstance(answer, list):
            raise RetriableError("the timeline is not a list: not the API's format")
        return [status for status in answer if isinstance(status, dict)], response

    def _headers(self) -> dict[str, str]:
        return bearer(self.settings.token_env) if self.settings.token_env else {}

    def _page(self, cursor: Cursor, statuses: Sequence[Mapping[str, Any]], note: str) -> Page:
        found: Converted = convert(statuses, self._post, lambda status: status.get("uri"))
        return Page(cursor, found.posts, found.skipped, note=note)

    def _post(self, status: Mapping[str, Any]) -> Post:
        return status_to_post(status, self._reading(self.settings.instance))

    def _reading(self, server: str) -> Reading:
        return Reading(
            server,
            self.clock(),
            unlisted=self.settings.unlisted,
            skip_opted_out=self.settings.skip_opted_out,
        )
