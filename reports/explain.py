"""Why an alert was raised: the facts behind it, read from the store at the time it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from reports.alert_facets import Stretch, facet_facts, subject_name
from reports.alert_facts import AlertFacts, Other, Stage
from reports.calm_time import calm_causes, calm_share, calm_time
from reports.causes import CauseCounts, cause_facts
from reports.evidence import representative
from reports.interface import Audience, CauseFact, PostFact
from reports.new_terms import new_terms
from reports.posts import Story, by_story, earliest, first_told, post_fact, quotes, top_posts
from reports.statistics import wilson
from reports.words import plain
from store.counts import cause_counts, totals
from store.facet_rows import FacetRow
from store.facets import facets
from store.history import labelled_mentions
from store.interface import BrandRow, LabelledMention, MentionFilter, Totals
from store.series_counts import Stretch as CalmTime
from store.series_counts import known_outages
from store.sources import sources
from store.spread import spread

HOUR = timedelta(hours=1)
EVIDENCE = 3
CAUSES_TOLD = 3
"""So many causes a message lists."""
AUTHORS_SHOWN = 3
ABOUT_ALL = frozenset({"volume", "silence", "story"})
"""Kinds of alerts that are about all stories, not only the negative ones."""
READ_BEFORE = 500
"""Mentions before an alert among which its words would be old ones."""


def explain(conn: Connection, brand: BrandRow, stage: Stage, audience: Audience) -> AlertFacts:
    """Gather the facts of one message of an alert."""
    known = facets(conn, brand.id)
    name = _names(known, audience)
    series = (stage.kind, stage.subject)
    mentions = list(labelled_mentions(conn, about(brand.id, series, stage.start, stage.end)))
    stories = by_story(mentions)
    first = next(iter(first_told(mentions)), None)
    if stage.kind == "story" and stories:
        stories = [max(stories, key=lambda s: s.sightings)]
        first = earliest(conn, stories[0])
    now = totals(conn, brand.id, stage.start, stage.end)
    farthest = top_posts(stories, lambda s: s.mention.reach > 0, 1)
    calm = calm_time(conn, brand.id, stage.start)
    only = [row.id for row in known if (row.kind, row.slug) == series]
    counts = _cause_counts(conn, brand, stage, only, calm)
    causes = _causes(counts, len(stories) if only else now.negative, stories, name)
    told = any(cause.quotes for cause in causes)
    leads = "new_cause" in {stage.why, *(why for why, _ in stage.also)}
    return AlertFacts(
        **_announced(brand, stage, name, audience),
        **_measured(stage),
        **_counted(now, calm_share(conn, brand.id, calm)),
        **_spread(conn, brand, stage, now, known, audience, calm),
        causes=causes,
        new_cause=causes[0].name if leads and causes else "",
        first_post=post_fact(first) if first else None,
        farthest_post=farthest[0] if farthest else None,
        shared_post=_shared(stories, farthest[0].mention_id if farthest else 0),
        posts=() if told else representative(stories, EVIDENCE),
        top_authors=_authors(mentions, stories),
        new_terms=_new_terms(conn, brand, stage, stories),
        outage_minutes=_outage_minutes(conn, stage),
        collectors_down=tuple(row.name for row in sources(conn) if row.error_count),
    )


_Names = Callable[[str, str], str]
"""Kind of series, id of its subject -> what that is called."""


def _names(known: Sequence[FacetRow], audience: Audience) -> _Names:
    def name(kind: str, subject: str) -> str:
        return subject_name(kind, subject, audience.cause_names, known, audience.lang)

    return name


def _announced(brand: BrandRow, stage: Stage, name: _Names, audience: Audience) -> dict[str, Any]:
    """Which alert it is, of what, since when, and what stands out besides."""

    def named(others: Iterable[Other]) -> tuple[Other, ...]:
        return tuple(replace(own, name=name(own.kind, own.subject)) for own in others)

    return {
        "thread": stage.fingerprint,
        "action": stage.action,
        "kind": stage.kind,
        "about": name(stage.kind, stage.subject),
        "about_id": stage.subject,
        "brand": brand.name,
        "slug": brand.slug,
        "lang": audience.lang,
        "zone": audience.zone.key,
        "severity": stage.severity,
        "started_at": stage.started_at,
        "detected_at": stage.detected_at,
        "closed_at": stage.end if stage.action == "over" else None,
        "delay_minutes": round((stage.detected_at - stage.started_at) / timedelta(minutes=1)),
        "start": stage.start,
        "end": stage.end,
        "why": stage.why,
        "detail": stage.detail,
        "also": stage.also,
        "others": named(stage.others),
        "joined": named(stage.joined),
    }


def _measured(stage: Stage) -> dict[str, Any]:
    """What was seen against what is usual, and at what rate of false alarms."""
    usual = stage.baseline
    return {
        "window_minutes": stage.window_minutes,
        "observed": stage.observed,
        "trials": stage.trials,
        "expected": usual.expected,
        "low": usual.low,
        "high": usual.high,
        "ratio": stage.observed / usual.expected if usual.expected > 0.05 else None,
        "false_alarms_per_month": stage.false_alarms_per_month,
        "baseline_days": round(usual.hours / 24),
        "baseline_seasonal": usual.seasonal,
        "baseline_until": usual.until,
        "baseline_points": usual.points,
        "baseline_left_out": stage.left_out,
        "stricter": stage.stricter,
        "points": stage.points,
    }


def _counted(now: Totals, usual_share: float | None) -> dict[str, Any]:
    """The stories of the stretch, and the negative share of those before it."""
    share = wilson(now.negative, _scored(now)) if _scored(now) else None
    return {
        "negative": now.negative,
        "stories": now.mentions,
        "sightings": now.sightings,
        "authors": now.authors,
        "negative_share": share.value if share else None,
        "share_low": share.low if share else None,
        "share_high": share.high if share else None,
        "usual_share": usual_share,
        "low_confidence_share": now.low_confidence / now.mentions if now.mentions else None,
    }


def _spread(
    conn: Connection,
    brand: BrandRow,
    stage: Stage,
    now: Totals,
    known: Sequence[FacetRow],
    audience: Audience,
    calm: Sequence[CalmTime],
) -> dict[str, Any]:
    """Where the stories come from, and which products and places they speak of."""
    every = stage.kind in ABOUT_ALL
    reached = spread(conn, brand.id, stage.start, stage.end, negative_only=not every)
    stretch = Stretch(
        start=stage.start,
        end=stage.end,
        baseline_hours=float(stage.baseline.hours),
        negative_only=not every,
        of=now.mentions if every else now.negative,
        calm=calm,
    )
    spoken_of = facet_facts(conn, brand.id, stretch, known, audience.lang)
    return {
        "sources": _most(reached.sources),
        "languages": _most(reached.langs),
        "widest_reach": reached.reach,
        "products": spoken_of.get("product", ()),
        "places": spoken_of.get("place", ()),
    }


def _outage_minutes(conn: Connection, stage: Stage) -> int:
    """For how long some source could not be read in the stretch."""
    out = [
        min(end, stage.end) - max(start, stage.start)
        for start, end in known_outages(conn)
        if start < stage.end and stage.start < end
    ]
    return round(sum(out, timedelta()) / timedelta(minutes=1))


def _most(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _shared(stories: Sequence[Story], other_than: int) -> PostFact | None:
    """The post passed on most often; none where nobody did, or it is that other one."""
    most = max(stories, key=lambda s: (s.mention.shares or 0, -s.mention.mention_id), default=None)
    if most is None or not most.mention.shares or most.mention.mention_id == other_than:
        return None
    return post_fact(most)


def _authors(
    mentions: Iterable[LabelledMention], stories: Iterable[Story]
) -> tuple[tuple[str, int], ...]:
    """The authors of the stories' mentions, reprints too, with the most followers, each once."""
    told = {story.mention.cluster_id for story in stories}
    most: dict[str, int] = {}
    for mention in mentions:
        name = plain(mention.author_name or mention.author_handle, 60)
        if name and mention.author_followers and mention.cluster_id in told:
            most[name] = max(most.get(name, 0), mention.author_followers)
    return tuple(sorted(most.items(), key=lambda pair: (-pair[1], pair[0]))[:AUTHORS_SHOWN])


