"""Going back through a search that shows only its newest hits, slice by slice of time.

A search that shows a thousand hits is asked again for what is older than the oldest of them.
Only where one second holds more than a page is it paged through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collectors.interface import Gap
from collectors.items import mapping
from collectors.paging import Window

Further = tuple[dict[str, int] | None, tuple[Gap, ...]]
"""Where a walk goes on, `None` at its end, and what it cannot reach."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What to ask for next: hits from `start` up to the second `until`, and which page of them.

    Attributes:
        page: counted from 1.
    """

    start: int
    until: int
    page: int = 1

    @classmethod
    def of(cls, window: Window) -> Slice:
        """Where a walk stands in its window."""
        at, start = mapping(window.at), int(window.start.timestamp())
        until = int(at.get("until", window.ceiling.timestamp()))
        return cls(start, until, int(at.get("page", 1)))

    def repeated_by(self, seconds: Sequence[int]) -> bool:
        """Whether hits came that are newer than this slice: of the page before, or of no slice."""
        return max(seconds, default=self.until) > self.until + 1

    def further(self, seconds: Sequence[int], *, pages: int) -> Further:
        """Where to go on after a page of hits that is not the last.

        Args:
            seconds: by which the search orders its hits.
            pages: how many pages of one search can be asked for.
        """
        oldest = min(seconds, default=self.until)
        if oldest < self.until:
            return {"until": oldest}, ()
        if self.page < pages:
            return {"until": self.until, "page": self.page + 1}, ()
        moment = datetime.fromtimestamp(self.until, UTC)
        reason = "more hits in one second than can be paged through"
        gap = Gap(reason, moment, moment + timedelta(seconds=1))
        return {"until": self.until - 1} if self.until > self.start else None, (gap,)
