"""The facts of a brand's day, week or month, each against what came before and the usual.

`build_digest` reads the store and decides nothing about words; `reports.digest_words` says it
and `reports.render` draws it. Every number is here, so a reader or a test can recompute it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reports.abuse import is_abusive
from reports.causes import CauseCounts, cause_facts, cause_namer
from reports.digest_facets import facet_parts
from reports.digest_facts import (
    DigestFacts,
    Kpi,
    LateFact,
    MeasuredFact,
    OpenWorkFact,
    VoiceFact,
)
from reports.digest_health import health, provenance
from reports.digest_journey import journey
from reports.digest_lists import listed, lists_of, parts
from reports.digest_work import late_arrivals, open_work
from reports.interface import Audience, CauseFact, CauseNames, Lang
from reports.kpis import MEASURES, Past, headline, history, voices
from reports.masking import masked
from reports.periods import Period
from reports.posts import Story, first_told, quotes
from reports.reading import posts_to_read
from reports.reason_brands import known_brands
from reports.reasons import intents
from reports.trend import trend
from store.brands import brands
from store.counts import cause_counts, intent_counts, totals
from store.digests import DigestKey, told_until
from store.facets import facets as known_facets
from store.history import count_mentions, labelled_mentions
from store.interface import BrandRow, CauseCount, MentionFilter

CAUSES_SHOWN = 5
SINGLES_SHOWN = 2
"""Causes that a single story names are told only where there are hardly others."""
QUOTES_EACH = 2
SITES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """In whose words a digest is made, and what its reader has configured.

    Attributes:
        lang: the language of cause names.
        now: the time of making.
        cause_names: cause id -> language -> name.
        accounts: the brand's own accounts, by handle or author id.
        measured: what the model's card says of its labels.
        mask: hide telephone numbers, e-mail addresses and handles.
    """

    lang: Lang
    now: datetime
    cause_names: CauseNames = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    measured: tuple[MeasuredFact, ...] = ()
    mask: bool = False


def build_digest(
    conn: Connection, brand: BrandRow, period: Period, options: DigestOptions
) -> DigestFacts:
    """Gather the facts of a brand's day, week or month, for whom `options` say.

    `conn` reads in one transaction, so that all numbers agree.
    """
    past = _past(conn, brand.id, period)
    stories = _stories(conn, brand.id, period)
    clean = [story for story in stories if not is_abusive(story.mention.text)]
    named = cause_namer(Audience(options.lang, period.zone, cause_names=options.cause_names))
    causes, drivers = _causes(conn, brand.id, past, clean, named)
    rivals, voice = _voices(conn, brand, past)
    before = intent_counts(conn, brand.id, period.back(1).start, period.start)
    work, own, answered = open_work(conn, brand.id, period, options.accounts, options.now)
    late, lists = _lists(conn, brand, period, stories, options)
    facts = DigestFacts(
        **_whose(brand, period, options),
        totals=past.now,
        kpis=(*headline(past), *voice),
        history=history(past),
        trends=tuple(trend(name, past.values(name)) for name in MEASURES),
        causes=causes,
        drivers=drivers,
        posts=posts_to_read([s for s in clean if s.mention.mention_id not in own], answered),
        **_parts(conn, brand.id, past, stories, options),
        voices=rivals,
        journey=journey(stories),
        intents=intents(stories, before, known_brands(brands(conn))),
        work=work,
        late=late,
        health=health(conn, period, options.now),
        **provenance(stories, options.measured),
        own_mentions=_own_mentions(conn, brand.id, period, options),
        masked=options.mask,
        names=_names(stories, (work, late), named),
        lists=lists,
        listed=listed(conn, brand.id, stories, lists),
    )
    return masked(facts) if options.mask else facts


def _whose(brand: BrandRow, period: Period, options: DigestOptions) -> dict[str, Any]:
    """Whose digest it is, of when, for whom."""
    return {
        "brand_id": brand.id,
        "brand": brand.name,
        "slug": brand.slug,
        "query_version": brand.query_version,
        "period": period.kind,
        "day": period.first,
        "last_day": period.last,
        "zone": period.zone.key,
        "lang": options.lang,
        "start": period.start,
        "end": period.end,
        "made_at": options.now,
    }


def _parts(
    conn: Connection,
    brand_id: int,
    past: Past,
    stories: Sequence[Story],
    options: DigestOptions,
) -> dict[str, Any]:
    """The stories by source, site, place and product."""
    facets = facet_parts(conn, brand_id, past, known_facets(conn, brand_id), options.lang)
    return {
        "sources": parts(stories, "source"),
        "sites": parts(stories, "site")[:SITES_SHOWN],
        "places": facets.get("place", ()),
        "products": facets.get("product", ()),
    }


def _lists(
    conn: Connection,
    brand: BrandRow,
    period: Period,
    stories: Sequence[Story],
    options: DigestOptions,
) -> tuple[LateFact | None, dict[str, tuple[int, ...]]]:
    """What came late, and the mentions behind every number."""
    key = DigestKey(brand.id, period.kind, period.first, period.zone.key, options.lang)
    told = told_until(conn, key)
    late, late_ids = late_arrivals(conn, brand.id, period, told) if told else (None, ())
    return late, lists_of(stories) | ({"late": late_ids} if late_ids else {})


def _own_mentions(conn: Connection, brand_id: int, period: Period, options: DigestOptions) -> int:
    if not options.accounts:
        return 0
    mine = MentionFilter(brand_id=brand_id, since=period.start, until=period.end, own=True)
    return count_mentions(conn, mine)


def _past(conn: Connection, brand_id: int, period: Period) -> Past:
    """Totals by period; one by one, because a local day is not always 24 hours."""
    rows = [totals(conn, brand_id, one.start, one.end) for one in (*period.before(), period)]
    return Past(period, tuple(rows[:-1]), rows[-1])


def _stories(conn: Connection, brand_id: int, period: Period) -> list[Story]:
    wanted = MentionFilter(brand_id=brand_id, since=period.start, until=period.end, own=False)
    return first_told(labelled_mentions(conn, wanted))


def _causes(
    conn: Connection,
    brand_id: int,
    past: Past,
    stories: Sequence[Story],
    named: Callable[[str], str],
) -> tuple[tuple[CauseFact, ...], tuple[CauseFact, ...]]:
    """Causes and drivers against the same measure of each known period, added up."""
    by_period = [cause_counts(conn, brand_id, row.start, row.end) for row in past.known]
    counts = CauseCounts(
        now=cause_counts(conn, brand_id, past.now.start, past.now.end),
        usual=_added(by_period),
        previous=by_period[-1] if by_period else None,
        exposure=(1.0, float(len(past.known)) if past.enough else 0.0),
    )

    def side(polarity: str, of: int) -> tuple[CauseFact, ...]:
        facts = cause_facts(
            counts,
            polarity,
            of,
            name=named,
            quotes=lambda cause: quotes(stories, cause, QUOTES_EACH),
            limit=CAUSES_SHOWN,
        )
        return tuple(f for place, f in enumerate(facts) if f.mentions > 1 or place < SINGLES_SHOWN)

    return side("negative", past.now.negative), side("positive", past.now.positive)


def _added(periods: Sequence[Sequence[CauseCount]]) -> list[CauseCount]:
    mentions: Counter[tuple[str, str]] = Counter()
    reach: Counter[tuple[str, str]] = Counter()
    for row in (row for rows in periods for row in rows):
        mentions[row.cause, row.polarity] += row.mentions
        reach[row.cause, row.polarity] += row.reach
    return [CauseCount(*key, count, reach[key]) for key, count in mentions.items()]


def _voices(
    conn: Connection, brand: BrandRow, past: Past
) -> tuple[tuple[VoiceFact, ...], tuple[Kpi, ...]]:
    rivals = [row for row in brands(conn) if row.is_rival and row.id != brand.id]
    if not rivals:
        return (), ()
    pasts = {row.id: _past(conn, row.id, past.period) for row in rivals} | {brand.id: past}
    facts, kpi = voices((brand, *rivals), pasts, brand)
    return facts, (kpi,)


def _names(
    stories: Sequence[Story],
    shown: tuple[OpenWorkFact | None, LateFact | None],
    named: Callable[[str], str],
) -> dict[str, str]:
    """What the causes that occur are called, those of older posts that are shown among them."""
    work, late = shown
    found = {cause.cause for story in stories for cause in story.mention.causes}
    posts = (*(work.oldest if work else ()), *(late.posts if late else ()))
    found |= {cause for post in posts for cause in post.causes}
    return {cause: named(cause) for cause in sorted(found)}
