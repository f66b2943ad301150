"""Why an alert was raised: the facts behind it, read from the store at the time it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from reports.causes import CauseCounts, cause_facts, cause_name
from reports.interface import Audience, CauseFact, Lang, PostFact, as_json
from reports.posts import by_story, post_fact, quotes, top_posts
from reports.statistics import wilson
from reports.usual import HISTORY_DAYS, Baseline
from store.counts import cause_counts, totals
from store.history import labelled_mentions
from store.interface import BrandRow, MentionFilter, Totals
from store.series_counts import known_outages

Action = Literal["opened", "updated", "over"]
HOUR = timedelta(hours=1)
EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class Other:
    """Another series that stands out beside the one that leads an alert.

    Attributes:
        subject: the cause's id; empty for the other kinds.
        trials: scored stories, for a share.
        name: what the cause is called.
    """

    kind: str
    subject: str
    observed: int
    expected: float
    trials: int
    window_minutes: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """What detection decided about an alert at one moment, before it is explained.

    Attributes:
        kind: which series stands out; see `reports.series`.
        subject: the cause's id, if it is a cause.
        start: `end` with it bounds the stretch that is explained.
        window_minutes: the window that was found, or how long the alert lasts.
        observed: what that series holds in the window (or since the alert started): stories, or
            followers of the author.
        trials: scored stories among which a share was seen.
        left_out: hours of the baseline that were not known.
        why: what made an update worth sending: `doubled`, `new_cause` or `joined`.
        others: what stands out besides.
    """

    action: Action
    fingerprint: str
    kind: str
    subject: str
    severity: int
    started_at: datetime
    detected_at: datetime
    start: datetime
    end: datetime
    window_minutes: int
    observed: int
    trials: int
    baseline: Baseline
    left_out: int
    false_alarms_per_month: float
    why: str = ""
    others: tuple[Other, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """Everything an alert message says, in numbers; times are UTC.

    Attributes:
        thread: the alert's fingerprint, the same for every message about it.
        about: what the cause is called, if a cause stands out; `about_id` is its id.
        expected: what is usual in the window, `low`-`high` its 95 % interval.
        stories: all stories of the stretch, reprints merged; `sightings` counts the reprints.
        usual_share: the negative share of the 28 days before; `None` without scored stories.
    """

    thread: str
    action: Action
    kind: str
    about: str
    about_id: str
    brand: str
    slug: str
    lang: Lang
    zone: str
    severity: int
    started_at: datetime
    detected_at: datetime
    closed_at: datetime | None
    delay_minutes: int
    start: datetime
    end: datetime
    window_minutes: int
    observed: int
    trials: int
    expected: float
    low: int
    high: int
    ratio: float | None
    false_alarms_per_month: float
    baseline_days: int
    baseline_seasonal: bool
    baseline_left_out: int
    negative: int
    stories: int
    sightings: int
    authors: int
    negative_share: float | None
    share_low: float | None
    share_high: float | None
    usual_share: float | None
    causes: tuple[CauseFact, ...]
    first_post: PostFact | None
    farthest_post: PostFact | None
    sources: tuple[tuple[str, int], ...]
    low_confidence_share: float | None
    outage_minutes: int
    why: str
    new_cause: str
    others: tuple[Other, ...]

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        value: dict[str, Any] = as_json(self)
        return value


def top_cause(conn: Connection, brand_id: int, start: datetime, end: datetime) -> str:
    """The cause of unhappiness named most in a stretch, if at least three stories name it."""
    counts = [c for c in cause_counts(conn, brand_id, start, end) if c.polarity == "negative"]
    return counts[0].cause if counts and counts[0].mentions >= 3 else ""


def explain(conn: Connection, brand: BrandRow, stage: Stage, audience: Audience) -> AlertFacts:
    """Gather the facts of one message of an alert."""
    stories = by_story(labelled_mentions(conn, _evidence(brand, stage)))
    now = totals(conn, brand.id, stage.start, stage.end)
    usual = totals(conn, brand.id, stage.start - timedelta(days=HISTORY_DAYS), stage.start)
    share = wilson(now.negative, _scored(now)) if _scored(now) else None
    first = min(stories, key=lambda s: s.mention.published_at, default=None)
    if stage.kind == "story" and stories:
        stories = [max(stories, key=lambda s: s.sightings)]
        first = stories[0]
    farthest = top_posts(stories, lambda s: s.mention.reach > 0, 1)
    out = [
        (max(start, stage.start), min(end, stage.end))
        for start, end in known_outages(conn)
        if start < stage.end and stage.start < end
    ]
    causes = _causes(conn, brand, stage, now, stories, audience)
    return AlertFacts(
        thread=stage.fingerprint,
        action=stage.action,
        kind=stage.kind,
        about=cause_name(audience.cause_names, stage.subject, audience.lang)
        if stage.subject
        else "",
        about_id=stage.subject,
        brand=brand.name,
        slug=brand.slug,
        lang=audience.lang,
        zone=audience.zone.key,
        severity=stage.severity,
        started_at=stage.started_at,
        detected_at=stage.detected_at,
        closed_at=stage.end if stage.action == "over" else None,
        delay_minutes=round((stage.detected_at - stage.started_at) / timedelta(minutes=1)),
        start=stage.start,
        end=stage.end,
        window_minutes=stage.window_minutes,
        observed=stage.observed,
        trials=stage.trials,
        expected=stage.baseline.expected,
        low=stage.baseline.low,
        high=stage.baseline.high,
        ratio=stage.observed / stage.baseline.expected if stage.baseline.expected > 0.05 else None,
        false_alarms_per_month=stage.false_alarms_per_month,
        baseline_days=round(stage.baseline.hours / 24),
        baseline_seasonal=stage.baseline.seasonal,
        baseline_left_out=stage.left_out,
        negative=now.negative,
        stories=now.mentions,
        sightings=now.sightings,
        authors=now.authors,
        negative_share=share.value if share else None,
        share_low=share.low if share else None,
        share_high=share.high if share else None,
        usual_share=usual.negative / _scored(usual) if _scored(usual) else None,
        causes=causes,
        first_post=post_fact(first) if first else None,
        farthest_post=farthest[0] if farthest else None,
        sources=tuple(Counter(s.mention.source_type for s in stories).most_common(5)),
        low_confidence_share=now.low_confidence / now.mentions if now.mentions else None,
        outage_minutes=round(sum((b - a for a, b in out), timedelta()) / timedelta(minutes=1)),
        why=stage.why,
        new_cause=causes[0].name if stage.why == "new_cause" and causes else "",
        others=tuple(
            replace(
                other,
                name=cause_name(audience.cause_names, other.subject, audience.lang)
                if other.subject
                else "",
            )
            for other in stage.others
        ),
    )


def _evidence(brand: BrandRow, stage: Stage) -> MentionFilter:
    """The mentions an alert is about: all of them for a wave of posts, else the negative ones."""
    every = stage.kind in {"volume", "silence", "story"}
    return MentionFilter(
        brand_id=brand.id,
        since=stage.start,
        until=stage.end,
        sentiment=None if every else "negative",
        cause=stage.subject or None,
    )


def _scored(row: Totals) -> int:
    return row.negative + row.neutral + row.positive


def _causes(
    conn: Connection,
    brand: BrandRow,
    stage: Stage,
    now: Totals,
    stories: list[Any],
    audience: Audience,
) -> tuple[CauseFact, ...]:
    """The top three causes of the stretch against the four weeks before it, with evidence."""
    begin = stage.start - timedelta(days=HISTORY_DAYS)
    hours = max((stage.end - stage.start) / HOUR, 1 / 60)
    counts = CauseCounts(
        now=cause_counts(conn, brand.id, stage.start, stage.end),
        usual=cause_counts(conn, brand.id, begin, stage.start),
        previous=None,
        exposure=(hours, float(stage.baseline.hours)),
    )
    told: set[str] = set()

    def evidence(cause: str) -> tuple[Any, ...]:
        found = quotes(stories, cause, EVIDENCE, frozenset(told))
        told.update(quote.evidence for quote in found)
        return found

    return cause_facts(
        counts,
        "negative",
        now.negative,
        name=lambda cause: cause_name(audience.cause_names, cause, audience.lang),
        quotes=evidence,
        limit=3,
    )
