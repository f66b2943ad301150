"""Decides when a brand's people are told of a wave of negative stories, and tells it once.

An alert is a thread: *opened* when a window ending now holds more negative stories than the
stated false-alarm rate allows; *updated* only when the count since its start has doubled or
another cause has come to lead; *over* when the last hours were as usual. One brand has one open
thread of a kind, a fingerprint keeps it from opening twice, and stories that were part of one
thread never open another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reports.alert_words import alert_message, alert_subject
from reports.baseline import BASELINE_DAYS, WINDOWS, Finding, judge, window_baseline
from reports.explain import AlertFacts, Stage, explain, top_cause
from reports.interface import Audience
from store.alerts import add_event, alerts, open_alert, open_alerts
from store.counts import series, totals
from store.interface import AlertRow, BrandRow
from store.outbox import enqueue
from store.sources import outages, sources

NEGATIVE = "negative"
HOUR = timedelta(hours=1)
HISTORY = BASELINE_DAYS * 24
CALM_HOURS = 3
LONGEST_OPEN = timedelta(days=7)
"""A wave that lasts longer has become the usual, and is closed as such."""


class AlertSettings(BaseModel):
    """The `[alerts]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    false_alarms_per_month: float = Field(
        default=1.0, gt=0, le=100, description="At most this many false alarms a month per brand."
    )
    minimum_count: int = Field(
        default=5, ge=1, le=10_000, description="Fewer negative stories than this raise nothing."
    )
    cool_down: timedelta = Field(
        default=timedelta(hours=6),
        ge=timedelta(0),
        description="After an all-clear, only a worse wave than the last is announced this long.",
    )
    trust_history: bool = Field(
        default=False,
        description="Posts from before the first poll are complete (an imported archive), so "
        "they count as history.",
    )


@dataclass(frozen=True, slots=True)
class AlertDecision:
    """What is to be told of an alert, and to which thread it belongs (None: a new one)."""

    stage: Stage
    alert_id: int | None


@dataclass(frozen=True, slots=True)
class _Moment:
    """What is known of a brand at the time of deciding.

    Attributes:
        hours: negative stories by hour, newest first; unknown hours are None.
        left_out: hours left out because collectors were down.
        blind: whether they were down in the hours that would have to be calm.
    """

    now: datetime
    settings: AlertSettings
    hours: tuple[float | None, ...]
    left_out: int
    blind: bool


def run_detection(
    conn: Connection,
    brands: Sequence[BrandRow],
    now: datetime,
    settings: AlertSettings,
    audience: Audience,
) -> int:
    """Decide for every brand that is not a rival, and write what was decided.

    Alert, event and one outbox message for each of the audience's channels are written through
    `conn`, so they stand or fall with the caller's writing transaction.

    Returns:
        How many alert messages were written (opened, updated and over).
    """
    told = 0
    for brand in brands:
        if brand.is_rival:
            continue
        for decision in detect(conn, brand, now, settings):
            facts = explain(conn, brand, decision.stage, audience)
            told += _write(conn, brand, decision, facts, now, audience)
    return told


def detect(
    conn: Connection, brand: BrandRow, now: datetime, settings: AlertSettings
) -> list[AlertDecision]:
    """What is to be told about a brand now; reads the store and writes nothing."""
    threads = [a for a in alerts(conn, brand.id, now - _OLDEST) if a.kind == NEGATIVE]
    moment = _moment(conn, brand, now, settings, threads)
    current = next((a for a in open_alerts(conn, brand.id) if a.kind == NEGATIVE), None)
    if current is not None:
        followed = _follow(conn, brand, current, moment)
        return [followed] if followed else []
    closed = [alert for alert in threads if alert.closed_at]
    last = max(closed, key=lambda alert: alert.closed_at or now, default=None)
    opened = _open(brand, last, moment)
    return [opened] if opened else []


_OLDEST = timedelta(days=BASELINE_DAYS) + LONGEST_OPEN


def _moment(
    conn: Connection,
    brand: BrandRow,
    now: datetime,
    settings: AlertSettings,
    threads: Sequence[AlertRow],
) -> _Moment:
    """The negative counts of the last 28 days by hours ending now, what is not known blanked."""
    begin = now - HISTORY * HOUR
    rows = series(conn, brand.id, begin, now, HOUR)
    watched = _watched_since(conn, settings)
    first = next((row.start for row in rows if row.sightings), now)
    since = max(begin, first) if watched is None else max(begin, watched)
    down = _hours_down(outages(conn, begin, now), begin, now)
    known = sum(row.start >= since for row in rows)
    if 2 * len(down) > known:
        # Polled by hand or once a day: no hour is special, so none is left out.
        down = frozenset()
    waves = [(a.started_at, a.closed_at or now) for a in threads if a.closed_at]
    hours: list[float | None] = []
    for index, row in enumerate(rows):
        in_wave = any(start < row.end and row.start < end for start, end in waves)
        # What came in the newest hours came, whatever else was missed: a wave is never hidden.
        missed = index in down and index < HISTORY - max(WINDOWS)
        unknown = row.start < since or missed or in_wave
        hours.append(None if unknown else float(row.negative))
    blind = any(index >= HISTORY - CALM_HOURS for index in down)
    return _Moment(now, settings, tuple(reversed(hours)), len(down), blind)


def _watched_since(conn: Connection, settings: AlertSettings) -> datetime | None:
    """When the first active source was set up; None where older posts are complete as well."""
    if settings.trust_history:
        return None
    return min((row.created_at for row in sources(conn)), default=None)


def _hours_down(
    stretches: Sequence[tuple[datetime, datetime]], begin: datetime, now: datetime
) -> frozenset[int]:
    """Hours of the history that lie at least half in an outage."""
    down = set()
    for index in range(HISTORY):
        start = begin + index * HOUR
        out = sum(
            (max(timedelta(), min(b, start + HOUR) - max(a, start)) for a, b in stretches),
            timedelta(),
        )
        if out >= HOUR / 2:
            down.add(index)
    return frozenset(down)


def _open(brand: BrandRow, last: AlertRow | None, moment: _Moment) -> AlertDecision | None:
    """A new thread, if the hours since the last one hold too much; `last` is its alert."""
    now, settings = moment.now, moment.settings
    closed = last.closed_at if last else None
    finding = judge(
        moment.hours,
        false_alarms_per_month=settings.false_alarms_per_month,
        minimum_count=settings.minimum_count,
        longest=None if closed is None else max(0, int((now - closed) / HOUR)),
    )
    if finding is None:
        return None
    cooling = closed is not None and now - closed < settings.cool_down
    if cooling and last is not None and finding.severity <= last.severity:
        return None
    return AlertDecision(_opening(brand, finding, moment), None)


def _opening(brand: BrandRow, finding: Finding, moment: _Moment) -> Stage:
    started = moment.now - finding.start * HOUR
    return Stage(
        action="opened",
        fingerprint=f"{brand.slug}:{NEGATIVE}:{started:%Y-%m-%dT%H:%M}",
        kind=NEGATIVE,
        severity=finding.severity,
        started_at=started,
        detected_at=moment.now,
        start=moment.now - finding.width * HOUR,
        end=moment.now,
        window_hours=finding.width,
        observed=finding.observed,
        baseline=finding.baseline,
        left_out=moment.left_out,
        false_alarms_per_month=moment.settings.false_alarms_per_month,
    )


def _follow(
    conn: Connection, brand: BrandRow, alert: AlertRow, moment: _Moment
) -> AlertDecision | None:
    """Whether an open alert is over or has grown enough to be told of again."""
    count = totals(conn, brand.id, alert.started_at, moment.now).negative
    if _calm(alert, moment) or moment.now - alert.started_at >= LONGEST_OPEN:
        return _next(alert, "over", "", count, moment)
    told = int(alert.facts.get("negative") or alert.facts.get("observed") or 0)
    if count >= 2 * max(told, 1):
        return _next(alert, "updated", "doubled", count, moment)
    leading = top_cause(conn, brand.id, alert.started_at, moment.now)
    causes = alert.facts.get("causes") or []
    known = causes[0]["cause"] if causes else ""
    if leading and leading != known and count > told:
        return _next(alert, "updated", "new_cause", count, moment)
    return None


def _calm(alert: AlertRow, moment: _Moment) -> bool:
    """The last three hours, known and after the opening, were not above their 95 % interval.

    Compared with the hours before the alert began, so that a long wave cannot become its own
    excuse.
    """
    if moment.blind or moment.now - alert.detected_at < CALM_HOURS * HOUR:
        return False
    recent = moment.hours[:CALM_HOURS]
    since = max(CALM_HOURS, int((moment.now - alert.started_at) / HOUR) + 1)
    before = (*recent, *(None,) * (since - CALM_HOURS), *moment.hours[since:])
    usual = window_baseline(before, CALM_HOURS)
    return sum(value or 0.0 for value in recent) <= max(usual.high, 1)


def _next(
    alert: AlertRow,
    action: Literal["updated", "over"],
    why: str,
    count: int,
    moment: _Moment,
) -> AlertDecision:
    """The next message of a thread: all that came since the alert started."""
    width = min(max(1, round((moment.now - alert.started_at) / HOUR)), HISTORY // 2)
    stage = Stage(
        action=action,
        fingerprint=alert.fingerprint,
        kind=alert.kind,
        severity=min(10, alert.severity + 1) if why == "doubled" else alert.severity,
        started_at=alert.started_at,
        detected_at=alert.detected_at,
        start=alert.started_at,
        end=moment.now,
        window_hours=width,
        observed=count,
        baseline=window_baseline(moment.hours, width),
        left_out=moment.left_out,
        false_alarms_per_month=moment.settings.false_alarms_per_month,
        why=why,
    )
    return AlertDecision(stage, alert.id)


def _write(
    conn: Connection,
    brand: BrandRow,
    decision: AlertDecision,
    facts: AlertFacts,
    now: datetime,
    audience: Audience,
) -> int:
    """Keep the event and owe its message to every channel; 0 if it was announced before."""
    stage, alert_id = decision.stage, decision.alert_id
    kept = {**facts.as_json(), "subject": alert_subject(facts)}
    if alert_id is None:
        row = open_alert(
            conn,
            fingerprint=stage.fingerprint,
            brand_id=brand.id,
            kind=stage.kind,
            severity=stage.severity,
            started_at=stage.started_at,
            detected_at=stage.detected_at,
            facts=kept,
            now=now,
        )
        if row is None:
            return 0
        alert_id, number = row.id, 1
    else:
        number = add_event(
            conn,
            alert_id,
            stage.action,
            now,
            kept,
            severity=stage.severity,
            close=stage.action == "over",
        )
    message = alert_message(facts, f"alert:{alert_id}:{number}", now)
    for channel in audience.channels:
        enqueue(conn, message.key, channel, message.as_payload(), now)
    return 1
