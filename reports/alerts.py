"""Decides when a brand's people are told that something is going on, and tells it once.

An alert is a thread: *opened* when a series of the brand (its negative stories, their share, a
cause, its volume, ...; see `reports.series`) holds more than the stated false-alarm rate allows;
*updated* only when the count since its start has doubled, a cause that was never told has come to
lead clearly, another series joins it (see `reports.thread`), or it reaches another language, other
sources or far more people through one author; *over* when the last hours were as usual, or a person
marked it false. One brand has one open thread, which names every series that stands out; a
fingerprint keeps it from opening twice, and stories that were part of one thread never open
another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from reports.alert_actions import stricter_series
from reports.alert_chart import HourPoint, hour_points
from reports.alert_facts import AlertFacts, Other, Stage
from reports.alert_message import alert_message
from reports.alert_words import alert_subject
from reports.explain import ABOUT_ALL, explain
from reports.interface import Audience
from reports.lasting import LONG, UNREAD, Wave, lasting
from reports.routing import owe
from reports.series import CALM, PARTS, Habits, Verdict, before, judge, series_of
from reports.signals import FLAT, Signal, Watch, rests_on
from reports.spreading import IN_ORDER, News, news_of
from reports.statistics import negative_binomial_quantile
from reports.thread import Thread
from reports.tuning import series_key
from reports.usual import HISTORY_DAYS, PER_DAY, PER_HOUR, SIZE, Baseline, Board
from reports.watch import Scene, board_of, scene
from store.alert_actions import was_done
from store.alert_rows import AlertRow
from store.alerts import add_event, alert_events, alerts, open_alert, open_alerts
from store.counts import cause_counts
from store.interface import BrandRow, SourceRow
from store.series_counts import refresh
from store.series_tally import bucket_start
from store.sources import SILENT_INTERVALS, sources
from store.spread import heard_through, spread

HOUR = timedelta(hours=1)
CALM_HOURS = 3
LONGEST_OPEN = timedelta(days=7)
"""A wave that lasts longer has become the usual, and is closed as such; see `reports.lasting`."""
JOIN_PAUSE = HOUR
"""So long after one series joined, the next waits, unless it is worse than all that was told."""
_DOUBLING = frozenset({"volume", "negative_count", "negative_share", "story", *PARTS.values()})


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
        left_out: hours left out because collectors were down.
        stricter: what marked false alarms ask of the series.
        lasting: waves that were told and go on, which are no news.
    """

    scene: Scene
    settings: AlertSettings
    board: Board
    left_out: int
    stricter: Mapping[str, float]
    lasting: tuple[Wave, ...] = ()

    @property
    def now(self) -> datetime:
        """When it is decided."""
        return self.scene.now

    def judge(self, thread: Thread | None = None) -> Verdict | None:
        """What stands out now, only what is news in a thread if one is given."""
        settings = self.settings
        watch = Watch(settings.false_alarms_per_month, settings.minimum_count, self.stricter)
        told: list[Wave | Thread] = [*self.lasting, *([thread] if thread else [])]
        if not told:
            return judge(self.board, watch)

        def wanted(signal: Signal, usual: Habits) -> bool:
            minimum = settings.minimum_count
            return all(one.is_news(signal, self.board, usual, minimum) for one in told)

        return judge(self.board, watch, wanted=wanted)

    def points(self, kind: str, subject: str, began: int) -> tuple[HourPoint, ...]:
        """A series hour by hour, for the chart."""
        return hour_points(self.board, self.scene.end, kind, subject, began)


def run_detection(
    conn: Connection,
    brands: Sequence[BrandRow],
    now: datetime,
    settings: AlertSettings,
    audience: Audience,
) -> int:
    """Bring the series up to now, decide for every brand that is not a rival, write the decisions.

    Alert, event and one outbox message for each of the audience's channels are written through
    `conn`, so they stand or fall with the caller's writing transaction.

    Returns:
        How many alert messages were written (opened, updated and over).
    """
    refresh(conn, now)
    at = scene(conn, now, trust_history=settings.trust_history)
    told = 0
    for brand in brands:
        if brand.is_rival:
            continue
        for decision in detect(conn, brand, at, settings):
            facts = explain(conn, brand, decision.stage, audience)
            told += _write(conn, brand, decision, facts, now, audience)
    return told


