"""What a causes report reads of the store: a period's stories, and what was usual before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reports.causes import CauseCounts
from reports.interface import Audience
from reports.posts import Story, first_told
from reports.reason_changes import LEAST_BASELINE, Usual
from reports.reason_parts import By
from store.cause_parts import cause_parts
from store.counts import cause_counts
from store.facet_rows import FacetRow
from store.facets import facets
from store.history import first_by_source, labelled_mentions
from store.interface import LabelledMention, MentionFilter

BASELINE_PERIODS = 4


@dataclass(frozen=True, slots=True)
class Period:
    """What to tell of: `[start, end)`, in whose words, divided how.

    Attributes:
        only: products and places; mentions that do not speak of all of them are left out.
        sources: types of sources; mentions from others are left out. Empty: none is.
    """

    start: datetime
    end: datetime
    audience: Audience
    by: By | None = None
    parents: tuple[tuple[str, str], ...] = ()
    """`(cause, wider cause)`."""
    only: tuple[FacetRow, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def length(self) -> timedelta:
        """From its start to its end."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Told:
    """What was read: the stories of the period and of the one before, counts, and the baseline.

    Attributes:
        names: `(product or place, key)` -> what it is called.
    """

    stories: Sequence[Story]
    before: Sequence[Story]
    counts: CauseCounts
    usual: Usual
    names: Mapping[tuple[str, str], str]


def read(conn: Connection, brand_id: int, period: Period) -> Told:
    """Read what a report of a brand and period is made of.

    Stories stand by their first mention, as `store.counts` counts them: another one might name
    other causes.
    """
    earlier = period.start - period.length
    start, usual = _baseline(conn, brand_id, period)
    if usual.lengths:
        only = ([facet.id for facet in period.only], period.sources)
        found = cause_parts(conn, brand_id, (start, period.start), *only)
        usual = replace(usual, stories=found)
    return Told(
        stories=first_told(_mentions(conn, brand_id, period, (period.start, period.end))),
        before=first_told(_mentions(conn, brand_id, period, (earlier, period.start))),
        counts=_counts(conn, brand_id, period, (start, usual.lengths)),
        usual=usual,
        names={
            (str(facet.kind), facet.slug): facet.called(period.audience.lang)
            for facet in facets(conn, brand_id)
        },
    )


def _baseline(conn: Connection, brand_id: int, period: Period) -> tuple[datetime, Usual]:
    """Up to four periods before, since the brand and each source were first heard of."""
    known = first_by_source(conn, brand_id)
    earliest = period.start - BASELINE_PERIODS * period.length
    wanted = period.sources or known
    begins = {key: max(earliest, at) for key, at in known.items() if key in wanted}
    by_source = {key: max(0.0, (period.start - at) / period.length) for key, at in begins.items()}
    lengths = max(by_source.values(), default=0.0)
    start = min(begins.values(), default=period.start)
    enough = lengths if lengths >= LEAST_BASELINE else 0.0
    return start, Usual(lengths=enough, by_source=by_source)


def _counts(
    conn: Connection, brand_id: int, period: Period, before: tuple[datetime, float]
) -> CauseCounts:
    """Counts now, in the period before, and in the baseline of that start and length."""
    only = ([facet.id for facet in period.only], period.sources)
    now = cause_counts(conn, brand_id, period.start, period.end, *only)
    if not before[1]:
        return CauseCounts(now, [], None, (1.0, 0.0))
    return CauseCounts(
        now,
        cause_counts(conn, brand_id, before[0], period.start, *only),
        cause_counts(conn, brand_id, period.start - period.length, period.start, *only),
        (1.0, before[1]),
    )


def _mentions(
    conn: Connection, brand_id: int, period: Period, interval: tuple[datetime, datetime]
) -> Iterator[LabelledMention]:
    only = {str(facet.kind): facet.slug for facet in period.only}
    wanted = MentionFilter(
        brand_id=brand_id,
        since=interval[0],
        until=interval[1],
        own=False,
        product=only.get("product"),
        place=only.get("place"),
        source_types=period.sources or None,
    )
    return labelled_mentions(conn, wanted)
