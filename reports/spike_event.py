"""An event that a series is in: when it began, how far it went, when it is over. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from reports.spike_window import Window
from reports.surges import CALM

GROWN: Final = 2.0
"""An event this many times as large as it was is told of once more."""


class Event:
    """One event, from its alarm on.

    Args:
        at: the row that raised the alarm.
        windows: the full windows of the series at that row.

    Attributes:
        began: the row of its first alarm.
    """

    def __init__(self, at: datetime, windows: Sequence[Window]) -> None:
        self.began = at
        self._told_at = at
        self._largest = {window.rows: window.value for window in windows}
        self._calm_rows = 0

    def is_over(self, step: timedelta, *, calm: bool) -> bool:
        """Take in whether a row is calm; an event is over after a calm stretch."""
        self._calm_rows = self._calm_rows + 1 if calm else 0
        return self._calm_rows >= max(1, round(CALM / step))

    def grown(self, at: datetime, windows: Sequence[Window]) -> list[Window]:
        """The windows in which it is `GROWN` times as large as ever before.

        None within `CALM` of the last alarm: what an event is going to be takes its time.
        """
        # A window that was not full before has nothing yet to have grown from.
        known = [window for window in windows if window.rows in self._largest]
        grown = [w for w in known if w.value >= GROWN * self._largest[w.rows]]
        for window in windows:
            largest = self._largest.get(window.rows, 0.0)
            self._largest[window.rows] = max(largest, window.value)
        return grown if at - self._told_at >= CALM else []

    def tell(self, at: datetime) -> None:
        """Note that an alarm was raised of how it has grown."""
        self._told_at = at
