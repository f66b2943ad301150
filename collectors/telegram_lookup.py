"""Reading messages of Telegram channels again: many from a page, a missing one by its own page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from collectors.interface import FatalError, Page, Post
from collectors.items import Converted
from collectors.rereads import reread_page
from collectors.telegram_preview import Preview


async def look_up(preview: Preview, ids: Sequence[str], names: Mapping[str, str]) -> Page:
    """What these messages are now; only what its own page calls not found is deleted.

    Args:
        preview: the server.
        ids: as `channel/number`.
        names: of the channels as the configuration writes them, by their lower case.

    Raises:
        FatalError: none of the channels shows its messages any more.
        RetriableError: the server cannot be asked now.
    """
    wanted: dict[str, list[int]] = {}
    for native_id in ids:
        channel, _, number = native_id.rpartition("/")
        if channel and number.isdecimal():
            wanted.setdefault(channel, []).append(int(number))
    reading = _Reading(preview)
    refusal: FatalError | None = None
    for channel, numbers in wanted.items():
        try:
            await reading.channel(channel, names.get(channel, channel), sorted(numbers))
        except FatalError as error:
            # A channel that was closed tells nothing of its messages, and nothing of the others.
            refusal = error
    if refusal is not None and not (reading.posts or reading.gone):
        raise refusal
    found = Converted(tuple(reading.posts), ())
    return reread_page(ids, found, gone=reading.gone, missing_are_gone=False)


class _Reading:
    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self.posts: list[Post] = []
        self.gone: list[str] = []

    async def channel(self, key: str, name: str, left: list[int]) -> None:
        """Read numbers in rising order, from the highest down, a page of the channel at a time."""
        while left:
            page = await self.preview.page(name, left[-1] + 1)
            lowest = page.numbers[0] if page.numbers else left[-1]
            here = [number for number in left if number >= lowest] or left[-1:]
            del left[-len(here) :]
            shown = {post.native_id: post for post in page.converted.posts}
            for number in here:
                native_id = f"{key}/{number}"
                if native_id in shown:
                    self.posts.append(shown[native_id])
                elif number not in page.numbers:
                    await self._single(native_id, name, number)

    async def _single(self, native_id: str, name: str, number: int) -> None:
        """A page may be cut or leave messages out: whether one is gone only its own page tells."""
        alone = await self.preview.single(name, number)
        if alone is None:
            self.gone.append(native_id)
        else:
            self.posts += [post for post in alone.posts if post.native_id == native_id]
