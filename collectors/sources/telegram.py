"""Public Telegram channels, through the preview that t.me shows to everyone.

Collects text, views, reactions, signature and the channel's subscribers. Works for public
channels with the preview on; groups and private or restricted channels have none. Pictures and
videos without a caption have no text and are skipped. Recent posts are read again at every poll,
older ones by their numbers, so edits and deletions are noticed and views and reactions grow.

Credentials: none.

Limits: none published; Molva asks t.me at most once a second.

Terms: public posts of their channels; deleted ones are removed here too.

    [[source]]
    name = "telegram"
    type = "telegram"
    channels = ["zerno_news", "city_talk"]
    interval = "5m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints

from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Gap,
    Page,
    SourceSettings,
    Terms,
)
from collectors.paging import Walks, asked_again, going_on, put_off, stopped, unreachable
from collectors.rereads import Rereads
from collectors.telegram_lookup import look_up
from collectors.telegram_preview import Preview


def _bare(value: object) -> object:
    if not isinstance(value, str):
        return value
    return (
        value.strip().removeprefix("https://").removeprefix("t.me/").removeprefix("s/").lstrip("@")
    )


Channel = Annotated[str, BeforeValidator(_bare), StringConstraints(pattern=r"^[A-Za-z]\w{3,31}$")]


class TelegramSettings(SourceSettings):
    """Channels by name, `@name` or address."""

    channels: tuple[Channel, ...] = Field(min_length=1, max_length=100)
    backfill: Duration = Field(default=timedelta(days=14), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each channel.")
    base_url: str = "https://t.me"


class TelegramCollector(Rereads, Collector[TelegramSettings]):
    """Walks each channel from its newest message back to the last known one.

    State of a channel: `last`, the newest number all stored up to; `recent`, the numbers of the
    newest page, to notice deletions; while a walk is unfinished also `newest` and `before`.
    """

    type = "telegram"
    Settings = TelegramSettings
    terms = Terms.DELETE_ON_REQUEST
    reread_size = 20

    @property
    def _preview(self) -> Preview:
        return Preview(self.http, self.settings.base_url.rstrip("/"), self.clock)

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these messages are now; a deleted one's own page says it is not found."""
        names = {channel.lower(): channel for channel in self.settings.channels}
        return await look_up(self._preview, ids, names)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each channel's messages, page by page back in time."""
        walks = Walks(cursor, self.settings.channels)
        for channel in self.settings.channels:
            async for page in self._channel(walks, channel):
                yield page

    async def _channel(self, walks: Walks, channel: str) -> AsyncIterator[Page]:
        state = walks[channel]
        oldest_wanted = self.clock() - self.settings.backfill
        for number in range(1, self.settings.pages + 1):
            before = state.get("before")
            found = await self._preview.page(channel, before)
            posts, numbers = found.converted.posts, found.numbers
            deleted: tuple[str, ...] = ()
            if before is None:
                deleted = _gone(channel, state.get("recent") or (), numbers)
                state |= {
                    "newest": numbers[-1] if numbers else state.get("last"),
                    "recent": numbers,
                }
            if "last" in state:
                done = not numbers or numbers[0] <= state["last"]
            else:
                times = [post.published_at for post in posts if post.published_at]
                done = not numbers or (bool(times) and max(times) < oldest_wanted)
            again = bool(numbers) and before is not None and numbers[0] >= before
            gaps = tuple[Gap, ...]()
            note = "the channel shows no messages" if not numbers and before is None else ""
            if again and (waiting := asked_again(state)):
                state, (done, note) = waiting, put_off(waiting)
            elif again or done or numbers[0] <= 1:
                lost = unreachable(None, (post.published_at for post in posts))
                state, done, gaps = _finished(state), True, (lost,) if again else ()
            else:
                state = {**going_on(state), "before": numbers[0]}
            cursor, skipped = walks.moved(channel, state), found.converted.skipped
            page = Page(cursor, posts, skipped, deleted, gaps, note=note)
            yield page if done or number < self.settings.pages else stopped(page, number)
            if done:
                return


def _finished(state: Mapping[str, Any]) -> dict[str, Any]:
    last = state.get("newest")
    return {"last": last, "recent": state.get("recent")} if last is not None else {}


def _gone(channel: str, known: Sequence[int], present: Sequence[int]) -> tuple[str, ...]:
    """Known messages that are missing between two present ones."""
    if not present:
        return ()
    missing = (n for n in known if present[0] < n < present[-1] and n not in present)
    return tuple(f"{channel.lower()}/{number}" for number in missing)
