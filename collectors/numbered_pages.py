"""Going on in a list whose pages are numbered from 1, newest first.

Between two polls such pages shift: items that are deleted let others move up a page, and a page
may hold more than before. So a poll begins with the last page that an earlier one has seen, and
with an earlier one if even that begins behind what was seen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from collectors.items import Converted, count, mapping, string
from collectors.paging import Window

AnswerT = TypeVar("AnswerT")


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """A page to ask for.

    Attributes:
        number: counted from 1.
        mark: of the page before it; empty if that was not just read.
        oldest: when the oldest item seen so far appeared, if that is known.
    """

    number: int = 1
    mark: str = ""
    oldest: datetime | None = None

    @classmethod
    def of(cls, window: Window) -> Self:
        """The page a window is to go on at; the one before it if that is of an earlier poll."""
        at = mapping(window.at)
        number, oldest = count(at.get("number")) or 1, string(at.get("oldest"))
        seen = datetime.fromisoformat(oldest) if oldest else None
        if window.resumed:
            return cls(max(number - 1, 1), oldest=seen)
        return cls(number, string(at.get("mark")), seen)

    def leaps(self, times: Sequence[datetime]) -> bool:
        """Whether unseen items may stand before this page, whose items appeared at `times`."""
        if self.number == 1 or self.mark or self.oldest is None:
            return False
        return not times or max(times) < self.oldest

    def repeated_by(self, found: Converted) -> bool:
        """Whether the page before came once more."""
        return found.mark == self.mark != ""

    def following(self, found: Converted, times: Sequence[datetime]) -> Mapping[str, Any]:
        """Where to go on behind this page."""
        seen = [*times, *([self.oldest] if self.oldest else [])]
        oldest = min(seen).isoformat() if seen else ""
        return {"number": self.number + 1, "mark": found.mark, "oldest": oldest}


async def read_numbered(
    window: Window, ask: Callable[[int], Awaitable[tuple[AnswerT, tuple[datetime, ...]]]]
) -> tuple[NumberedPage, AnswerT, tuple[datetime, ...]]:
    """The page at which the window is to go on, what was answered, and when its items appeared.

    Args:
        window: its `at` is what `NumberedPage.following` gave, or nothing.
        ask: asks for the page of a number; tells the answer and the times of its items.
    """
    place = NumberedPage.of(window)
    answer, times = await ask(place.number)
    while place.leaps(times):
        place = NumberedPage(place.number // 2, oldest=place.oldest)
        answer, times = await ask(place.number)
    return place, answer, times
