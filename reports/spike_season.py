"""The daily and weekly cycle of any regular series, learnt row by row. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
SEASON_MEMORY: Final = timedelta(weeks=6)
SEASON_DOUBT: Final = 0.3
"""Relative variance that a daily cycle not yet seen may hide (a swing of about 1:4)."""


class Season:
    """Multiplicative factors by slot of the day and of the week, learnt as ratios of sums."""

    def __init__(self, step: timedelta) -> None:
        self._slot = max(HOUR, step)
        self._per_day = round(DAY / self._slot) if step < DAY else 1
        self._per_week = 7 * self._per_day if step < WEEK else 1
        self._rows_per_slot = max(1.0, self._slot / step)
        self._keep = 0.5 ** (step * self._per_day * self._rows_per_slot / SEASON_MEMORY)
        self._day = [(0.0, 0.0)] * self._per_day
        self._week = [(0.0, 0.0)] * self._per_week
        self._rows = 0
        self._full_weeks_at = 2 * WEEK / step

    def slots(self, at: datetime) -> tuple[int, int]:
        """The slot of the day and of the week that `at` falls in."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        of_day = int((at - midnight) / self._slot) % self._per_day
        return of_day, (at.weekday() * self._per_day + of_day) % self._per_week

    def factor(self, slots: tuple[int, int]) -> float:
        """How many times the level is usual in these slots; 1 with no history."""
        return self._day_factor(slots[0]) * self._week_factor(slots[1])

    def doubt(self, slots: tuple[int, int]) -> float:
        """The relative variance still unexplained because the slot was seen on few days."""
        if self._per_day == 1:
            return 0.0
        days = self._day[slots[0]][1] / self._rows_per_slot
        return SEASON_DOUBT * 0.5 / (0.5 + days)

    def learn(self, slots: tuple[int, int], ratio: float) -> None:
        """Take in a row that was `ratio` times the level."""
        self._rows += 1
        of_day, of_week = slots
        if self._per_day > 1:
            total, weight = self._day[of_day]
            keep = self._keep ** (1 / self._rows_per_slot)
            self._day[of_day] = (total * keep + ratio, weight * keep + 1)
        if self._per_week > 1:
            total, weight = self._week[of_week]
            self._week[of_week] = (total + ratio / self._day_factor(of_day), weight + 1)

    def _day_factor(self, slot: int) -> float:
        total, weight = self._day[slot]
        prior = 0.5 * self._rows_per_slot
        return max(0.02, (total + prior) / (weight + prior))

    def _week_factor(self, slot: int) -> float:
        if self._rows < self._full_weeks_at:
            return 1.0
        total, weight = self._week[slot]
        prior = 3 * self._rows_per_slot
        return max(0.05, (total + prior) / (weight + prior))
