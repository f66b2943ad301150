"""What was counted before an alert while none was open: the time that its known hours are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from reports.usual import HISTORY_DAYS
from store.alerts import alerts
from store.counts import cause_counts, totals
from store.facet_counts import facet_counts
from store.facet_rows import FacetCount
from store.interface import CauseCount
from store.series_counts import Stretch

_LONGEST: Final = timedelta(days=8)
"""No alert is open for longer; one that began before the history may reach into it."""


def calm_time(conn: Connection, brand_id: int, until: datetime) -> list[Stretch]:
    """The eight weeks before a moment without the time of the brand's alerts that are over."""
    begin = until - timedelta(days=HISTORY_DAYS)
    found = []
    for row in sorted(alerts(conn, brand_id, begin - _LONGEST), key=lambda row: row.started_at):
        if row.closed_at is None or row.closed_at <= begin:
            continue
        if row.started_at > begin:
            found.append((begin, min(row.started_at, until)))
        begin = min(row.closed_at, until)
    return [stretch for stretch in (*found, (begin, until)) if stretch[0] < stretch[1]]


def calm_causes(
    conn: Connection, brand_id: int, calm: Iterable[Stretch], only: Sequence[int]
) -> list[CauseCount]:
    """Stories by cause in these stretches; with facets only those that speak of all of them."""
    counts: Counter[tuple[str, str]] = Counter()
    for start, end in calm:
        for row in cause_counts(conn, brand_id, start, end, only):
            counts[row.cause, row.polarity] += row.mentions
    return [CauseCount(*key, number, 0) for key, number in counts.items()]


def calm_facets(
    conn: Connection, brand_id: int, calm: Iterable[Stretch], count: Callable[[FacetCount], int]
) -> list[CauseCount]:
    """The same of products and places, the kind in the place of the polarity."""
    counts: Counter[tuple[str, str]] = Counter()
    for start, end in calm:
        for row in facet_counts(conn, brand_id, start, end):
            counts[row.slug, row.kind] += count(row)
    return [CauseCount(*key, number, 0) for key, number in counts.items()]


def calm_share(conn: Connection, brand_id: int, calm: Iterable[Stretch]) -> float | None:
    """The negative part of the scored stories in these stretches; None without any."""
    found = [totals(conn, brand_id, start, end) for start, end in calm]
    scored = sum(row.negative + row.neutral + row.positive for row in found)
    return sum(row.negative for row in found) / scored if scored else None
