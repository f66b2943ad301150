"""Asking t.me for the public preview of a channel, and for one of its messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from collectors.http import HttpClient
from collectors.interface import Clock, FatalError, RetriableError
from collectors.items import Converted
from collectors.telegram_page import ChannelPage, LayoutChangedError, parse_page, parse_post

# What the page says of a missing message is read in English.
_ENGLISH: Final = {"Accept-Language": "en"}


@dataclass(frozen=True, slots=True)
class Preview:
    """The previews of one server.

    Attributes:
        base_url: without a slash at its end.
    """

    http: HttpClient
    base_url: str
    clock: Clock

    async def page(self, channel: str, before: int | None) -> ChannelPage:
        """The newest messages of a channel, or the newest of those with a lower number.

        Raises:
            FatalError: the channel shows nobody its messages.
            RetriableError: the server cannot be asked now, or its page is not understood.
        """
        response = await self.http.get(
            f"{self.base_url}/s/{channel}",
            params={"before": before} if before is not None else None,
            headers=_ENGLISH,
            ok=(200, 301, 302, 303),
            follow=False,
        )
        if response.status != 200:
            raise FatalError(
                f"@{channel} has no public preview: it is a group, private, restricted or absent"
            )
        try:
            page = parse_page(response.text, channel, base_url=self.base_url, now=self.clock())
        except LayoutChangedError:
            raise RetriableError(f"@{channel}: the layout of the preview changed") from None
        if "</html>" not in response.text[-1000:].lower():
            # Its last message may be half a text, and what is missing is never shown again.
            raise RetriableError(f"@{channel}: the page breaks off in the middle")
        return page

    async def single(self, channel: str, number: int) -> Converted | None:
        """One message, as sites embed it; `None` if the server says there is none.

        Raises:
            RetriableError: the server cannot be asked now, or its page is not understood.
        """
        response = await self.http.get(
            f"{self.base_url}/{channel}/{number}",
            params={"embed": 1, "mode": "tme"},
            headers=_ENGLISH,
        )
        try:
            return parse_post(response.text, channel, base_url=self.base_url, now=self.clock())
        except LayoutChangedError:
            raise RetriableError(f"@{channel}: the layout of a message changed") from None
