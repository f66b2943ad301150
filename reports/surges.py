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
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Final

MONTH: Final = timedelta(days=365.2425 / 12)
DAY: Final = timedelta(days=1)
CALM: Final = timedelta(hours=3)
MEMORY: Final = timedelta(weeks=4)
"""Half-life of what is remembered of surges."""
_PRIOR_SURGES = 4.0
_PRIOR_TIME = timedelta(days=7)
_LEAST_PROBABILITY = 0.02


class Surges:
    """The surges of one window of a series.

    Args:
        step: the time from one row to the next.
        rate: how many alarms a month this window may raise.

    Attributes:
        threshold: the surprise above which an alarm is raised.
    """

    def __init__(self, step: timedelta, rate: float) -> None:
        self._rate = rate
        self._least = max(-math.log(_LEAST_PROBABILITY), math.log(DAY / step))
        self._calm_rows = max(1, round(CALM / step))
        self._row = step / MONTH
        self._keep = 0.5 ** (step / MEMORY)
        self._law = -math.log(min(0.01, rate * self._row))
        self._months = self._count = self._whole = self._excess = 0.0
        self._peak = 0.0
        self._calm = self._rows = 0
        self.threshold = self._law
        self._calibrate()

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
        # A surprise that exceeds `least` by an exponential of mean 1 exceeds its log by this mean.
        law = 1 / (1 + self._least)
        shape = _PRIOR_SURGES + self._whole
        scale = _PRIOR_SURGES * law + self._excess
        rarer = max(0.0, (a_month / self._rate) ** (1 / shape) - 1)
        self.threshold = max(self._law, self._least * math.exp(min(scale * rarer, 6.0)))
