"""What the demo's weeks left behind: files to look at and the figures that sum them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine

from molva.app import PassReport
from molva.config import Config, load_config
from molva.demo.world import World, namesakes
from molva.digests import options_for
from reports.digest import build_digest
from reports.digest_words import subject
from reports.export import export
from reports.interface import LANGS
from reports.periods import Period
from reports.render import render_html
from store.alert_rows import AlertRow
from store.alerts import alerts
from store.brands import brand_by_slug
from store.engine import open_store, reading
from store.history import labelled_mentions
from store.interface import BrandRow, MentionFilter, StoreError

WATCHED = "ottepel"
_FORMATS: tuple[Literal["csv", "jsonl", "parquet"], ...] = ("csv", "jsonl", "parquet")


@dataclass(slots=True)
class Tally:
    """What the passes reported, added up; `seconds` is real time."""

    passes: int = 0
    polls: int = 0
    failed_polls: int = 0
    stored: int = 0
    changed: int = 0
    deleted: int = 0
    labels: int = 0
    causes: int = 0
    alert_events: int = 0
    digests: int = 0
    skipped: set[tuple[str, str, str]] = field(default_factory=set)
    requests: int = 0
    refused: int = 0
    seconds: float = 0.0

    def add(self, report: PassReport) -> None:
        """Count one pass."""
        self.passes += 1
        self.polls += len(report.sources)
        self.failed_polls += len(report.failed)
        for outcome in report.sources:
            self.stored += len(outcome.stored)
            self.changed += len(outcome.changed)
            self.deleted += len(outcome.deleted)
            self.skipped |= {(outcome.name, *item) for item in outcome.skipped}
        self.changed += report.rereads.changed
        self.deleted += report.rereads.deleted
        self.labels += report.labels.labels
        self.causes += report.labels.causes
        self.alert_events += report.alert_events
        self.digests += report.digests


@dataclass(frozen=True, slots=True)
class AlertFigure:
    """An alert against the truth; `delay` counts from when the trouble really began."""

    kind: str
    severity: int
    started_at: datetime
    detected_at: datetime
    delay: timedelta | None
    """`None` if nothing was wrong then: a false alarm."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where to look, and what happened.

    Attributes:
        digests: the bad day's digest by language.
        exports: the whole history by format.
        messages: the folder into which the file channel wrote alerts and daily digests.
        written: how many posts the town wrote in all.
        namesakes: how many of them use a brand's name for a thaw or a bird.
        namesakes_kept: how many of those were taken for mentions.
    """

    config: Path
    digests: Mapping[str, Path]
    subjects: Mapping[str, str]
    exports: Mapping[str, Path]
    messages: Path
    written: int
    mentions: int
    sentiments: Mapping[str, int]
    top_causes: tuple[tuple[str, int], ...]
    alerts: tuple[AlertFigure, ...]
    namesakes: int
    namesakes_kept: int
    tally: Tally

    def lines(self) -> list[str]:
        """The headline figures and the paths, for a terminal."""
        tally = self.tally
        moods = ", ".join(f"{count} {mood}" for mood, count in self.sentiments.items())
        causes = ", ".join(f"{cause} {count}" for cause, count in self.top_causes)
        return [
            f"posts      {self.written} written, {self.mentions} kept as mentions; "
            f"{self.namesakes - self.namesakes_kept} of {self.namesakes} namesakes refused",
            f"labels     {tally.labels} in all: {moods}",
            f"causes     {tally.causes} found; most often {causes}",
            f"changes    {tally.changed} edited, {tally.deleted} deleted, "
            f"{len(tally.skipped)} items skipped",
            f"polls      {tally.polls} in {tally.passes} passes, {tally.failed_polls} failed "
            f"and tried again; {tally.requests} requests",
            *(self._alert_line(alert) for alert in self.alerts),
            f"time       {tally.seconds:.0f} s",
            "",
            *(f"digest     {self.digests[lang]}" for lang in self.digests),
            *(f"alert      {page}" for page in sorted(self.messages.glob("alert-*-opened-*.html"))),
            f"messages   {self.messages}",
            *(f"export     {path}" for path in self.exports.values()),
            f"settings   {self.config}",
        ]

    @staticmethod
    def _alert_line(alert: AlertFigure) -> str:
        when = f"{alert.detected_at:%d %b %H:%M} UTC"
        if alert.delay is None:
            return f"alert      {alert.kind}, {when}: a false alarm"
        minutes = alert.delay.total_seconds() / 60
        return (
            f"alert      {alert.kind}, severity {alert.severity}, {when}: "
            f"{minutes:.0f} minutes after the trouble began"
        )


def gather(path: Path, world: World, tally: Tally, now: datetime) -> DemoResult:
    """Write the digests and exports of a finished demo and count what it kept."""
    config = load_config(path)
    engine = open_store(config.store_url)
    try:
        with reading(engine) as conn:
            brand = _watched(conn)
            digests, subjects = _digests(conn, brand, config, world, now)
            kept = list(labelled_mentions(conn, MentionFilter()))
            raised = [_against_truth(alert, world) for alert in alerts(conn, brand.id)]
        exports = _exports(engine, config.folder / "export", now)
    finally:
        engine.dispose()
    names = namesakes(world)
    causes = Counter(link.cause for one in kept if one.brand == WATCHED for link in one.causes)
    return DemoResult(
        config=config.path,
        digests=digests,
        subjects=subjects,
        exports=exports,
        messages=config.folder / "messages",
        written=len(world.posts),
        mentions=len({mention.mention_id for mention in kept}),
        sentiments=dict(Counter(mention.sentiment for mention in kept).most_common()),
        top_causes=tuple(causes.most_common(4)),
        alerts=tuple(sorted(raised, key=lambda alert: alert.detected_at)),
        namesakes=len(names),
        namesakes_kept=len(names & {mention.text for mention in kept}),
        tally=tally,
    )


def _watched(conn: Connection) -> BrandRow:
    brand = brand_by_slug(conn, WATCHED)
    if brand is None:
        raise StoreError(f"the store holds no brand {WATCHED}")
    return brand


def _digests(
    conn: Connection, brand: BrandRow, config: Config, world: World, now: datetime
) -> tuple[dict[str, Path], dict[str, str]]:
    """Write the bad day's digest in both languages; return the paths and the subject lines."""
    paths: dict[str, Path] = {}
    subjects: dict[str, str] = {}
    day = Period.holding("day", world.calendar.bad_day, config.timezone)
    for lang in LANGS:
        facts = build_digest(conn, brand, day, options_for(config, brand.slug, now, lang))
        paths[lang] = config.folder / f"digest-{world.calendar.bad_day}-{lang}.html"
        paths[lang].write_text(render_html(facts), encoding="utf-8")
        subjects[lang] = subject(facts)
    return paths, subjects


def _exports(engine: Engine, folder: Path, now: datetime) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    paths: dict[str, Path] = {}
    for name in _FORMATS:
        paths[name] = folder / f"mentions.{name}"
        export(engine, paths[name], name, MentionFilter(include_deleted=True), now=now)
    return paths


def _against_truth(alert: AlertRow, world: World) -> AlertFigure:
    begin, end = world.calendar.bad_start, world.calendar.bad_end + timedelta(hours=6)
    true = begin <= alert.detected_at <= end
    return AlertFigure(
        kind=alert.kind,
        severity=alert.severity,
        started_at=alert.started_at,
        detected_at=alert.detected_at,
        delay=alert.detected_at - begin if true else None,
    )