def detect(
    conn: Connection, brand: BrandRow, at: Scene, settings: AlertSettings
) -> list[AlertDecision]:
    """What is to be told about a brand now; reads the store and writes nothing.

    Args:
        at: what is known of the collectors; the series are those of the last refresh.
    """
    threads = alerts(conn, brand.id, at.now - _OLDEST)
    board, left_out = board_of(conn, brand.id, at, threads)
    stricter = stricter_series(conn, brand.id, at.now)
    going_on, newest = lasting(conn, threads, board, at)
    board = replace(board, fresh=min(board.fresh, newest))
    moment = _Moment(at, settings, board, left_out, stricter, going_on)
    current = next(iter(open_alerts(conn, brand.id)), None)
    if current is not None:
        followed = _follow(conn, brand, current, moment)
        return [followed] if followed else []
    closed = [alert for alert in threads if alert.closed_at]
    last = max(closed, key=lambda alert: alert.closed_at or at.now, default=None)
    opened = _open(brand, last, moment)
    return [opened] if opened else []


_OLDEST = timedelta(days=HISTORY_DAYS) + LONGEST_OPEN


def _open(brand: BrandRow, last: AlertRow | None, moment: _Moment) -> AlertDecision | None:
    """A new thread, if the time since the last one holds too much; `last` is its alert."""
    verdict = moment.judge()
    if verdict is None:
        return None
    closed = last.closed_at if last else None
    cooling = closed is not None and moment.now - closed < moment.settings.cool_down
    if cooling and last is not None and verdict.strongest.severity <= last.severity:
        return None
    return AlertDecision(_opening(brand, verdict, moment), None)


def _opening(brand: BrandRow, verdict: Verdict, moment: _Moment) -> Stage:
    signal = verdict.strongest
    start = bucket_start(moment.scene.last + 1 - signal.start)
    named = f"{signal.kind}:{signal.subject}" if signal.subject else signal.kind
    return Stage(
        action="opened",
        fingerprint=f"{brand.slug}:{named}:{start:%Y-%m-%dT%H:%M}",
        kind=signal.kind,
        subject=signal.subject,
        severity=signal.severity,
        started_at=start,
        detected_at=moment.now,
        start=min(start, bucket_start(moment.scene.last + 1 - signal.end - signal.width)),
        end=moment.now,
        window_minutes=signal.width * 10,
        observed=signal.observed,
        trials=signal.trials,
        baseline=_baseline(signal, moment),
        left_out=moment.left_out,
        false_alarms_per_month=moment.settings.false_alarms_per_month,
        others=tuple(map(_other, verdict.others)),
        stricter=moment.stricter.get(series_key(signal.kind, signal.subject), 1.0),
        points=moment.points(signal.kind, signal.subject, signal.start),
    )


def _other(signal: Signal) -> Other:
    return Other(
        kind=signal.kind,
        subject=signal.subject,
        observed=signal.observed,
        expected=signal.expected,
        trials=signal.trials,
        window_minutes=signal.width * 10,
    )


def _baseline(signal: Signal, moment: _Moment) -> Baseline:
    return Baseline(
        expected=signal.expected,
        dispersion=signal.dispersion,
        low=signal.low,
        high=signal.high,
        hours=round(24 * moment.board.known_days),
        seasonal=signal.kind not in FLAT,
        until=bucket_start(moment.scene.last + 1 - signal.end),
        points=rests_on(moment.board, signal.kind, signal.end + signal.width, signal.end),
    )


def _baseline_before(series: str, width: int, moment: _Moment) -> Baseline:
    """What the last `width` buckets of a series would hold, by what came before them."""
    law = before(moment.board, series, width, width)
    return Baseline(
        expected=law[0],
        dispersion=law[1],
        low=negative_binomial_quantile(0.025, *law),
        high=negative_binomial_quantile(0.975, *law),
        hours=round(24 * moment.board.known_days),
        seasonal=True,
        until=moment.scene.end,
        points=moment.board.weeks_known(width, 0),
    )


