"""Finds spikes in any regular series, online, with a stated false-alarm rate.

How a row is judged, from the rows before it alone:

1. *Expected* = local level x seasonal factor. The level is an exponentially weighted ratio of
   what came to what the season foretold; factors by hour of day, day of week and hour
   of week are shrunk towards 1 while they have few rows behind them.
2. *Spread*: counts are negative binomial, variance `M + a·M²`, with the dispersion `a` a moment
   estimate over past one-step errors (Breslow, Applied Statistics 33 (1984) 38-44). Series that
   are not whole numbers get a log-normal law of the same two moments.
3. *Surprise* `s = -ln P(X >= observed)` over trailing windows of 1, 3 and 12 rows (and six hours,
   where the step is minutes), so that both a burst and a lasting rise are found.
4. The *threshold* of each window is the law's, its share of the wanted false alarms a month among
   all decisions of a month, or the one that the series' own past surges ask for, if that is higher
   (`reports/surges.py`).

Spikes do not poison the baseline: what is learnt from a row is clipped, and while an event lasts
the spread is not learnt at all. An event raises one alarm, another where it has grown to twice what
it was, and is over after a calm stretch.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from reports.spike_event import Event
from reports.spike_season import Season
from reports.spike_window import Window
from reports.statistics import lognormal_quantile, negative_binomial_quantile
from reports.surges import DAY, SharedSurges, Surges

WINDOWS = (1, 3, 12)
LONGEST_WINDOW = timedelta(days=3)
SPARSE_WINDOW = timedelta(hours=6)
"""Series with a row every few minutes are mostly zeros for a small brand: this one gathers them."""
LARGEST_VALUE = 1e15
"""Above it whole numbers are no longer exact, and their squares soon run out of a float."""
WARM_UP_ROWS = 20
LEVEL_MEMORY = timedelta(weeks=1)
"""Half-life of the level, as in alerts: with a day, a rise of half a day teaches itself."""
LEVEL_MEMORY_ROWS = 14
STRIKING_PROBABILITY = 0.1
"""A long window is told at a row that is itself above the usual, not hours after the rise."""
CALM_PROBABILITY = 0.01
NEW_NORMAL = DAY
"""A rise that lasts longer is the new level, and is learnt as such."""


@dataclass(frozen=True, slots=True)
class SpikeSettings:
    """What a user chooses.

    Attributes:
        false_alarms_per_month: how many alarms an uneventful series may raise in a month. Where
            surges have no typical size, the three greatest a month are told for each.
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
        window_rows: how many rows, up to that one, the shortest window holds that went beyond its
            threshold; the row itself may be as usual where it is more than one.
        window_value: the sum of those rows; `window_expected`, `window_low` and `window_high` are
            of that sum.
        severity: 1-10, `1 + log2(ratio to expected) + log2(1 + decades beyond the threshold)`.
    """

    detected_at: datetime
    start: datetime
    value: float
    expected: float
    low: float
    high: float
    window_rows: int
    window_value: float
    window_expected: float
    window_low: float
    window_high: float
    severity: int


def window_rows(step: timedelta) -> tuple[int, ...]:
    """The trailing windows to watch, in rows: a burst, a rise and, for short steps, six hours."""
    rows = [rows for rows in WINDOWS if rows == 1 or rows * step <= LONGEST_WINDOW]
    if 2 * rows[-1] * step <= SPARSE_WINDOW:
        rows.append(round(SPARSE_WINDOW / step))
    return tuple(rows)


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
        windows = window_rows(step)
        rate = self.settings.false_alarms_per_month
        self._windows = [Window(rows, Surges(step, rows, rate / len(windows))) for rows in windows]
        self._surges = SharedSurges([window.surges for window in self._windows], rate)
        self._memory = max(LEVEL_MEMORY / step, float(LEVEL_MEMORY_ROWS))
        self._level = [0.0, 0.0]
        self._nonzero = [0.0, 0.0]
        self._counts = True
        self._rows = 0
        self._last: datetime | None = None
        self._event: Event | None = None
        self._recent: deque[Reading] = deque(maxlen=max(window_rows(step)))

    def update(self, reading: Reading) -> Spike | None:
        """Judge a row from it and the rows before it, then learn from it.

        Returns:
            An alarm, of an event that begins or has grown to twice its size, or None.

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
        was_event = self._event is not None
        spike = self._follow(at, full, surprises, doubt) if self._rows >= WARM_UP_ROWS else None
        if self._event is None or not was_event:
            for window in full:
                window.learn(self._counts, doubt)
        if self._rows >= WARM_UP_ROWS:
            self._surges.see(surprises)
        self._learn_level(at, value, expected, factor, slots, doubt)
        self._rows += 1
        return spike

    def _level_doubt(self, expected: float) -> float:
        """The relative variance of the level itself, from the rows it rests on."""
        rows = min(self._rows + 0.5, 2.9 * self._memory)
        row = self._windows[0]
        return (row.dispersion + (1 / max(expected, 0.01) if self._counts else 0.0)) / rows

    def _follow(
        self, at: datetime, full: list[Window], surprises: list[float], doubt: float
    ) -> Spike | None:
        """Follow the event that is on, or see whether one begins; an alarm where there is news."""
        event = self._event
        news = full if event is None else event.grown(at, full)
        striking = max(surprises[:1], default=0.0) >= -math.log(STRIKING_PROBABILITY)
        judged = [(w, s) for w, s in zip(full, surprises, strict=True) if striking and w in news]
        spike = self._decide(at, judged, doubt)
        if event is None:
            self._event = Event(at, full) if spike else None
            return spike
        if spike:
            event.tell(at)
        calm = max(surprises, default=0.0) <= -math.log(CALM_PROBABILITY)
        if event.is_over(self.step, calm=calm):
            self._event = None
        return spike

    def _decide(
        self, at: datetime, judged: Sequence[tuple[Window, float]], doubt: float
    ) -> Spike | None:
        row = self._windows[0]
        beyond = [
            (surprise - window.surges.threshold, window)
            for window, surprise in judged
            if not self._counts or window.value >= self.settings.minimum_count
        ]
        if not beyond or max(beyond, key=lambda pair: pair[0])[0] < 0:
            return None
        margin = max(margin for margin, _ in beyond)
        fired = min((w for over, w in beyond if over >= 0), key=lambda window: window.rows)
        low, high = self._interval(row, doubt)
        window_low, window_high = self._interval(fired, doubt)
        return Spike(
            detected_at=at,
            start=self._start(fired.rows, row.expected),
            value=row.value,
            expected=row.expected,
            low=low,
            high=high,
            window_rows=fired.rows,
            window_value=fired.value,
            window_expected=fired.expected,
            window_low=window_low,
            window_high=window_high,
            severity=severity(row.value / row.expected, margin),
        )

    def _start(self, rows: int, expected: float) -> datetime:
        """The first row of the window that stood above what was expected."""
        tail = list(self._recent)[-rows:]
        return next((r.at for r in tail if r.value > expected), tail[-1].at)

    def _interval(self, window: Window, doubt: float) -> tuple[float, float]:
        """The 95 % prediction interval of what a window holds."""
        if self._counts:
            dispersion = window.dispersion + doubt
            return (
                float(negative_binomial_quantile(0.025, window.expected, dispersion)),
                float(negative_binomial_quantile(0.975, window.expected, dispersion)),
            )
        variance = window.variance(self._counts, doubt)
        return (
            lognormal_quantile(0.025, window.expected, variance),
            lognormal_quantile(0.975, window.expected, variance),
        )

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
        # What stays is the new level, and learnt within days: the old one would alarm for weeks.
        settling = max(NEW_NORMAL / self.step, float(LEVEL_MEMORY_ROWS))
        memory = settling if self._stays(at) else self._memory
        keep = 0.5 ** (1 / memory)
        self._level = [self._level[0] * keep + learnt, self._level[1] * keep + factor]
        if self._event is None:
            level = self._level[0] / self._level[1]
            self._season.learn(slots, learnt / level if level > 0 else 1.0)

    def _stays(self, at: datetime) -> bool:
        """Whether the event that is on has lasted so long that it is no event any more."""
        event = self._event
        return event is not None and at - event.began > max(NEW_NORMAL, 5 * self.step)

    def _clipped(self, at: datetime, value: float, expected: float, doubt: float) -> float:
        if self._rows < WARM_UP_ROWS:
            return value
        event = self._event
        if self._stays(at):
            return value
        row = self._windows[0]
        relative = row.dispersion + doubt
        deviation = math.sqrt((expected if self._counts else 0.0) + relative * expected**2)
        # A sparse series lives on single items: clipping those would teach it that there are none.
        unit = 1.0 if self._counts else self._nonzero[0] / max(self._nonzero[1], 1)
        return min(value, expected + (3 if event is None else 1) * deviation + 2 * unit)


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
