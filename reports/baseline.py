"""What a window of hours ending now usually holds: the batch half of spike detection. Pure.

Hours are given newest first, aligned to now: the first is the hour that ends now. `None` marks an
hour that is not known (an outage, an earlier alert, before the brand was watched). The window
itself is never in its own baseline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from reports.spikes import MONTH, severity
from reports.statistics import negative_binomial_quantile, negative_binomial_tail

HOUR = timedelta(hours=1)
BASELINE_DAYS = 28
WINDOWS = (1, 3, 8, 24)
"""Hours of the windows that may be watched."""
LEAST_HOURS = 72
"""With less history than this nothing is decided."""
SEASON_DAYS = 3
"""A daily cycle is learnt from this many days on."""
DECISIONS_PER_WINDOW = 8
"""How often a window is looked at while it passes, at most (overlaps count as new decisions)."""
DECISIONS_PER_MONTH = MONTH / timedelta(minutes=15)
LEVEL_HALF_LIFE = 240.0
_PRIOR = {1: 0.25, 3: 0.2, 8: 0.15, 24: 0.1}
_PRIOR_WINDOWS = 5


@dataclass(frozen=True, slots=True)
class Baseline:
    """The usual count of a window: its mean, spread and 95 % prediction interval.

    Attributes:
        dispersion: `a` of the variance `M + a·M²`, the doubt about the mean included.
        hours: known hours it rests on.
        seasonal: whether the hour of the day was taken into account.
    """

    expected: float
    dispersion: float
    low: int
    high: int
    hours: int
    seasonal: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A window that holds more than chance explains.

    Attributes:
        width: hours of the window.
        start: how many hours ago the rise began, 1 to `width`.
        margin: natural logarithms by which the tail probability is below its threshold.
    """

    width: int
    start: int
    observed: int
    baseline: Baseline
    margin: float
    severity: int


def windows_for(a_day: float) -> tuple[int, ...]:
    """The windows in hours worth watching for a brand with that many such stories a day.

    A window shorter than the wait for a few stories can only see noise.
    """
    if a_day >= 24:
        return WINDOWS
    return WINDOWS[1:] if a_day >= 3 else WINDOWS[2:]


def judge(
    hours: Sequence[float | None],
    *,
    false_alarms_per_month: float,
    minimum_count: int,
    longest: int | None = None,
) -> Finding | None:
    """Whether some window ending now holds more than the stated false-alarm rate allows.

    Args:
        hours: counts by hour, newest first.
        false_alarms_per_month: the stated rate for the brand, divided among the windows and the
            decisions of a month (Bonferroni, so the true rate is lower).
        minimum_count: a window with fewer raises nothing.
        longest: hours that may be looked at; earlier ones were announced already.

    Returns:
        The most surprising window, or None.
    """
    known = [value for value in hours if value is not None]
    if len(known) < LEAST_HOURS or longest == 0:
        return None
    widths = sorted({min(w, longest or w) for w in windows_for(24 * sum(known) / len(known))})
    findings = []
    for width in widths:
        window = [value for value in hours[:width] if value is not None]
        observed = int(sum(window))
        if len(window) < width or observed < max(1, minimum_count):
            continue
        usual = window_baseline(hours, width)
        tail = negative_binomial_tail(observed, usual.expected, usual.dispersion)
        decisions = min(DECISIONS_PER_MONTH, MONTH / (width * HOUR) * DECISIONS_PER_WINDOW)
        threshold = min(0.01, false_alarms_per_month / decisions / len(widths))
        margin = math.log(threshold) - math.log(max(tail, 1e-300))
        if margin >= 0:
            score = severity(observed / max(usual.expected, 0.5), margin)
            start = _rise(hours[:width], usual.expected / width)
            findings.append(Finding(width, start, observed, usual, margin, score))
    return max(findings, key=lambda finding: finding.margin, default=None)


