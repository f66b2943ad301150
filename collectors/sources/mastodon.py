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
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Gap,
    Page,
    Post,
    RetriableError,
    SettingsType,
    SourceSettings,
    Terms,
)
from collectors.items import Converted, convert, string
from collectors.mastodon_lookup import Lookup
from collectors.mastodon_status import Reading, status_to_post
from collectors.paging import Walks, stopped
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
        tags = tuple(tag.removeprefix("#") for tag in self.settings.tags)
        walks = Walks(cursor, tags)
        for tag in tags:
            steps = self._newer(walks, tag) if walks[tag].get("last") else self._first(walks, tag)
            async for page in steps:
                yield page

    async def _first(self, walks: Walks, tag: str) -> AsyncIterator[Page]:
        """Walk back from the newest post as far as `backfill` says."""
        state = walks[tag]
        start = self.clock() - self.settings.backfill
        for number in range(1, self.settings.pages + 1):
            older = {"max_id": state["max_id"]} if state.get("max_id") else {}
            statuses, _ = await self._timeline(tag, older)
            ids = _ids(statuses)
            state.setdefault("newest", ids[0] if ids else "")
            times = [parse_date(s.get("created_at"), now=self.clock()) for s in statuses]
            done = (
                not ids
                or ids[-1] == state.get("max_id")
                or not any(t and t >= start for t in times)
            )
            state["max_id"] = ids[-1] if ids else ""
            if done:
                state = {"last": state["newest"]} if state["newest"] else {}
            note = "" if done else self._capped(number)
            yield self._page(walks.moved(tag, state), statuses, note)
            if done:
                return

    async def _newer(self, walks: Walks, tag: str) -> AsyncIterator[Page]:
        """Read the newest page; if it does not reach the last known post, walk up to it."""
        last = str(walks[tag]["last"])
        newest, _ = await self._timeline(tag, {})
        ids = _ids(newest)
        if not ids or _reaches(ids, last):
            yield self._page(walks.moved(tag, {"last": ids[0] if ids else last}), newest)
            return
        yield self._page(walks.cursor, newest)
        for number in range(1, self.settings.pages + 1):
            statuses, response = await self._timeline(tag, {"min_id": last})
            between = _ids(statuses)
            if not between or between[0] == last or set(between) <= set(ids):
                ignored = between == ids and "link" not in response.headers
                gap = Gap("the server cannot page upwards: posts in between are lost")
                yield Page(walks.moved(tag, {"last": ids[0]}), gaps=(gap,) if ignored else ())
                return
            last = between[0]
            cursor = walks.moved(tag, {"last": last})
            yield self._page(cursor, statuses, self._capped(number))

    def _capped(self, number: int) -> str:
        return stopped(number) if number == self.settings.pages else ""

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

    def _page(self, cursor: Cursor, statuses: Sequence[Mapping[str, Any]], note: str = "") -> Page:
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


def _ids(statuses: Sequence[Mapping[str, Any]]) -> list[str]:
    return [string(status.get("id")) for status in statuses if string(status.get("id"))]


def _reaches(ids: Sequence[str], last: str) -> bool:
    """Whether a newest-first page goes back to `last`, which may have been deleted since."""
    if last in ids:
        return True
    # Ids of digits grow with time; those of other servers only promise to be unique.
    if last.isdecimal() and ids[-1].isdecimal():
        return (len(ids[-1]), ids[-1]) <= (len(last), last)
    return False
