"""Whose turn it is, for a source whose quota is too small to do everything at every poll."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from collectors.items import count, sequence, string

FOR_EVER: Final = 0


class Turns:
    """Keys in the order in which they were last done, the longest ago first.

    What a poll could not pay for, or a failure cut off, keeps its place and so comes first.

    Args:
        stored: the `state` of an earlier poll.
        fixed: keys that are always there; new ones come first.
        now: keys whose time is over are dropped.
        most: how many keys with an end are kept; the latest to end.
    """

    def __init__(self, stored: object, fixed: Iterable[str], now: datetime, most: int) -> None:
        self._fixed, self._now, self._most = tuple(fixed), int(now.timestamp()), most
        known = {string(pair[0]): count(pair[1]) or FOR_EVER for pair in _pairs(stored)}
        new = {key: FOR_EVER for key in self._fixed if key not in known}
        self._ends = new | {
            key: FOR_EVER if key in self._fixed else end
            for key, end in known.items()
            if key in self._fixed or end > self._now
        }

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, first come first."""
        return tuple(self._ends)

    def add(self, key: str, end: datetime) -> None:
        """Let a new key come last, until `end`."""
        second = int(end.timestamp())
        if second <= self._now or key in self._ends:
            return
        self._ends[key] = second
        passing = [name for name, last in self._ends.items() if last != FOR_EVER]
        if len(passing) > self._most:
            del self._ends[min(passing, key=lambda name: self._ends[name])]

    def done(self, key: str) -> None:
        """Let a key wait until all others have had their turn."""
        if key in self._ends:
            self._ends[key] = self._ends.pop(key)

    def drop(self, key: str) -> None:
        """Forget a key; a fixed one is back at the next poll."""
        self._ends.pop(key, None)

    @property
    def state(self) -> list[list[str | int]]:
        """What to keep in the cursor: a list, as JSON objects may lose their order."""
        return [[key, end] for key, end in self._ends.items()]


def _pairs(stored: object) -> list[list[object]]:
    return [pair for pair in sequence(stored) if isinstance(pair, list) and len(pair) == 2]
