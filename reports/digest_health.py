"""How far a digest's numbers can be trusted: collectors, versions, corrections, label error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from sqlalchemy import Connection

from reports.digest_facts import HealthFact, LabelErrorFact, MeasuredFact
from reports.periods import Period
from reports.posts import Story, label_probability
from store.interface import SourceRow
from store.sources import SILENT_INTERVALS, incomplete_polls, outages, poll_counts, sources


def provenance(stories: Sequence[Story], measured: tuple[MeasuredFact, ...]) -> dict[str, Any]:
    """What made the labels, how many a person corrected, and how many are likely to be wrong."""
    return {
        "models": _versions(story.mention.model_version for story in stories),
        "taxonomies": _versions(story.mention.taxonomy_version for story in stories),
        "corrections": sum(story.mention.label_source == "person" for story in stories),
        "unlabelled": sum(story.mention.sentiment == "unlabelled" for story in stories),
        "label_error": _label_error(stories, measured),
    }


def health(conn: Connection, period: Period, now: datetime) -> HealthFact:
    """How the collectors fared in the period, and which sources are amiss now."""
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
