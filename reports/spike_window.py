"""A trailing window of a series: its sum, how far that strays, how surprising it is. Pure."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from reports.statistics import lognormal_tail, negative_binomial_tail
from reports.surges import Surges

SPREAD_MEMORY_ROWS: Final = 8000
_MAX_SURPRISE: Final = 690.0
_CLIP: Final = 3.0
"""Errors are capped at so many standard deviations before the spread is learnt from them."""


class Window:
    """The trailing sum over some rows: how far it strays, and how surprising its past was."""

    _KEEP = 0.5 ** (1 / SPREAD_MEMORY_ROWS)

    def __init__(self, rows: int, surges: Surges) -> None:
        self.rows = rows
        self.surges = surges
        self._values: deque[tuple[float, float]] = deque()
        self._pushes = 0
        self.value = self.expected = 0.0
        self._spread = [0.25 * 10, 10.0]

    def push(self, value: float, expected: float) -> bool:
        """Take in a row; True once the window is full."""
        if len(self._values) == self.rows:
            gone = self._values.popleft()
            self.value -= gone[0]
            self.expected -= gone[1]
        self._values.append((value, expected))
        self.value += value
        self.expected += expected
        self._pushes += 1
        if self._pushes % 1000 == 0:  # running sums drift by rounding
            self.value = math.fsum(v for v, _ in self._values)
            self.expected = math.fsum(e for _, e in self._values)
        return len(self._values) == self.rows

    def clear(self) -> None:
        """Forget the rows of the window, not what was learnt of them."""
        self._values.clear()
        self.value = self.expected = 0.0

    @property
    def dispersion(self) -> float:
        """`a` of the variance `M + a·M²` (`a·M²` where the series is not of whole numbers)."""
        return max(0.0, self._spread[0] / self._spread[1])

    def variance(self, counts: bool, doubt: float) -> float:
        """How far the sum may stray; `doubt` is relative variance on top."""
        relative = self.dispersion + doubt
        return (self.expected if counts else 0.0) + relative * self.expected**2

    def surprise(self, counts: bool, doubt: float) -> float:
        """`-ln P(X >= value)`; 0 where it is plainly nothing (under 1.5 standard deviations)."""
        mean = self.expected
        if self.value - mean < 1.5 * math.sqrt(self.variance(counts, doubt)):
            return 0.0
        if counts:
            tail = negative_binomial_tail(self.value, mean, self.dispersion + doubt)
        else:
            tail = lognormal_tail(self.value, mean, self.variance(counts, doubt))
        return min(_MAX_SURPRISE, -math.log(max(tail, 1e-300)))

    def learn(self, counts: bool, doubt: float) -> None:
        """Take in how far the full window strayed, clipped so that one row cannot undo it."""
        mean = max(self.expected, 1e-9)
        error = min((self.value - mean) ** 2, _CLIP**2 * self.variance(counts, doubt))
        base = max(self.dispersion, 0.05) * mean
        weight = (base / (1 + base)) ** 2 if counts else 1.0
        relative = (error - (mean if counts else 0.0)) / mean**2 - doubt
        self._spread = [
            self._spread[0] * self._KEEP + weight * relative,
            self._spread[1] * self._KEEP + weight,
        ]
