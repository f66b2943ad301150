"""Walking one search of Reddit back: by the names of posts, as times cannot be asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from collectors.interface import Gap
from collectors.items import mapping
from collectors.paging import Batch, Window
from collectors.reddit_listing import Listing

REACHABLE: Final = 900
"""Posts after which a list that ends has been cut: 1,000, less those Reddit hides."""


@dataclass
class Search:
    """One search of a poll.

    Attributes:
        ask: gives the listing behind a place in it.
        known: up to when its posts were read by earlier polls, if they were.
        deleted: what the last page showed as gone.
    """

    ask: Callable[[Mapping[str, Any]], Awaitable[Listing]]
    known: str | None
    deleted: tuple[str, ...] = ()

    async def fetch(self, window: Window) -> Batch:
        """The page behind the last item seen, by its name."""
        at = mapping(window.at)
        listing = await self.ask(at)
        self.deleted = listing.deleted
        if at.get("after") and not listing.names and not at.get("again"):
            # The post we stopped at may be gone, and nothing comes after it: begin anew, once.
            return Batch(listing.converted, (), {"again": True})
        listed = int(at.get("listed", 0)) + len(listing.names)
        oldest = min(listing.times, default=window.ceiling)
        cut = ""
        if at.get("after") in listing.names:
            return Batch(listing.converted, listing.times, again=True)
        if not listing.after and listed >= REACHABLE:
            cut = "the search shows no more than its newest posts: older ones are lost"
        done = bool(cut) or not listing.after or oldest < window.start
        since = datetime.fromisoformat(self.known) if self.known else window.start
        gaps = (Gap(cut, since, oldest),) if cut and oldest > since else ()
        next_at = None if done else {**at, "after": listing.after, "listed": listed}
        return Batch(listing.converted, listing.times, next_at, gaps)