def _new_terms(
    conn: Connection, brand: BrandRow, stage: Stage, stories: Sequence[Story]
) -> tuple[str, ...]:
    """Words of these stories that the brand's stories before did not have."""
    past = MentionFilter(brand_id=brand.id, until=stage.start, own=False)
    before = by_story(labelled_mentions(conn, past, limit=READ_BEFORE, newest_first=True))
    texts = [[f"{s.mention.title} {s.mention.text}" for s in some] for some in (stories, before)]
    return new_terms(texts[0], texts[1], skip=(brand.name,))


def about(
    brand_id: int, series: tuple[str, str], since: datetime, until: datetime
) -> MentionFilter:
    """The mentions that a series is about: all for a wave of posts, else the negative ones.

    Args:
        series: its kind and the id of its cause, product or place.
    """
    kind, subject = series
    return MentionFilter(
        brand_id=brand_id,
        since=since,
        until=until,
        sentiment=None if kind in ABOUT_ALL else "negative",
        own=False,
        cause=subject if kind == "cause" else None,
        product=subject if kind == "product" else None,
        place=subject if kind == "place" else None,
    )


def _scored(row: Totals) -> int:
    return row.negative + row.neutral + row.positive


def _cause_counts(
    conn: Connection,
    brand: BrandRow,
    stage: Stage,
    only: Sequence[int],
    calm: Sequence[CalmTime],
) -> CauseCounts:
    """How often causes are named in the stretch and in the calm weeks before it.

    Args:
        only: ids of the product or place that the alert is about, if it is.
    """
    hours = max((stage.end - stage.start) / HOUR, 1 / 60)
    return CauseCounts(
        now=cause_counts(conn, brand.id, stage.start, stage.end, only),
        usual=calm_causes(conn, brand.id, calm, only),
        previous=None,
        exposure=(hours, float(stage.baseline.hours)),
    )


def _causes(
    counts: CauseCounts, of: int, stories: Sequence[Story], name: _Names
) -> tuple[CauseFact, ...]:
    """The top three causes with evidence; of a product or place those of what speaks of it."""
    told: set[str] = set()

    def evidence(cause: str) -> tuple[Any, ...]:
        found = quotes(stories, cause, EVIDENCE, frozenset(told))
        told.update(quote.text for quote in found)
        return found

    return cause_facts(
        counts,
        "negative",
        of,
        name=lambda cause: name("cause", cause),
        quotes=evidence,
        limit=CAUSES_TOLD,
    )
