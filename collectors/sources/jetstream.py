"""All public posts of Bluesky as they are written, through its Jetstream service.

Collects every post of the network that holds one of your `words`, wherever in it: text,
descriptions of images and videos, languages, the author's permanent id. Edits and deletions are
noticed too. There are no counts, names or followers; a post also found by the `bluesky` search is
the same mention. Without `words` every post goes through your brand queries: some hundred a second.

Each poll reads on from where the last one stopped until it has caught up with its own beginning,
or `listen` is over. Needs `pip install 'molva[streams]'`.

Credentials: none.

Limits: a stream at a time; a host keeps about a day and a half, and what is older is a gap. If one
of the `hosts` fails the next is asked: they share one time. Accounts that are deleted as a whole
are not noticed here.

Terms: posts are public; a deleted post has to be deleted here too.

    [[source]]
    name = "bluesky-all"
    type = "jetstream"
    words = ["zerno", "зерно"]
    interval = "2m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field, StringConstraints

from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Gap,
    Page,
    Post,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.items import convert, count
from collectors.jetstream_event import POSTS, deleted_uri, event_post, read_event, time_of, uri_of
from collectors.websocket import Stream, listening

TOLERANCE = timedelta(minutes=1)
"""By how much the first event may be later than asked for before that is a gap."""

MOST_MESSAGE = 1_000_000

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Host = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^wss?://\S+$")]


class JetstreamSettings(SourceSettings):
    """Words of which a post must hold one, in whatever case."""

    words: tuple[Word, ...] = Field(default=(), max_length=500)
    hosts: tuple[Host, ...] = Field(
        default=tuple(
            f"wss://jetstream{number}.us-{coast}.bsky.network"
            for coast in ("east", "west")
            for number in (1, 2)
        ),
        min_length=1,
        description="Asked in turn.",
    )
    path: str = Field(default="/subscribe", description="On each host.")
    deletions: bool = Field(default=True, description="Also hear which posts were deleted.")
    backfill: Duration = Field(default=timedelta(minutes=30), description="First run: how far.")
    listen: Duration = Field(default=timedelta(minutes=2), description="A poll lasts at most.")
    page_size: int = Field(default=2000, ge=1, description="Events after which a page is stored.")


class JetstreamCollector(Collector[JetstreamSettings]):
    """Reads on from the last event's time, in the network's order."""

    type = "jetstream"
    Settings = JetstreamSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(seconds=5)

    @property
    def scope(self) -> str:
        """A post is the same through the search."""
        return "bluesky"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield what was posted, the oldest first."""
        now, known = self.clock(), count(cursor.get("time_us"))
        start = known or _micros(now - self.settings.backfill + self.overlap)
        failure: RetriableError | None = None
        for host in self.settings.hosts:
            url = self._url(host, start)
            try:
                async with listening(self.http, url) as stream:
                    async for page in self._read(stream, known, now):
                        start = int(page.cursor.get("time_us", start))
                        known = known and start
                        yield page
                    return
            except RetriableError as error:
                failure = error
        raise failure or RetriableError("no host could be asked")

    def _url(self, host: str, start: int) -> str:
        asked = {
            "wantedCollections": POSTS,
            "cursor": start - int(self.overlap.total_seconds() * 1e6),
            "maxMessageSizeBytes": MOST_MESSAGE,
        }
        return f"{host.rstrip('/')}{self.settings.path}?{urlencode(asked)}"

    async def _read(self, stream: Stream, known: int | None, now: datetime) -> AsyncIterator[Page]:
        settings, ceiling, caught_up, heard = self.settings, _micros(now), False, False
        # Only what was heard moves the cursor: our own clock may be hours ahead.
        last, events, gaps = known or 0, list[Any](), tuple[Gap, ...]()
        async for message in stream.messages(
            seconds=settings.listen.total_seconds(), quiet=self.http.settings.read_timeout
        ):
            event = read_event(message)
            at = time_of(event)
            if not heard and at is not None:
                heard, gaps = True, _lost(known, at)
            if at is not None and at > ceiling:
                # It belongs to the next poll.
                caught_up = True
                break
            events.append(event)
            last = max(last, at or 0)
            if len(events) >= settings.page_size:
                yield self._page(last, events, gaps)
                events, gaps = [], ()
        if not heard and not events:
            raise RetriableError("the stream said nothing: it is broken, or not of this network")
        note = "" if caught_up else "stopped before it had caught up; the next poll goes on"
        yield replace(self._page(last, events, gaps), note=note, goes_on=not caught_up)

    def _page(self, last: int, events: list[Any], gaps: tuple[Gap, ...]) -> Page:
        found = convert(events, self._post, uri_of)
        deleted = tuple(filter(None, map(deleted_uri, events))) if self.settings.deletions else ()
        cursor: Cursor = {"time_us": last} if last else {}
        return Page(cursor, found.posts, found.skipped, deleted, gaps)

    def _post(self, event: Mapping[str, Any]) -> Post | None:
        post, words = event_post(event, self.clock()), self.settings.words
        if post is None or not words:
            return post
        folded = _folded(post.text)
        return post if any(_folded(word) in folded for word in words) else None


def _lost(known: int | None, first: int) -> tuple[Gap, ...]:
    """The gap, where the service silently begins later than it was asked to."""
    if known is None or first <= known + TOLERANCE.total_seconds() * 1e6:
        return ()
    start, end = (datetime.fromtimestamp(micros / 1e6, UTC) for micros in (known, first))
    return (Gap("the stream no longer keeps what was posted meanwhile", start, end),)


def _folded(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _micros(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6)
