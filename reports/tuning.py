"""What a marked false alarm changes: the budget of the series that raised it. Pure.

A series whose alarm was false is judged as if chance alone showed as much twice as often, so it
must be twice as surprising to be told; two such marks make it four times. Each mark fades with a
half-life of four weeks, so a mistaken mark mends itself. The other series lose nothing, and the
stated rate of the brand can only be undercut: every weight is at least 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

HALF_LIFE: Final = timedelta(days=28)
MEMORY: Final = timedelta(days=168)
"""After six half-lives a mark no longer counts."""
STRICTEST: Final = 32.0


def strictness(marked_at: Iterable[datetime], now: datetime) -> float:
    """How many times more surprising a series must be than before its marks; 1-32."""
    ages = [max(now - at, timedelta(0)) for at in marked_at]
    weight: float = sum(0.5 ** (age / HALF_LIFE) for age in ages if age <= MEMORY)
    factor: float = 2.0**weight
    return min(STRICTEST, factor)


def strictness_by_series(
    marks: Iterable[tuple[str, datetime]], now: datetime
) -> Mapping[str, float]:
    """The same for each series (`negative_count`, `cause:late`, ...) that has marks."""
    by_series: dict[str, list[datetime]] = defaultdict(list)
    for series, at in marks:
        by_series[series].append(at)
    return {series: strictness(times, now) for series, times in by_series.items()}


def series_key(kind: str, subject: str) -> str:
    """What the marks of a series are kept under."""
    return f"{kind}:{subject}" if subject else kind
