"""Which products and places the stories of an alert speak of, and what its series is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from reports.calm_time import calm_facets
from reports.causes import CauseCounts, cause_facts, cause_name
from reports.interface import CauseNames
from store.facet_rows import FacetCount, FacetKind, FacetRow

HOUR = timedelta(hours=1)
SHOWN = 3


@dataclass(frozen=True, slots=True)
class FacetFact:
    """A product or place in the stretch of an alert, against its baseline.

    Attributes:
        facet: its id.
        mentions: stories of the stretch that speak of it: the negative ones, or all where the alert
            is about all.
        share: of those stories.
        lift: how many times the usual rate, with its 95 % interval `low`-`high`; `None` bounds are
            unknown or unlimited.
        notable: the rise stands after Benjamini-Hochberg over all places, or products, at 5 %.
    """

    facet: str
    name: str
    mentions: int
    share: float
    usual: float | None
    lift: float | None
    low: float | None
    high: float | None
    notable: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is explained: `[start, end)` of a brand, against so many known hours before it.

    Attributes:
        of: its stories (the negative ones, if `negative_only`).
        calm: the time before it that those hours are of.
    """

    start: datetime
    end: datetime
    baseline_hours: float
    negative_only: bool
    of: int
    calm: Sequence[tuple[datetime, datetime]]


def facet_facts(
    conn: Connection, brand_id: int, stretch: Stretch, known: Sequence[FacetRow], lang: str
) -> dict[FacetKind, tuple[FacetFact, ...]]:
    """The three products, and the three places, that most of the stories speak of.

    Args:
        known: those of the brand; without any nothing is asked of the store.
        lang: of their names.
    """
    if not known:
        return {}
    hours = max((stretch.end - stretch.start) / HOUR, 1 / 60)

    def count(row: FacetCount) -> int:
        return row.negative if stretch.negative_only else row.mentions

    # A count as the lifts of causes are made from; the kind stands where a polarity does.
    now = calm_facets(conn, brand_id, [(stretch.start, stretch.end)], count)
    usual = calm_facets(conn, brand_id, stretch.calm, count)
    counts = CauseCounts(now, usual, None, (hours, stretch.baseline_hours))
    names = {row.slug: row.called(lang) for row in known if row.kind == "product"}
    places = {row.slug: row.called(lang) for row in known if row.kind == "place"}
    return {
        "product": _facts(counts, "product", stretch.of, names),
        "place": _facts(counts, "place", stretch.of, places),
    }


def subject_name(
    kind: str, subject: str, causes: CauseNames, known: Sequence[FacetRow], lang: str
) -> str:
    """What a series is about, in words: a cause, a product or a place; empty for the others."""
    if not subject:
        return ""
    if kind in {"product", "place"}:
        found = (row.called(lang) for row in known if (row.kind, row.slug) == (kind, subject))
        return next(found, subject)
    return cause_name(causes, subject, lang)


def _facts(
    counts: CauseCounts, kind: FacetKind, of: int, names: dict[str, str]
) -> tuple[FacetFact, ...]:
    facts = cause_facts(counts, kind, of, lambda key: names.get(key, key), lambda _: (), SHOWN)
    return tuple(
        FacetFact(
            facet=fact.cause,
            name=fact.name,
            mentions=fact.mentions,
            share=fact.share,
            usual=fact.usual,
            lift=fact.lift,
            low=fact.low,
            high=fact.high,
            notable=fact.notable,
        )
        for fact in facts
    )