def _rise(window: Sequence[float | None], usual: float) -> int:
    """How many hours ago the excess began: the start that gathers most of it.

    A cumulative sum against the rate halfway between the usual and the window's own (Page,
    Biometrika 41, 1954), so that a single post long before the wave does not begin it.
    """
    own = sum(value or 0.0 for value in window) / len(window)
    sums = list(accumulate((value or 0.0) - (usual + own) / 2 for value in window))
    return sums.index(max(sums)) + 1


def window_baseline(hours: Sequence[float | None], width: int) -> Baseline:
    """The usual count of the newest `width` hours, learnt from the hours before them.

    Mean: a weighted mean of the history (half-life ten days), by hour of the day where there are
    at least three days of it. Spread: method of moments over the history's windows of that
    width, shrunk towards a prior worth five windows. Hours far above the others are clipped
    first, so that past spikes do not poison it.
    """
    past = _clip(hours[width:])
    known = sum(value is not None for value in past)
    seasonal = known >= SEASON_DAYS * 24
    factors = _day_factors(past, width) if seasonal else [1.0] * 24
    shape = [factors[(width + back) % 24] for back in range(len(past))]
    level = _level(past, shape)
    expected = level * sum(factors[back % 24] for back in range(width))
    spread = _dispersion(past, [level * factor for factor in shape], width)
    spread += (spread + 1 / max(expected, 0.1)) * width / max(known, width)
    return Baseline(
        expected=expected,
        dispersion=spread,
        low=negative_binomial_quantile(0.025, expected, spread),
        high=negative_binomial_quantile(0.975, expected, spread),
        hours=known,
        seasonal=seasonal,
    )


def _clip(hours: Sequence[float | None]) -> list[float | None]:
    """Cap hours at the mean plus three standard deviations plus two, twice over."""
    values = list(hours)
    for _ in range(2):
        known = [value for value in values if value is not None]
        if not known:
            return values
        mean = sum(known) / len(known)
        variance = sum((value - mean) ** 2 for value in known) / len(known)
        cap = mean + 3 * math.sqrt(variance) + 2
        values = [None if value is None else min(value, cap) for value in values]
    return values


def _day_factors(past: Sequence[float | None], width: int) -> list[float]:
    """Multiples of the mean by hour of the day, slot 0 the hour ending now; shrunk to 1."""
    known = [value for value in past if value is not None]
    mean = max(sum(known) / len(known), 1e-9)
    sums, counts = [0.0] * 24, [0] * 24
    for back, value in enumerate(past, start=width):
        if value is not None:
            sums[back % 24] += value
            counts[back % 24] += 1
    # Two imagined days of average hours keep a slot that held nothing from foretelling nothing.
    return [
        (total + 2 * mean) / (mean * (count + 2)) for total, count in zip(sums, counts, strict=True)
    ]


def _level(past: Sequence[float | None], shape: Sequence[float]) -> float:
    """Weighted counts over weighted shape; never 0, as if half a story had been seen."""
    seen, foretold = 0.5, 0.0
    for back, (value, factor) in enumerate(zip(past, shape, strict=True)):
        if value is not None:
            weight = 0.5 ** (back / LEVEL_HALF_LIFE)
            seen += weight * value
            foretold += weight * factor
    return seen / foretold if foretold else 0.0


def _dispersion(past: Sequence[float | None], foretold: Sequence[float], width: int) -> float:
    """`a` of the variance `M + a·M²` over the past's windows of this width, shrunk."""
    prior = _PRIOR.get(width, 0.2)
    over, weight = prior * _PRIOR_WINDOWS, float(_PRIOR_WINDOWS)
    for begin in range(0, len(past) - width + 1, width):
        window = [value for value in past[begin : begin + width] if value is not None]
        if len(window) < width:
            continue
        mean = max(sum(foretold[begin : begin + width]), 1e-9)
        variance = mean + prior * mean * mean
        error = min((sum(window) - mean) ** 2, 16 * variance)
        trust = (mean / (mean + 1 / prior)) ** 2 * 4
        over += trust * (error - mean) / (mean * mean)
        weight += trust
    return max(0.0, over / weight)