def _subject(alert: AlertRow) -> str:
    """The id of the cause, product or place that an alert is about; empty for other kinds."""
    return str(alert.facts.get("about_id") or "")


def _told(alert: AlertRow) -> int:
    """How many stories the last message of a thread counted."""
    return int(alert.facts.get("observed") or 0)


def _follow(
    conn: Connection, brand: BrandRow, alert: AlertRow, moment: _Moment
) -> AlertDecision | None:
    """Whether an open alert is over or has grown enough to be told of again."""
    thread = Thread(alert.kind, _subject(alert), alert_events(conn, alert.id))
    began = min(SIZE, moment.scene.back(alert.started_at))
    row = moment.board.row(series_of(thread.kind, thread.subject))
    count = int(row[-began:].sum())
    if was_done(conn, alert.id, ["false"]):
        return _over(alert, thread, "false", count, moment)
    rested = moment.now - (thread.joined_at or alert.detected_at) >= CALM_HOURS * HOUR
    if (rested or alert.kind == "silence") and _is_calm(conn, brand, alert, thread, moment):
        return _over(alert, thread, "", count, moment)
    if moment.now - alert.started_at >= LONGEST_OPEN:
        return _over(alert, thread, _why_closed(alert, thread, moment), count, moment)
    news = _news(conn, brand, alert, thread, count, moment)
    if news:
        return _next(alert, "updated", news, count, moment)
    return _joined(alert, thread, count, moment)


def _is_calm(
    conn: Connection, brand: BrandRow, alert: AlertRow, thread: Thread, moment: _Moment
) -> bool:
    """Whether the series that opened a thread, and all that joined it, are as usual again."""
    board, back = moment.board, moment.scene.back
    if alert.kind == "silence":
        return thread.is_calm(board, alert.started_at, back)
    widths = _calm_widths(conn, brand, alert, moment)
    return bool(widths) and thread.is_calm(board, alert.started_at, back, widths)


def _why_closed(alert: AlertRow, thread: Thread, moment: _Moment) -> str:
    """What is true of an alert that was open too long: it goes on, or that is not known."""
    board, back = moment.board, moment.scene.back
    known = alert.kind == "silence" or board.known[-CALM:].all()
    goes_on = known or not thread.is_calm(board, alert.started_at, back, (CALM,))
    return LONG if goes_on else UNREAD


def _calm_widths(
    conn: Connection, brand: BrandRow, alert: AlertRow, moment: _Moment
) -> tuple[int, ...]:
    """Which of the newest buckets must be calm before an alert is over; none: it is not known.

    One dead source must not hold the all-clear for ever: if what the alert is about came through
    others that can be read, three hours do; else a whole day of those that can be read.
    """
    if moment.board.known[-CALM:].all():
        return (CALM,)
    active = sources(conn)
    up = {row.id for row in active if _is_read(row, moment.now)}
    negative = alert.kind not in ABOUT_ALL
    told = heard_through(conn, brand.id, alert.started_at, moment.now, negative_only=negative)
    if told and told <= up:
        return (CALM,)
    return (CALM, PER_DAY) if up else ()


def _is_read(source: SourceRow, now: datetime) -> bool:
    """Whether a source could be read all through the hours that must be calm."""
    seen, since = source.last_success_at, source.outcome_since
    if source.error_count or seen is None or since is None:
        return False
    silence = timedelta(seconds=SILENT_INTERVALS * source.interval_seconds)
    return now - seen <= silence and now - since >= CALM_HOURS * HOUR


