"""The facts of a brand's day, week or month, each against what came before and the usual.

`build_digest` reads the store and decides nothing about words; `reports.digest_words` says it
and `reports.render` draws it. Every number is here, so a reader or a test can recompute it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean

from sqlalchemy import Connection

from reports.abuse import is_abusive
from reports.causes import CauseCounts, cause_facts, cause_name
from reports.digest_facts import (
    DigestFacts,
    HealthFact,
    Kpi,
    LabelErrorFact,
    MeasuredFact,
    VoiceFact,
)
from reports.digest_lists import listed, lists_of, parts
from reports.digest_work import late_arrivals, open_work
from reports.interface import CauseFact, CauseNames, Lang
from reports.kpis import MEASURES, Past, headline, history, voices
from reports.masking import masked
from reports.periods import Period
from reports.posts import Story, first_told, label_probability, quotes
from reports.reading import posts_to_read
from reports.reasons import intents, journey
from reports.trend import trend
from store.brands import brands
from store.counts import cause_counts, intent_counts, totals
from store.digests import DigestKey, told_until
from store.history import labelled_mentions
from store.interface import BrandRow, CauseCount, MentionFilter, SourceRow
from store.sources import SILENT_INTERVALS, incomplete_polls, outages, poll_counts, sources

CAUSES_SHOWN = 5
SINGLES_SHOWN = 2
"""Causes that a single story names are told only where there are hardly others."""
QUOTES_EACH = 2
PLACES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class DigestOptions:
    """In whose words a digest is made, and what its reader has configured.

    Attributes:
        lang: the language of cause names.
        now: the time of making.
        cause_names: cause id -> language -> name.
        accounts: the brand's own accounts, by handle or author id.
        products: product -> the words it is known by.
        measured: what the model's card says of its labels.
        mask: hide telephone numbers, e-mail addresses and handles.
    """

    lang: Lang
    now: datetime
    cause_names: CauseNames = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    measured: tuple[MeasuredFact, ...] = ()
    mask: bool = False


def build_digest(
    conn: Connection, brand: BrandRow, period: Period, options: DigestOptions
) -> DigestFacts:
    """Gather the facts of `brand`'s `period`.

    Args:
        conn: a connection that reads; one transaction, so that all numbers agree.
        brand: whose digest.
        period: the day, week or month reported.
        options: for whom.
    """
    past = _past(conn, brand.id, period)
    stories = _stories(conn, brand.id, period)
    clean = [story for story in stories if not is_abusive(story.mention.text)]
    causes, drivers = _causes(conn, brand.id, past, clean, options)
    rivals, voice = _voices(conn, brand, past)
    before = intent_counts(conn, brand.id, period.back(1).start, period.start)
    work, own, answered = open_work(conn, brand.id, period, options.accounts, options.now)
    key = DigestKey(brand.id, period.kind, period.first, period.zone.key, options.lang)
    told = told_until(conn, key)
    late, late_ids = late_arrivals(conn, brand.id, period, told) if told else (None, ())
    products = parts(stories, "product", options.products)
    lists = lists_of(stories, options.products) | ({"late": late_ids} if late_ids else {})
    facts = DigestFacts(
        brand_id=brand.id,
        brand=brand.name,
        slug=brand.slug,
        query_version=brand.query_version,
        period=period.kind,
        day=period.first,
        last_day=period.last,
        zone=period.zone.key,
        lang=options.lang,
        start=period.start,
        end=period.end,
        made_at=options.now,
        totals=past.now,
        kpis=(*headline(past), *voice),
        history=history(past),
        trends=tuple(trend(name, past.values(name)) for name in MEASURES),
        causes=causes,
        drivers=drivers,
        posts=posts_to_read([s for s in clean if s.mention.mention_id not in own], answered),
        sources=parts(stories, "source"),
        places=parts(stories, "place")[:PLACES_SHOWN],
        products=products,
        voices=rivals,
        journey=journey(stories),
        intents=intents(stories, before),
        work=work,
        late=late,
        health=_health(conn, period, options.now),
        models=_versions(story.mention.model_version for story in stories),
        taxonomies=_versions(story.mention.taxonomy_version for story in stories),
        corrections=sum(story.mention.label_source == "person" for story in stories),
        unlabelled=sum(story.mention.sentiment == "unlabelled" for story in stories),
        label_error=_label_error(stories, options.measured),
        masked=options.mask,
        names=_names(stories, options),
        lists=lists,
        listed=listed(conn, brand.id, stories, lists),
    )
    return masked(facts) if options.mask else facts


def _past(conn: Connection, brand_id: int, period: Period) -> Past:
    """Totals by period; one by one, because a local day is not always 24 hours."""
    rows = [totals(conn, brand_id, one.start, one.end) for one in (*period.before(), period)]
    return Past(period, tuple(rows[:-1]), rows[-1])


def _stories(conn: Connection, brand_id: int, period: Period) -> list[Story]:
    wanted = MentionFilter(brand_id=brand_id, since=period.start, until=period.end)
    return first_told(labelled_mentions(conn, wanted))


def _causes(
    conn: Connection,
    brand_id: int,
    past: Past,
    stories: Sequence[Story],
    options: DigestOptions,
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
            name=lambda cause: cause_name(options.cause_names, cause, options.lang),
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


def _versions(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({version for version in found if version}))


def _label_error(stories: Sequence[Story], measured: tuple[MeasuredFact, ...]) -> LabelErrorFact:
    """Expected share of wrong labels, from the calibrated probabilities of those the model gave."""
    given = [
        probability
        for story in stories
        if story.mention.label_source == "model"
        and (probability := label_probability(story.mention)) is not None
    ]
    models = {story.mention.model_version for story in stories}
    langs = {story.mention.lang for story in stories}
    return LabelErrorFact(
        expected=1 - fmean(given) if given else None,
        labels=len(given),
        measured=tuple(fact for fact in measured if fact.model in models and fact.lang in langs),
    )


def _names(stories: Sequence[Story], options: DigestOptions) -> dict[str, str]:
    """What the causes that occur are called."""
    found = {cause.cause for story in stories for cause in story.mention.causes}
    return {cause: cause_name(options.cause_names, cause, options.lang) for cause in sorted(found)}


def _health(conn: Connection, period: Period, now: datetime) -> HealthFact:
    polls = poll_counts(conn, period.start, period.end)
    rows = sources(conn)
    stretches = outages(conn, period.start, period.end)
    out = sum((stop - begin for begin, stop in stretches), timedelta())
    healthy = [row for row in rows if not row.error_count]
    return HealthFact(
        polls=sum(polls.values()),
        failed=sum(count for outcome, count in polls.items() if outcome not in {"ok", "running"}),
        sources=len(rows),
        failing=tuple(row.name for row in rows if row.error_count),
        late=tuple(row.name for row in healthy if _is_late(row, now)),
        silent=tuple(row.name for row in healthy if row.last_item_at is None),
        incomplete=incomplete_polls(conn, period.start, period.end),
        outage_minutes=round(out / timedelta(minutes=1)),
    )


def _is_late(source: SourceRow, now: datetime) -> bool:
    """Whether the source was read, but not for several of its intervals."""
    silence = timedelta(seconds=SILENT_INTERVALS * source.interval_seconds)
    return source.last_success_at is not None and now - source.last_success_at > silence
