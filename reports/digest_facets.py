"""A digest's mentions by product and place, each against the usual and the period before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection

from reports.causes import CauseCounts, cause_facts
from reports.digest_facts import PartFact
from reports.kpis import Past
from store.facet_counts import facet_counts
from store.facet_rows import FacetCount, FacetKind, FacetRow
from store.interface import CauseCount

SHOWN = 12


def facet_parts(
    conn: Connection, brand_id: int, past: Past, known: Sequence[FacetRow], lang: str
) -> dict[FacetKind, tuple[PartFact, ...]]:
    """Products and places that the period's stories speak of, the most frequent first.

    Args:
        past: the period and those of its baseline.
        known: the brand's products and places; without any nothing is asked of the store.
        lang: of their names.
    """
    if not known:
        return {}
    now = facet_counts(conn, brand_id, past.now.start, past.now.end)
    before = [facet_counts(conn, brand_id, row.start, row.end) for row in past.known]
    counts = CauseCounts(
        now=_as_causes(now),
        usual=_added(before),
        previous=_as_causes(before[-1]) if before else None,
        exposure=(1.0, float(len(past.known)) if past.enough else 0.0),
    )
    kinds: tuple[FacetKind, ...] = ("product", "place")
    return {
        kind: _parts(
            counts,
            kind,
            past.now.mentions,
            {row.slug: row.called(lang) for row in known if row.kind == kind},
            {row.slug: row for row in now if row.kind == kind},
        )
        for kind in kinds
    }


def _parts(
    counts: CauseCounts,
    kind: FacetKind,
    of: int,
    names: dict[str, str],
    now: dict[str, FacetCount],
) -> tuple[PartFact, ...]:
    facts = cause_facts(counts, kind, of, lambda key: names.get(key, key), lambda _: (), SHOWN)
    return tuple(
        PartFact(
            key=fact.cause,
            name=fact.name,
            mentions=fact.mentions,
            negative=now[fact.cause].negative,
            positive=now[fact.cause].positive,
            previous=fact.previous,
            usual=fact.usual,
            lift=fact.lift,
            low=fact.low,
            high=fact.high,
            notable=fact.notable,
        )
        for fact in facts
    )


def _as_causes(counts: Sequence[FacetCount]) -> list[CauseCount]:
    """Counts as the lifts of causes are made from; a kind stands where a polarity does."""
    return [CauseCount(row.slug, row.kind, row.mentions, 0) for row in counts]


def _added(periods: Sequence[Sequence[FacetCount]]) -> list[CauseCount]:
    total: Counter[tuple[str, str]] = Counter()
    for row in (row for rows in periods for row in rows):
        total[row.slug, row.kind] += row.mentions
    return [CauseCount(*key, count, 0) for key, count in total.items()]