def _news(
    conn: Connection,
    brand: BrandRow,
    alert: AlertRow,
    thread: Thread,
    count: int,
    moment: _Moment,
) -> list[News]:
    """Why an open alert is worth telling again, the most important first; none if it is not."""
    told, negative = _told(alert), alert.kind not in ABOUT_ALL
    found = news_of(
        alert.facts, spread(conn, brand.id, alert.started_at, moment.now, negative_only=negative)
    )
    if alert.kind in {"negative_count", "negative_share"} and count > told:
        counts = {
            row.cause: row.mentions
            for row in cause_counts(conn, brand.id, alert.started_at, moment.now)
            if row.polarity == "negative"
        }
        if thread.new_leader(counts, moment.settings.minimum_count):
            found.append(("new_cause", ""))
    if alert.kind in _DOUBLING and count >= 2 * max(told, 1):
        found.append(("doubled", ""))
    return sorted(found, key=lambda news: IN_ORDER.index(news[0]))


def _joined(alert: AlertRow, thread: Thread, count: int, moment: _Moment) -> AlertDecision | None:
    """An update, if another series strikes that the thread has not told of."""
    verdict = moment.judge(thread)
    if verdict is None:
        return None
    last = thread.joined_at
    pausing = last is not None and moment.now - last < JOIN_PAUSE
    if pausing and verdict.strongest.severity <= alert.severity:
        return None
    return _next(alert, "updated", [("joined", "")], count, moment, verdict)


def _next(
    alert: AlertRow,
    action: Literal["updated", "over"],
    why: Sequence[News],
    count: int,
    moment: _Moment,
    joined: Verdict | None = None,
) -> AlertDecision:
    """The next message of a thread, of all since its start; `why` has the most important first."""
    subject = _subject(alert)
    width = min(max(1, moment.scene.back(alert.started_at)), SIZE // 2)
    told = (Other(**other) for other in alert.facts.get("others") or ())
    news = tuple(map(_other, (joined.strongest, *joined.others))) if joined else ()
    stage = Stage(
        action=action,
        fingerprint=alert.fingerprint,
        kind=alert.kind,
        subject=subject,
        severity=_severity(alert, why, count, joined),
        started_at=alert.started_at,
        detected_at=alert.detected_at,
        start=alert.started_at,
        end=moment.now,
        window_minutes=width * 60 // PER_HOUR,
        observed=count,
        trials=int(moment.board.row("scored")[-width:].sum()),
        baseline=_baseline_before(series_of(alert.kind, subject), width, moment),
        left_out=moment.left_out,
        false_alarms_per_month=moment.settings.false_alarms_per_month,
        why=why[0][0] if why else "",
        others=(*news, *told),
        joined=news,
        detail=why[0][1] if why else "",
        also=tuple(why[1:]),
        stricter=moment.stricter.get(series_key(alert.kind, subject), 1.0),
        points=moment.points(alert.kind, subject, moment.scene.back(alert.started_at)),
    )
    return AlertDecision(stage, alert.id)


def _over(alert: AlertRow, thread: Thread, why: str, count: int, moment: _Moment) -> AlertDecision:
    """The end of a thread, naming what had joined it with all that came of it."""
    board, began = moment.board, min(SIZE, moment.scene.back(alert.started_at))
    decision = _next(alert, "over", [(why, "")] if why else [], count, moment)

    def grown(other: Other) -> Other:
        if other.kind not in _DOUBLING - FLAT:
            return other
        row = board.row(series_of(other.kind, other.subject))
        return replace(other, observed=int(row[-began:].sum()))

    joined = tuple(
        grown(other)
        for other in decision.stage.others
        if (other.kind, other.subject) in thread.joined
    )
    return replace(decision, stage=replace(decision.stage, joined=joined))


def _severity(alert: AlertRow, why: Sequence[News], count: int, joined: Verdict | None) -> int:
    """How severe the next message of a thread is: never less than the last, one more a doubling."""
    if joined is not None:
        return max(alert.severity, joined.strongest.severity)
    if ("doubled", "") not in why:
        return alert.severity
    return min(10, alert.severity + int(math.log2(count / max(_told(alert), 1))))


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
    links = audience.links(alert_id, now) if audience.links else {}
    message = alert_message(facts, f"alert:{alert_id}:{number}", now, links)
    owe(conn, (alert_id, brand.id), message, facts, audience, now)
    return 1
