"""Finds spikes in any regular series, online, with a stated false-alarm rate.

How a row is judged, from the rows before it alone:

1. *Expected* = local level x seasonal factor. The level is an exponentially weighted ratio of
   what came to what the season foretold; factors by hour of day and, after two weeks, by hour of
   week are shrunk towards 1 while they have few rows behind them.
2. *Spread*: counts are negative binomial, variance `M + a·M²`, with the dispersion `a` a moment
   estimate over past one-step errors (Breslow, Applied Statistics 33 (1984) 38-44). Series that
   are not whole numbers get a log-normal law of the same two moments.
3. *Surprise* `s = -ln P(X >= observed)` over trailing windows of 1, 3 and 12 rows (and six hours,
   where the step is minutes), so that both a burst and a lasting rise are found. Where the past
   had heavier tails than the law says, an exponential fit to past surprises raises the threshold
   (peaks over threshold; Siffer et al., KDD 2017, fit a Pareto tail likewise).
4. The *threshold* divides the wanted false alarms a month among all decisions of a month.

Spikes do not poison the baseline: what is learnt from a row is clipped, and while an event lasts
the spread is not learnt at all. An event raises one alarm and is over after a calm stretch.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from reports.statistics import (
    lognormal_quantile,
    lognormal_tail,
    negative_binomial_quantile,
    negative_binomial_tail,
)

MONTH = timedelta(days=365.2425 / 12)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)

WINDOWS = (1, 3, 12)
LONGEST_WINDOW = timedelta(days=3)
SPARSE_WINDOW = timedelta(hours=6)
"""Series with a row every few minutes are mostly zeros for a small brand: this one gathers them."""
WARM_UP_ROWS = 20
LEVEL_MEMORY = DAY
"""Half-life of the level: long against an event of hours, short against a change of fortune."""
LEVEL_MEMORY_ROWS = 14
SPREAD_MEMORY_ROWS = 4000
SEASON_MEMORY = timedelta(weeks=6)
SEASON_DOUBT = 0.3
"""Relative variance that a daily cycle not yet seen may hide (a swing of about 1:4)."""
CALM = timedelta(hours=3)
CALM_PROBABILITY = 0.01
NEW_NORMAL = DAY
"""A rise that lasts longer is the new level, and is learnt as such."""
_MAX_SURPRISE = 690.0


@dataclass(frozen=True, slots=True)
class SpikeSettings:
    """What a user chooses.

    Attributes:
        false_alarms_per_month: how many alarms an uneventful series may raise in a month.
        minimum_count: a window with fewer than this raises none (series of whole numbers only).
    """

    false_alarms_per_month: float = 1.0
    minimum_count: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms_per_month <= 1000:
            raise ValueError("false_alarms_per_month must be above 0 and at most 1000")
        if self.minimum_count < 0:
            raise ValueError("minimum_count must not be negative")


@dataclass(frozen=True, slots=True)
class Reading:
    """One row of a series: what was counted in the step that begins (or ends) at `at`."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Spike:
    """One alarm. `value`, `expected`, `low`, `high` are of the row at `detected_at`.

    Attributes:
        start: the first row of the rise, at most a window before `detected_at`.
        low: with `high` the 95 % prediction interval of that row.
        severity: 1-10, `1 + log2(ratio to expected) + log2(1 + decades beyond the threshold)`.
    """

    detected_at: datetime
    start: datetime
    value: float
    expected: float
    low: float
    high: float
    severity: int


def decision_probability(settings: SpikeSettings, step: timedelta, windows: int) -> float:
    """The tail probability of one decision that keeps the month's false alarms as stated.

    Bonferroni over the decisions of a month and the windows of each; overlapping windows and the
    one-alarm-per-event rule only lower the rate further.
    """
    return min(0.01, settings.false_alarms_per_month * (step / MONTH) / windows)


def window_rows(step: timedelta) -> tuple[int, ...]:
    """The trailing windows to watch, in rows: a burst, a rise and, for short steps, six hours."""
    rows = [rows for rows in WINDOWS if rows == 1 or rows * step <= LONGEST_WINDOW]
    if 2 * rows[-1] * step <= SPARSE_WINDOW:
        rows.append(round(SPARSE_WINDOW / step))
    return tuple(rows)


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


