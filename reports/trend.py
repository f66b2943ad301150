"""Whether a figure rises or falls over consecutive periods. Pure, each formula with its source."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist, median

from reports.digest_facts import Direction, TrendFact

LEAST_PERIODS = 5
"""Of fewer, no order whatever would be rare enough to be called a trend."""
CHANCE = 0.05
_EXACT_UP_TO = 33


def trend(name: str, values: Sequence[float | None]) -> TrendFact:
    """The trend of consecutive values, unknown ones left out; claimed at p < 0.05."""
    known = [(float(at), value) for at, value in enumerate(values) if value is not None]
    if len(known) < LEAST_PERIODS:
        return TrendFact(name, "unknown", None, None, len(known))
    slope, p = theil_sen(known), mann_kendall_p([value for _, value in known])
    direction: Direction = "steady"
    if p < CHANCE and slope:
        direction = "rising" if slope > 0 else "falling"
    return TrendFact(name, direction, slope, p, len(known))


def theil_sen(points: Sequence[tuple[float, float]]) -> float:
    """The median of the slopes between all pairs of points; Sen, JASA 63 (1968) 1379-1389."""
    return median(
        (y2 - y1) / (x2 - x1)
        for index, (x1, y1) in enumerate(points)
        for x2, y2 in points[index + 1 :]
    )


def mann_kendall_p(values: Sequence[float]) -> float:
    """Two-sided p-value that the order of the values is chance.

    `S = Σ sign(x_j - x_i)`, i < j; without ties and up to 33 values from the exact distribution of
    inversions, else normal with the variance corrected for ties; Mann, Econometrica 13 (1945)
    245-259; Kendall, *Rank Correlation Methods*, 4th ed., ch. 4-5.
    """
    count = len(values)
    ties = [size for size in Counter(values).values() if size > 1]
    score = sum(
        (later > earlier) - (later < earlier)
        for index, earlier in enumerate(values)
        for later in values[index + 1 :]
    )
    if not ties and count <= _EXACT_UP_TO:
        return _exact_p(count, score)

    def spread(size: int) -> int:
        return size * (size - 1) * (2 * size + 5)

    variance = (spread(count) - sum(map(spread, ties))) / 18
    if variance <= 0:
        return 1.0
    return 2 * (1 - NormalDist().cdf(abs(score) / math.sqrt(variance)))


def _exact_p(count: int, score: int) -> float:
    """The share of orders that are at least as far from chance as this one."""
    pairs = count * (count - 1) // 2
    fewest = (pairs - abs(score)) // 2
    ways = _inversions(count)
    return min(1.0, 2 * sum(ways[: fewest + 1]) / math.factorial(count))


@cache
def _inversions(count: int) -> tuple[int, ...]:
    """How many orders of `count` values have 0, 1, 2 … inversions."""
    ways = [1]
    for size in range(2, count + 1):
        ways = [
            sum(ways[max(0, total - size + 1) : total + 1]) for total in range(len(ways) + size - 1)
        ]
    return tuple(ways)
