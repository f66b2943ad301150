"""Going on in a search that pages by token but shows only its first so many hits.

Inside a slice of time the service's own token is followed. Where the service stops showing hits,
the next slice ends at the oldest one seen, so that nothing older is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.interface import Gap
from collectors.items import count, mapping, string
from collectors.paging import Window


@dataclass(frozen=True, slots=True)
class TokenSlice:
    """Where a walk stands in a slice of time.

    Attributes:
        until: epoch second of the slice's end, inclusive. Ask for a second more: services
            disagree on whether their bound is.
        token: of the page to ask for; empty is the first.
        depth: how many hits were asked for in this slice so far.
        oldest: epoch second of its oldest hit; `None` until one has a date.
    """

    until: int
    token: str = ""
    depth: int = 0
    oldest: int | None = None

    @classmethod
    def of(cls, window: Window) -> TokenSlice:
        """The slice a window is to go on at."""
        at = mapping(window.at)
        until = count(at.get("until"))
        return cls(
            int(window.ceiling.timestamp()) if until is None else until,
            string(at.get("token")),
            count(at.get("depth")) or 0,
            count(at.get("oldest")),
        )

    def repeated_by(self, answered: Answered) -> bool:
        """Whether hits came that cannot be of this place: of the page before, or of no window."""
        newest = max(answered.seconds, default=self.until)
        return newest > self.until + 1 or answered.token == self.token != ""

    def anew(self) -> TokenSlice:
        """The same slice from its first page, for a service that forgot the token."""
        return TokenSlice(self.until)


@dataclass(frozen=True, slots=True)
class Answered:
    """What one request brought.

    Attributes:
        seconds: the hits' dates as epoch seconds.
        token: of the next page, if there is one.
        asked: how many hits were asked for.
        total: how many there are in the slice, as far as the service tells the truth about it.
    """

    seconds: Sequence[int]
    token: str
    asked: int
    total: int = 0


def following(
    here: TokenSlice, answered: Answered, reachable: int
) -> tuple[Mapping[str, Any] | None, tuple[Gap, ...]]:
    """Where to go on (`None` at the end), and what could not be reached.

    Args:
        here: the slice that was asked.
        answered: what came.
        reachable: how many hits of one search the service shows.
    """
    if here.repeated_by(answered):
        return None, ()
    seen = [*answered.seconds, *([] if here.oldest is None else [here.oldest])]
    oldest, depth = min(seen, default=None), here.depth + answered.asked
    if answered.token and depth < reachable:
        return asdict(TokenSlice(here.until, answered.token, depth, oldest)), ()
    if oldest is None or max(depth, answered.total) < reachable:
        return None, ()
    if oldest < here.until:
        return {"until": oldest}, ()
    return ({"until": here.until - 1}, (_gap(here.until),)) if depth >= reachable else (None, ())


def _gap(second: int) -> Gap:
    moment = datetime.fromtimestamp(second, UTC)
    reason = "more hits in one second than the search shows"
    return Gap(reason, moment, moment + timedelta(seconds=1))
