"""The daily and weekly cycle of any regular series, learnt row by row. Pure.

A factor by hour of the day, one by day of the week, one by hour of the week, each of what those
before leave over. Two Sundays say little of Sundays at nine, but much of Sundays. Where a row is a
day, the weekday alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
SEASON_MEMORY: Final = timedelta(weeks=6)
SEASON_DOUBT: Final = 0.3
"""Relative variance that a daily cycle not yet seen may hide (a swing of about 1:4)."""
_DAY_PRIOR, _WEEKDAY_PRIOR, _WEEK_PRIOR = 0.5, 0.3, 5.0
"""How many days or weeks without any cycle a factor is shrunk by."""


class Season:
    """Multiplicative factors by slot of the day and of the week, learnt as ratios of sums."""

    def __init__(self, step: timedelta) -> None:
        self._slot = max(HOUR, step)
        self._per_day = round(DAY / self._slot) if step < DAY else 1
        self._per_week = 7 * self._per_day if step < WEEK else 1
        self._rows_per_slot = max(1.0, self._slot / step)
        self._keep = 0.5 ** (step * self._per_day * self._rows_per_slot / SEASON_MEMORY)
        self._day = [(0.0, 0.0)] * self._per_day
        self._weekday = [(0.0, 0.0)] * 7
        self._week = [(0.0, 0.0)] * self._per_week
        self._rows = 0
        self._rows_per_week = WEEK / step

    def slots(self, at: datetime) -> tuple[int, int]:
        """The slot of the day and of the week that `at` falls in."""
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        of_day = int((at - midnight) / self._slot) % self._per_day
        return of_day, (at.weekday() * self._per_day + of_day) % self._per_week

    def factor(self, slots: tuple[int, int]) -> float:
        """How many times the level is usual in these slots; 1 with no history."""
        of_day, of_week = slots
        weekday = self._weekday_factor(of_week // self._per_day)
        return self._day_factor(of_day) * weekday * self._week_factor(of_week)

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
            left = ratio / self._day_factor(of_day)
            weekday = of_week // self._per_day
            total, weight = self._week[of_week]
            self._week[of_week] = (total + left / self._weekday_factor(weekday), weight + 1)
            total, weight = self._weekday[weekday]
            self._weekday[weekday] = (total + left, weight + 1)

    def _day_factor(self, slot: int) -> float:
        total, weight = self._day[slot]
        prior = _DAY_PRIOR * self._rows_per_slot
        return max(0.02, (total + prior) / (weight + prior))

    def _weekday_factor(self, weekday: int) -> float:
        if self._per_week == 1 or self._rows < self._rows_per_week:
            return 1.0
        total, weight = self._weekday[weekday]
        prior = _WEEKDAY_PRIOR * self._per_day * self._rows_per_slot
        return max(0.05, (total + prior) / (weight + prior))

    def _week_factor(self, slot: int) -> float:
        if self._per_day == 1 or self._rows < 2 * self._rows_per_week:
            return 1.0
        total, weight = self._week[slot]
        prior = _WEEK_PRIOR * self._rows_per_slot
        return max(0.05, (total + prior) / (weight + prior))
