"""Public posts under hashtags on a Mastodon server, heard as they are written.

Collects what `mastodon` does, and the same mentions; besides, edits and deletions of posts heard
earlier are noticed at once. Each poll first opens the stream, then reads what it missed since the
last one, then listens for as long as `listen` says: nothing falls in between, and little is late
if `listen` is nearly as long as `interval`.

Credentials: a *user's* access token, which Mastodon wants for every stream: make an application
under Preferences → Development with the scope `read`, and put its token into the environment
variable named in `token_env`. Needs `pip install 'molva[streams]'`.

Limits: 300 requests in 5 minutes for an account; one connection for all tags of a source. Servers
of other software may have no streams: use `mastodon` there.

Terms: set by each server; many forbid collecting en masse. Deleted posts must go here too.

    [[source]]
    name = "mastodon-live"
    type = "mastodon_stream"
    instance = "https://mastodon.social"
    tags = ["zerno", "coffee"]
    token_env = "MASTODON_TOKEN"
    listen = "1m"
    interval = "1m"
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field

from collectors.credentials import bearer
from collectors.interface import Cursor, Duration, Page, SettingsType
from collectors.items import convert, mapping, sequence, string
from collectors.sources.mastodon import MastodonCollector, MastodonSettings
from collectors.websocket import Stream, listening

REMEMBERED = 200
"""Posts whose deletion is understood: the server names them by a number of its own."""

PATH = "/api/v1/streaming"


class MastodonStreamSettings(MastodonSettings):
    """Hashtags on one server, heard with a user's token."""

    token_env: str = Field(min_length=1, description="Variable that holds a user's access token.")
    listen: Duration = Field(default=timedelta(minutes=1), description="A poll listens so long.")
    streaming_url: str = Field(
        default="", pattern=r"^(wss?://\S+)?$", description="Where streams are; or asked for."
    )


@dataclass
class _Heard:
    """What was heard since the last page.

    Attributes:
        names: addresses of posts by the server's own numbers, the newest last.
    """

    names: dict[str, str]
    statuses: list[Mapping[str, Any]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def remember(self, statuses: Sequence[Mapping[str, Any]]) -> None:
        for status in statuses:
            number, uri = string(status.get("id")), string(status.get("uri"))
            if number and uri:
                self.names[number] = uri
        for number in list(self.names)[:-REMEMBERED]:
            del self.names[number]

    def add(self, message: str) -> None:
        """Take in an event; one that is not understood is passed over."""
        try:
            event = mapping(json.loads(message))
            kind, payload = event.get("event"), string(event.get("payload"))
            if kind in {"update", "status.update"}:
                status = json.loads(payload)
                self.statuses.append(status if isinstance(status, dict) else {})
                self.remember(self.statuses[-1:])
            elif kind == "delete" and payload in self.names:
                self.deleted.append(self.names.pop(payload))
        except (ValueError, RecursionError):
            self.statuses.append({})


class MastodonStreamCollector(MastodonCollector):
    """Reads what was missed with the stream already open, then listens."""

    type = "mastodon_stream"
    Settings: ClassVar[SettingsType] = MastodonStreamSettings
    settings: MastodonStreamSettings

    @property
    def scope(self) -> str:
        """A status has the same id whichever way it is found."""
        return "mastodon"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield what was missed, then what is heard."""
        names = [pair for pair in sequence(cursor.get("names")) if isinstance(pair, list)]
        self._heard = _Heard({string(one[0]): string(one[1]) for one in names if len(one) == 2})
        headers = bearer(self.settings.token_env)
        async with listening(self.http, await self._address() + PATH, headers) as stream:
            for tag in self.settings.tags:
                wanted = {"type": "subscribe", "stream": "hashtag", "tag": tag.removeprefix("#")}
                await stream.send(json.dumps(wanted))
            last, notes = cursor, list[str]()
            async for page in super().poll(cursor):
                last = page.cursor
                notes += [page.note] if page.note else []
                yield replace(page, cursor=self._with_names(last))
            await self._listen(stream)
        # The last page's note is the one people see: it must not hide that the walk is unfinished.
        notes += ["the stream broke off"] if stream.ended == "closed" else []
        yield self._news(last, "; ".join(dict.fromkeys(notes)))

    async def _listen(self, stream: Stream) -> None:
        seconds = self.settings.listen.total_seconds()
        async for message in stream.messages(seconds=seconds, quiet=seconds):
            self._heard.add(message)

    def _news(self, cursor: Cursor, note: str) -> Page:
        found = convert(self._heard.statuses, self._post, lambda status: status.get("uri"))
        deleted = tuple(self._heard.deleted)
        return Page(self._with_names(cursor), found.posts, found.skipped, deleted, note=note)

    def _page(self, cursor: Cursor, statuses: Sequence[Mapping[str, Any]], note: str) -> Page:
        self._heard.remember(statuses)
        return super()._page(cursor, statuses, note)

    def _with_names(self, cursor: Cursor) -> Cursor:
        return {**cursor, "names": [list(pair) for pair in self._heard.names.items()]}

    async def _address(self) -> str:
        """Where the server has its streams: often on a host of their own."""
        settings = self.settings
        if settings.streaming_url:
            return settings.streaming_url.rstrip("/")
        key = ("mastodon-stream", settings.instance)
        if key not in self.http.memory:
            url = f"{settings.instance.rstrip('/')}/api/v2/instance"
            response = await self.http.get(url)
            urls = mapping(mapping(mapping(response.json()).get("configuration")).get("urls"))
            self.http.memory[key] = string(urls.get("streaming")) or settings.instance
        address = str(self.http.memory[key]).rstrip("/")
        return "ws" + address.removeprefix("http") if address.startswith("http") else address