class _Window:
    """The trailing sum over some rows: how far it strays, and how surprising its past was."""

    _SURPRISING = 0.02
    _KEEP = 0.5 ** (1 / SPREAD_MEMORY_ROWS)

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._values: deque[tuple[float, float]] = deque()
        self._pushes = 0
        self.value = self.expected = 0.0
        self._spread = [0.25 * 10, 10.0]
        self._tail = [500 * self._SURPRISING, 500.0]
        self._excess = [20.0, 20.0]

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
        self._values.clear()
        self.value = self.expected = 0.0

    @property
    def dispersion(self) -> float:
        return max(0.0, self._spread[0] / self._spread[1])

    def variance(self, counts: bool, doubt: float) -> float:
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

    def threshold(self, probability: float) -> float:
        """The surprise that rows exceed with `probability`, by the law and by the past."""
        share = self._tail[0] / self._tail[1]
        mean_excess = max(1.0, self._excess[0] / self._excess[1])
        by_past = -math.log(self._SURPRISING) + mean_excess * math.log(share / probability)
        return max(-math.log(probability), by_past)

    def learn(self, surprise: float, probability: float, counts: bool, doubt: float) -> None:
        """Take in how far the full window strayed, clipped so that one row cannot undo it."""
        mean = max(self.expected, 1e-9)
        error = min((self.value - mean) ** 2, 16 * self.variance(counts, doubt))
        base = max(self.dispersion, 0.05) * mean
        weight = (base / (1 + base)) ** 2 if counts else 1.0
        relative = (error - (mean if counts else 0.0)) / mean**2 - doubt
        self._spread = [
            self._spread[0] * self._KEEP + weight * relative,
            self._spread[1] * self._KEEP + weight,
        ]
        over = surprise + math.log(self._SURPRISING)
        self._tail = [self._tail[0] * self._KEEP + (over > 0), self._tail[1] * self._KEEP + 1]
        if over > 0:
            over = min(over, 3 * self.threshold(probability))
            self._excess = [self._excess[0] + over, self._excess[1] + 1]
            if self._excess[1] > 400:
                self._excess = [self._excess[0] / 2, self._excess[1] / 2]


