"""What a causes report reads of the store: a period's stories, and what was usual before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from store.history import count_mentions, first_by_source, labelled_mentions
from store.interface import CauseCount, MentionFilter
from store.labels import UNLABELLED

BASELINE_PERIODS = 4
UNLABELLED_AT_MOST = 0.05
"""Of the baseline's mentions, and of the period's. After a switch of model or taxonomy all are
labelled anew, and as long as many of either wait, everything would seem to rise or to fall."""


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

    @property
    def before(self) -> tuple[datetime, datetime]:
        """The period before, of the same length."""
        return self.start - self.length, self.start


@dataclass(frozen=True, slots=True)
class BaselineFact:
    """What is called usual: the mentions from `start` (UTC) up to the period, reprints too.

    Attributes:
        unlabelled: how many of them, and of the period's own, the model and taxonomy in use have
            not read yet.
        read: whether enough of either is labelled to compare them.
    """

    start: datetime
    mentions: int
    unlabelled: int
    read: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What was read: the stories of the period and of the one before, counts, and the baseline.

    Attributes:
        compared: counts without the sources that are too young to have a baseline.
        names: `(product or place, key)` -> what it is called.
    """

    stories: Sequence[Story]
    before: Sequence[Story]
    counts: CauseCounts
    compared: CauseCounts
    usual: Usual
    baseline: BaselineFact
    names: Mapping[tuple[str, str], str]


def read(conn: Connection, brand_id: int, period: Period) -> Told:
    """Read what a report of a brand and period is made of.

    Stories stand by their first mention, as `store.counts` counts them: another one might name
    other causes.
    """
    baseline, usual = _baseline(conn, brand_id, period)
    counts = _counts(conn, brand_id, period, usual)
    return Told(
        stories=_stories(conn, brand_id, period, (period.start, period.end)),
        before=_stories(conn, brand_id, period, period.before),
        counts=counts,
        compared=_compared(conn, brand_id, period, counts, usual),
        usual=usual,
        baseline=baseline,
        names={
            (str(facet.kind), facet.slug): facet.called(period.audience.lang)
            for facet in facets(conn, brand_id)
        },
    )


def _baseline(conn: Connection, brand_id: int, period: Period) -> tuple[BaselineFact, Usual]:
    """Up to four periods before, since the last source that is no longer young was first heard of.

    Before, its past would be short of what the period has, and everything would seem to rise.
    """
    known = first_by_source(conn, brand_id)
    earliest = period.start - BASELINE_PERIODS * period.length
    wanted = period.sources or known
    begins = {key: max(earliest, at) for key, at in known.items() if key in wanted}
    by_source = {key: max(0.0, (period.start - at) / period.length) for key, at in begins.items()}
    usual = Usual(by_source=by_source)
    start = max((begins[key] for key in usual.settled), default=None)
    start = start or min((period.start, *begins.values()))
    lengths = (period.start - start) / period.length
    usual = replace(usual, lengths=lengths)
    settled = (usual.young and usual.settled) or period.sources
    baseline = _known(conn, brand_id, period, start, settled)
    if lengths < LEAST_BASELINE or not baseline.read:
        return baseline, Usual()
    facet_ids = [facet.id for facet in period.only]
    stories = cause_parts(conn, brand_id, (start, period.start), facet_ids, settled)
    return baseline, replace(usual, stories=stories)


def _known(
    conn: Connection, brand_id: int, period: Period, start: datetime, settled: Sequence[str]
) -> BaselineFact:
    """How much of the baseline there is, and how much of it and of the period is not labelled."""
    counts = []
    for interval in ((start, period.start), (period.start, period.end)):
        asked = _wanted(brand_id, period, interval)
        asked = replace(asked, source_types=tuple(settled) or None)
        unread = count_mentions(conn, replace(asked, sentiment=UNLABELLED))
        counts.append((count_mentions(conn, asked), unread))
    read = all(unread <= UNLABELLED_AT_MOST * mentions for mentions, unread in counts)
    return BaselineFact(start, counts[0][0], sum(unread for _, unread in counts), read)


def _counts(conn: Connection, brand_id: int, period: Period, usual: Usual) -> CauseCounts:
    """Counts now, in the period before, and in the baseline."""
    only = ([facet.id for facet in period.only], period.sources)
    now = cause_counts(conn, brand_id, period.start, period.end, *only)
    if not usual.lengths:
        return CauseCounts(now, [], None, (1.0, 0.0))
    past = [
        CauseCount(cause, polarity, len(ids), 0)
        for polarity in ("negative", "positive")
        for cause, ids in usual.naming(polarity).items()
    ]
    previous = cause_counts(conn, brand_id, *period.before, *only)
    return CauseCounts(now, past, previous, (1.0, usual.lengths))


def _compared(
    conn: Connection, brand_id: int, period: Period, counts: CauseCounts, usual: Usual
) -> CauseCounts:
    """What a new source brings is no rise: it was not heard before."""
    if not usual.young:
        return counts
    only = ([facet.id for facet in period.only], usual.settled)
    return replace(counts, now=cause_counts(conn, brand_id, period.start, period.end, *only))


def _stories(
    conn: Connection, brand_id: int, period: Period, interval: tuple[datetime, datetime]
) -> list[Story]:
    return first_told(labelled_mentions(conn, _wanted(brand_id, period, interval)))


def _wanted(brand_id: int, period: Period, interval: tuple[datetime, datetime]) -> MentionFilter:
    only = {str(facet.kind): facet.slug for facet in period.only}
    return MentionFilter(
        brand_id=brand_id,
        since=interval[0],
        until=interval[1],
        own=False,
        product=only.get("product"),
        place=only.get("place"),
        source_types=period.sources or None,
    )
