"""How far the surges of a series usually go, and the threshold that keeps a stated rate. Pure.

No law of counts foretells how far a bursty series goes: posts are passed on by numbers without a
typical size. So the threshold is calibrated on the series' own past (peaks over threshold; Siffer
et al., KDD 2017). A *surge* is a stretch of rows more surprising than chance brings once a day by
the law, over after three calm hours; it counts once, by its peak, so that a threshold which n
surges a month exceed raises n alarms a month. Peaks above that level are taken for Pareto (Hill,
Annals of Statistics 3 (1975) 1163-1174), which for counts that do follow the law comes to about
their exponential tail; the exponent has a gamma prior at the law's worth ten surges, so the
predictive tail is log-Lomax. Surges that reached the threshold are censored at it: one great crisis
does not silence the next, many alarms raise the threshold until they are as rare as stated.

A surge mostly shows in several windows at once and is one alarm: how far they share their surges
is learnt (`SharedSurges`). And where surges have no typical size at all, a great one is seldom
nothing: the greatest `SURGES_TO_TELL` a month are told for each false alarm that is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

MONTH: Final = timedelta(days=365.2425 / 12)
DAY: Final = timedelta(days=1)
CALM: Final = timedelta(hours=3)
OVERLAPPING_LOOKS: Final = 8
"""A window that moves on row by row decides no more often than so many times in its own length, as
in alerts: what 71 of 72 rows say is hardly another look."""
MEMORY: Final = timedelta(weeks=4)
"""Half-life of what is remembered of surges."""
SURGES_TO_TELL: Final = 3.0
"""A month, for each false alarm a month: who is told of one surge in ten days can follow them, and
takes two real ones in three for worth it. By volume alone nobody can tell which they are."""
_NO_TYPICAL_SIZE = 0.5
"""The mean of a logarithm from which on its exponential has a variance without end."""
_PRIOR_SURGES = 4.0
_PRIOR_TIME = timedelta(days=7)
_LEAST_PROBABILITY = 0.02


class Surges:
    """The surges of one window of a series.

    Args:
        step: the time from one row to the next.
        rows: how many rows the window holds.
        rate: how many alarms a month this window may raise.

    Attributes:
        rate: the same, for surges; a change tells when the next one is over.
        threshold: the surprise above which an alarm is raised.
        number: of the surges so far.
    """

    def __init__(self, step: timedelta, rows: int, rate: float) -> None:
        self.rate = rate
        self.number = 0
        look = step * max(1.0, rows / OVERLAPPING_LOOKS)
        self._least = max(-math.log(_LEAST_PROBABILITY), math.log(DAY / look))
        self._calm_rows = max(1, round(CALM / step))
        self._row = step / MONTH
        self._keep = 0.5 ** (step / MEMORY)
        self._law = -math.log(min(0.01, rate * (look / MONTH)))
        self._months = self._count = self._whole = self._excess = 0.0
        self._peak = 0.0
        self._calm = self._rows = 0
        self.threshold = self._law
        self._calibrate()

    @property
    def surging(self) -> bool:
        """Whether a surge is not over yet."""
        return self._peak > 0

    @property
    def has_typical_size(self) -> bool:
        """Whether the surprise of surges has a finite variance, by what is known of them."""
        shape, scale = self._tail()
        return scale / shape < _NO_TYPICAL_SIZE

    def _tail(self) -> tuple[float, float]:
        """Shape and scale of what is believed of the exponent of the surges' tail (a gamma)."""
        # A surprise that exceeds `least` by an exponential of mean 1 exceeds its log by this mean.
        law = 1 / (1 + self._least)
        return _PRIOR_SURGES + self._whole, _PRIOR_SURGES * law + self._excess

    def see(self, surprise: float) -> None:
        """Take in the surprise of a row; the threshold moves when a surge is over."""
        self._rows += 1
        if surprise > self._least:
            self._peak = max(self._peak, surprise)
            self._calm = 0
        elif self._peak:
            self._calm += 1
            if self._calm >= self._calm_rows:
                self._close()

    def _close(self) -> None:
        self.number += 1
        keep = self._keep**self._rows
        self._months = self._months * keep + self._row * (1 - keep) / (1 - self._keep)
        self._count = self._count * keep + 1
        self._whole = self._whole * keep + (self._peak < self.threshold)
        reached = min(self._peak, self.threshold)
        self._excess = self._excess * keep + math.log(reached / self._least)
        self._peak, self._calm, self._rows = 0.0, 0, 0
        self._calibrate()

    def _calibrate(self) -> None:
        prior_months = _PRIOR_TIME / MONTH
        a_month = (self._count + 1) / (self._months + prior_months)
        shape, scale = self._tail()
        rarer = max(0.0, (a_month / self.rate) ** (1 / shape) - 1)
        self.threshold = max(self._law, self._least * math.exp(min(scale * rarer, 6.0)))


class SharedSurges:
    """The surges of all windows of a series, and how far they are the same ones.

    Four windows that always surge together raise one alarm where four apart would raise four: with
    `k` times as many surges of the series as of one of its windows, on average, each window may
    raise a k-th of the alarms. Until surges are known, all are taken for apart.

    Args:
        windows: the surges of each window.
        rate: how many false alarms a month they may raise together.
    """

    def __init__(self, windows: Sequence[Surges], rate: float) -> None:
        self._windows = windows
        self._rate = rate
        self._number = 0
        self._surging = False

    def see(self, surprises: Sequence[float]) -> None:
        """Take in the surprise of a row in each window, those that are not full left out."""
        for window, surprise in zip(self._windows, surprises, strict=False):
            window.see(surprise)
        surging = any(window.surging for window in self._windows)
        self._number += surging and not self._surging
        self._surging = surging
        rate = self._rate / self._apart()
        for window in self._windows:
            window.rate = rate * (1.0 if window.has_typical_size else SURGES_TO_TELL)

    def _apart(self) -> float:
        number = len(self._windows)
        of_windows = sum(window.number for window in self._windows)
        share = (self._number + _PRIOR_SURGES) / (of_windows + _PRIOR_SURGES)
        return min(max(1.0, number * share), float(number))