class SpikeDetector:
    """Judges the rows of one regular series as they come.

    Args:
        step: the time from one row to the next; a longer gap counts as missing, not as zero.
        settings: the stated false-alarm rate and the minimum count.
    """

    def __init__(self, step: timedelta, settings: SpikeSettings | None = None) -> None:
        if step <= timedelta(0):
            raise ValueError("the step of a series must be positive")
        self.step = step
        self.settings = settings or SpikeSettings()
        self._season = Season(step)
        self._windows = [_Window(rows) for rows in window_rows(step)]
        self._probability = decision_probability(self.settings, step, len(self._windows))
        self._memory = max(LEVEL_MEMORY / step, float(LEVEL_MEMORY_ROWS))
        self._level = [0.0, 0.0]
        self._nonzero = [0.0, 0.0]
        self._counts = True
        self._rows = 0
        self._last: datetime | None = None
        self._event_began: datetime | None = None
        self._calm_rows = 0
        self._recent: deque[Reading] = deque(maxlen=max(window_rows(step)))

    def update(self, reading: Reading) -> Spike | None:
        """Judge a row from it and the rows before it, then learn from it.

        Returns:
            An alarm, once per event, or None.

        Raises:
            ValueError: the row is not later than the one before.
        """
        if self._last is not None and reading.at <= self._last:
            raise ValueError(f"rows must be in order of time: {reading.at} after {self._last}")
        if not math.isfinite(reading.value):
            return None
        if self._last is not None and reading.at - self._last > 1.5 * self.step:
            for window in self._windows:
                window.clear()
            self._recent.clear()
        self._last = reading.at
        value = max(0.0, reading.value)
        self._counts = self._counts and value == int(value)
        self._recent.append(reading)
        return self._judge(reading.at, value)

    def _judge(self, at: datetime, value: float) -> Spike | None:
        slots = self._season.slots(at)
        factor = self._season.factor(slots)
        level = self._level[0] / self._level[1] if self._level[1] else value
        expected = max(level * factor, 1e-9)
        doubt = self._season.doubt(slots) + self._level_doubt(expected)
        full = [window for window in self._windows if window.push(value, expected)]
        surprises = [window.surprise(self._counts, doubt) for window in full]
        spike = None
        if self._event_began is not None:
            self._follow_event(at, max(surprises, default=0.0))
        elif self._rows >= WARM_UP_ROWS:
            spike = self._decide(at, full, surprises, doubt)
        if self._event_began is None or spike:
            for window, surprise in zip(full, surprises, strict=True):
                window.learn(surprise, self._probability, self._counts, doubt)
        self._learn_level(at, value, expected, factor, slots, doubt)
        self._rows += 1
        return spike

    def _level_doubt(self, expected: float) -> float:
        """The relative variance of the level itself, from the rows it rests on."""
        rows = min(self._rows + 0.5, 2.9 * self._memory)
        row = self._windows[0]
        return (row.dispersion + (1 / max(expected, 0.01) if self._counts else 0.0)) / rows

    def _decide(
        self,
        at: datetime,
        full: list[_Window],
        surprises: list[float],
        doubt: float,
    ) -> Spike | None:
        row = self._windows[0]
        if not surprises or surprises[0] < -math.log(0.025):
            return None
        beyond = [
            (surprise - window.threshold(self._probability), window)
            for window, surprise in zip(full, surprises, strict=True)
            if not self._counts or window.value >= self.settings.minimum_count
        ]
        if not beyond or max(beyond, key=lambda pair: pair[0])[0] < 0:
            return None
        margin = max(margin for margin, _ in beyond)
        rows = min(window.rows for over, window in beyond if over >= 0)
        low, high = self._interval(row, doubt)
        self._event_began, self._calm_rows = at, 0
        return Spike(
            detected_at=at,
            start=self._start(rows, row.expected),
            value=row.value,
            expected=row.expected,
            low=low,
            high=high,
            severity=severity(row.value / row.expected, margin),
        )

    def _start(self, rows: int, expected: float) -> datetime:
        """The first row of the window that stood above what was expected."""
        tail = list(self._recent)[-rows:]
        return next((r.at for r in tail if r.value > expected), tail[-1].at)

    def _interval(self, row: _Window, doubt: float) -> tuple[float, float]:
        if self._counts:
            dispersion = row.dispersion + doubt
            return (
                float(negative_binomial_quantile(0.025, row.expected, dispersion)),
                float(negative_binomial_quantile(0.975, row.expected, dispersion)),
            )
        variance = row.variance(self._counts, doubt)
        return (
            lognormal_quantile(0.025, row.expected, variance),
            lognormal_quantile(0.975, row.expected, variance),
        )

    def _follow_event(self, at: datetime, surprise: float) -> None:
        """An event is over after a calm stretch."""
        self._calm_rows = 0 if surprise > -math.log(CALM_PROBABILITY) else self._calm_rows + 1
        if self._calm_rows >= max(1, round(CALM / self.step)):
            self._event_began = None

    def _learn_level(
        self,
        at: datetime,
        value: float,
        expected: float,
        factor: float,
        slots: tuple[int, int],
        doubt: float,
    ) -> None:
        if value > 0:
            self._nonzero = [self._nonzero[0] + value, self._nonzero[1] + 1]
        learnt = self._clipped(at, value, expected, doubt)
        keep = 0.5 ** (1 / self._memory)
        self._level = [self._level[0] * keep + learnt, self._level[1] * keep + factor]
        if self._event_began is None:
            level = self._level[0] / self._level[1]
            self._season.learn(slots, learnt / level if level > 0 else 1.0)

    def _clipped(self, at: datetime, value: float, expected: float, doubt: float) -> float:
        if self._rows < WARM_UP_ROWS:
            return value
        began = self._event_began
        if began is not None and at - began > max(NEW_NORMAL, 5 * self.step):
            return value
        row = self._windows[0]
        relative = row.dispersion + doubt
        deviation = math.sqrt((expected if self._counts else 0.0) + relative * expected**2)
        # A sparse series lives on single items: clipping those would teach it that there are none.
        unit = 1.0 if self._counts else self._nonzero[0] / max(self._nonzero[1], 1)
        return min(value, expected + (3 if began is None else 1) * deviation + 2 * unit)


def severity(ratio: float, margin: float) -> int:
    """1-10: `1 + log2(ratio) + log2(1 + decades)`, decades = how far p is below its threshold.

    A doubling that just passes scores 2; four times, a thousandfold below the threshold, 5; ten
    times and twenty decades below, 9.
    """
    decades = max(0.0, margin) / math.log(10)
    score = 1 + math.log2(max(ratio, 1.0)) + math.log2(1 + decades)
    return max(1, min(10, round(score)))


def detect_spikes(
    readings: Iterable[Reading], settings: SpikeSettings | None = None
) -> Iterator[Spike]:
    """Judge a whole series row by row; the step is the usual distance of its first rows.

    No alarm can be raised during the warm-up, so reading ahead that far decides nothing.

    Raises:
        ValueError: the rows are not in order of time.
    """
    rows = iter(readings)
    head = [reading for reading, _ in zip(rows, range(WARM_UP_ROWS), strict=False)]
    if len(head) < 2:
        return
    distances = sorted(later.at - earlier.at for earlier, later in pairwise(head))
    detector = SpikeDetector(distances[len(distances) // 2], settings)
    for source in (head, rows):
        for reading in source:
            spike = detector.update(reading)
            if spike is not None:
                yield spike
