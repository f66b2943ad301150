"""The facts of a brand's day, each against yesterday, last week and the usual.

`build_digest` reads the store and decides nothing about words; `reports.digest_words` says it
and `reports.render` draws it. Every number is here, so a reader or a test can recompute it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from reports.causes import CauseCounts, cause_facts, cause_name
from reports.interface import CauseFact, CauseNames, Lang, PostFact, as_json
from reports.posts import Story, by_story, is_question, quotes, top_posts
from reports.statistics import net_sentiment, share_of_voice, wilson
from store.brands import brands
from store.counts import cause_counts, series, source_counts, totals
from store.history import labelled_mentions
from store.interface import BrandRow, MentionFilter, SourceCount, Totals
from store.sources import outages, poll_counts, sources

BASELINE_DAYS = 28
LEAST_DAYS = 7
"""With fewer days of history nothing is called usual."""
BAND = (0.05, 0.95)
"""The usual band: the middle 90 % of the baseline's days."""
LEAST_FOR_SHARE = 5
"""A day with fewer scored stories has no share worth comparing."""
POSTS_EACH = 3

Normal = Literal["within", "above", "below", "unknown"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """A headline figure against its past; shares and net sentiment are fractions.

    `low`-`high` is the middle 90 % of the known days among the 28 before; `None` where there
    are too few. `margin_low`-`margin_high` is Wilson's 95 % interval of a share.
    """

    name: str
    value: float | None
    yesterday: float | None
    last_week: float | None
    low: float | None
    high: float | None
    normal: Normal
    margin_low: float | None = None
    margin_high: float | None = None


@dataclass(frozen=True, slots=True)
class DayPoint:
    """One day of the chart; `known` is false before the brand was watched."""

    day: date
    mentions: int
    negative: int
    known: bool


@dataclass(frozen=True, slots=True)
class VoiceFact:
    """A brand beside its rivals."""

    name: str
    own: bool
    mentions: int
    share: float | None
    net: float | None
    negative_share: float | None


@dataclass(frozen=True, slots=True)
class HealthFact:
    """How the collectors fared in the day; `failing` and `silent` name sources as of now."""

    polls: int
    failed: int
    sources: int
    failing: tuple[str, ...]
    silent: tuple[str, ...]
    outage_minutes: int


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """Everything a digest says, in numbers."""

    brand_id: int
    brand: str
    slug: str
    query_version: int
    day: date
    zone: str
    lang: Lang
    start: datetime
    end: datetime
    made_at: datetime
    totals: Totals
    kpis: tuple[Kpi, ...]
    history: tuple[DayPoint, ...]
    causes: tuple[CauseFact, ...]
    drivers: tuple[CauseFact, ...]
    negative_posts: tuple[PostFact, ...]
    positive_posts: tuple[PostFact, ...]
    questions: tuple[PostFact, ...]
    sources: tuple[SourceCount, ...]
    voices: tuple[VoiceFact, ...]
    health: HealthFact
    models: tuple[str, ...]
    taxonomies: tuple[str, ...]
    corrections: int
    unlabelled: int

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values; times in ISO 8601, unknowns null."""
        value: dict[str, Any] = as_json(self)
        return value

    def kpi(self, name: str) -> Kpi:
        """The headline figure of that name."""
        return next(kpi for kpi in self.kpis if kpi.name == name)


@dataclass(frozen=True, slots=True)
class _Days:
    """A brand's totals for the day and the 28 before it, oldest first."""

    past: tuple[Totals, ...]
    today: Totals

    @property
    def known(self) -> tuple[Totals, ...]:
        """The days since the brand was first named."""
        first = next((i for i, day in enumerate(self.past) if day.sightings), len(self.past))
        return self.past[first:]


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """A local day as a UTC interval: 23 or 25 hours long when the clock changes."""
    start = datetime.combine(day, time(), tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)


def build_digest(
    conn: Connection,
    brand: BrandRow,
    day: date,
    zone: ZoneInfo,
    lang: Lang,
    now: datetime,
    *,
    cause_names: CauseNames | None = None,
) -> DigestFacts:
    """Gather the facts of `brand`'s `day` as it was lived in `zone`.

    Args:
        conn: a connection that reads; one transaction, so that all numbers agree.
        brand: whose digest.
        day: the local day reported.
        zone: the reader's zone; days begin and end there.
        lang: the language cause names are put in.
        now: the time of making.
        cause_names: cause id -> language -> name.
    """
    start, end = day_bounds(day, zone)
    days = _days(conn, brand.id, day, zone)
    stories = by_story(
        labelled_mentions(conn, MentionFilter(brand_id=brand.id, since=start, until=end))
    )
    voices, voice = _voices(conn, brand, day, zone)
    causes, drivers = _causes(conn, brand, (start, end), days, stories, (lang, cause_names or {}))
    labels = Counter(
        (story.mention.model_version, story.mention.taxonomy_version)
        for story in stories
        if story.mention.model_version
    )
    return DigestFacts(
        brand_id=brand.id,
        brand=brand.name,
        slug=brand.slug,
        query_version=brand.query_version,
        day=day,
        zone=zone.key,
        lang=lang,
        start=start,
        end=end,
        made_at=now,
        totals=days.today,
        kpis=(*_kpis(days), *voice),
        history=_history(days, day),
        causes=causes,
        drivers=drivers,
        **_posts(stories),
        sources=tuple(sorted(source_counts(conn, brand.id, start, end), key=lambda s: -s.mentions)),
        voices=voices,
        health=_health(conn, start, end),
        models=tuple(sorted({model for model, _ in labels})),
        taxonomies=tuple(sorted({taxonomy for _, taxonomy in labels if taxonomy})),
        corrections=sum(story.mention.label_source == "person" for story in stories),
        unlabelled=sum(story.mention.sentiment == "unlabelled" for story in stories),
    )


def _days(conn: Connection, brand_id: int, day: date, zone: ZoneInfo) -> _Days:
    """Totals by local day; one by one, because a local day is not always 24 hours."""
    rows = [
        totals(conn, brand_id, *day_bounds(day - timedelta(days=back), zone))
        for back in range(BASELINE_DAYS, -1, -1)
    ]
    return _Days(tuple(rows[:-1]), rows[-1])


def _history(days: _Days, day: date) -> tuple[DayPoint, ...]:
    known_from = len(days.past) - len(days.known)
    return tuple(
        DayPoint(
            day - timedelta(days=len(days.past) - index),
            row.mentions,
            row.negative,
            index >= known_from,
        )
        for index, row in enumerate((*days.past, days.today))
    )


def _kpis(days: _Days) -> tuple[Kpi, ...]:
    measures: dict[str, list[float | None]] = {
        name: [_measure(name, row) for row in (*days.known, days.today)]
        for name in ("mentions", "authors", "reach", "net_sentiment", "negative_share")
    }
    rows = tuple(compare(name, values) for name, values in measures.items())
    scored = _scored(days.today)
    if not scored:
        return rows
    margin = wilson(days.today.negative, scored)
    share = rows[-1]
    return (
        *rows[:-1],
        Kpi(
            share.name,
            share.value,
            share.yesterday,
            share.last_week,
            share.low,
            share.high,
            share.normal,
            margin.low,
            margin.high,
        ),
    )


def _measure(name: str, row: Totals) -> float | None:
    if name == "net_sentiment":
        net = net_sentiment(row.positive, row.neutral, row.negative)
        return net if _scored(row) >= LEAST_FOR_SHARE else None
    if name == "negative_share":
        scored = _scored(row)
        return row.negative / scored if scored >= LEAST_FOR_SHARE else None
    return float(getattr(row, name))


def _scored(row: Totals) -> int:
    return row.negative + row.neutral + row.positive


def compare(name: str, values: Sequence[float | None]) -> Kpi:
    """The last of some consecutive days' values against the days before it."""
    value, past = values[-1], values[:-1]
    band = usual_band([v for v in past if v is not None])
    normal: Normal = "unknown"
    if band and value is not None:
        normal = "above" if value > band[1] else "below" if value < band[0] else "within"
    return Kpi(
        name=name,
        value=value,
        yesterday=past[-1] if past else None,
        last_week=past[-7] if len(past) >= 7 else None,
        low=band[0] if band else None,
        high=band[1] if band else None,
        normal=normal,
    )


def usual_band(values: Sequence[float]) -> tuple[float, float] | None:
    """The 5th and 95th percentiles (linear interpolation, type 7 of Hyndman and Fan, 1996)."""
    if len(values) < LEAST_DAYS:
        return None
    ordered = sorted(values)

    def percentile(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    return percentile(BAND[0]), percentile(BAND[1])


def _causes(
    conn: Connection,
    brand: BrandRow,
    interval: tuple[datetime, datetime],
    days: _Days,
    stories: Sequence[Story],
    naming: tuple[Lang, CauseNames],
) -> tuple[tuple[CauseFact, ...], tuple[CauseFact, ...]]:
    lang, names = naming
    known = days.known
    now = cause_counts(conn, brand.id, *interval)
    usual = cause_counts(conn, brand.id, known[0].start, interval[0]) if known else []
    previous = cause_counts(conn, brand.id, known[-1].start, interval[0]) if known else None
    enough = float(len(known)) if len(known) >= LEAST_DAYS else 0.0

    counts = CauseCounts(now, usual, previous, (1.0, enough))

    def side(polarity: str, of: int) -> tuple[CauseFact, ...]:
        return cause_facts(
            counts,
            polarity,
            of,
            name=lambda cause: cause_name(names, cause, lang),
            quotes=lambda cause: quotes(stories, cause, 2),
        )

    return side("negative", days.today.negative), side("positive", days.today.positive)


def _posts(stories: Sequence[Story]) -> dict[str, tuple[PostFact, ...]]:
    return {
        "negative_posts": top_posts(
            stories, lambda s: s.mention.sentiment == "negative", POSTS_EACH
        ),
        "positive_posts": top_posts(
            stories, lambda s: s.mention.sentiment == "positive", POSTS_EACH
        ),
        "questions": top_posts(
            stories, lambda s: is_question(s) and s.mention.kind != "article", POSTS_EACH
        ),
    }


def _voices(
    conn: Connection, brand: BrandRow, day: date, zone: ZoneInfo
) -> tuple[tuple[VoiceFact, ...], tuple[Kpi, ...]]:
    """The brand and its rivals side by side, and its share of voice over the days."""
    rivals = [row for row in brands(conn) if row.is_rival and row.id != brand.id]
    if not rivals:
        return (), ()
    today = {row.id: totals(conn, row.id, *day_bounds(day, zone)) for row in (brand, *rivals)}
    past = {row.id: _daily(conn, row.id, day, zone) for row in (brand, *rivals)}
    shares = [
        share_of_voice(rows[brand.id], [rows[row.id] for row in rivals])
        for rows in (
            *({key: days[index] for key, days in past.items()} for index in range(BASELINE_DAYS)),
            {key: row.mentions for key, row in today.items()},
        )
    ]
    whole = sum(row.mentions for row in today.values())
    voices = [
        VoiceFact(
            name=row.name,
            own=row.id == brand.id,
            mentions=count.mentions,
            share=count.mentions / whole if whole else None,
            net=net_sentiment(count.positive, count.neutral, count.negative),
            negative_share=count.negative / _scored(count) if _scored(count) else None,
        )
        for row in (brand, *rivals)
        for count in (today[row.id],)
    ]
    voices.sort(key=lambda voice: (-voice.mentions, voice.name))
    return tuple(voices), (compare("share_of_voice", shares),)


def _daily(conn: Connection, brand_id: int, day: date, zone: ZoneInfo) -> list[int]:
    """Mentions on each of the 28 local days before `day`; one query unless a clock changed."""
    bounds = [day_bounds(day - timedelta(days=back), zone) for back in range(BASELINE_DAYS, 0, -1)]
    if all(end - start == timedelta(days=1) for start, end in bounds):
        rows = series(conn, brand_id, bounds[0][0], bounds[-1][1], timedelta(days=1))
    else:
        rows = [totals(conn, brand_id, start, end) for start, end in bounds]
    return [row.mentions for row in rows]


def _health(conn: Connection, start: datetime, end: datetime) -> HealthFact:
    polls = poll_counts(conn, start, end)
    rows = sources(conn)
    out = sum((stop - begin for begin, stop in outages(conn, start, end)), timedelta())
    return HealthFact(
        polls=sum(polls.values()),
        failed=sum(count for outcome, count in polls.items() if outcome not in {"ok", "running"}),
        sources=len(rows),
        failing=tuple(row.name for row in rows if row.error_count),
        silent=tuple(row.name for row in rows if not row.error_count and row.last_item_at is None),
        outage_minutes=round(out / timedelta(minutes=1)),
    )
