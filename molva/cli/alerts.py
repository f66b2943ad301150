"""Commands about alerts: the list, and what a setting would have told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    brand_row,
    configure,
    moment,
    progress_bar,
    refuse_before,
    tables,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from molva.pipeline.tell import reporting_names
from reports.alert_facets import subject_name
from reports.alert_words import seen
from reports.alerts import AlertSettings
from reports.replay import Past, Replayed, alarms_a_month, first_look, past_of, replay
from reports.signals import Signal
from reports.words import Words
from store.alerts import alerts as stored_alerts
from store.brands import brand_by_slug
from store.engine import open_store, reading
from store.facet_rows import FacetRow
from store.facets import facets
from store.history import labelled_mentions
from store.interface import BrandRow, MentionFilter
from store.series_tally import BUCKET

BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand's id; default: all.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day or time on, in the configured zone.")
]
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""No post is older; what comes before the first is not walked through."""
_USUAL_LENGTH = timedelta(days=28)
"""Of a replay, unless told otherwise."""
app = typer.Typer(name="alerts", help="The alerts so far; what a setting would have told.")


@app.callback(invoke_without_command=True)
def alerts(
    context: typer.Context,
    brand: BrandOption = None,
    since: SinceOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """The alerts so far: what, when, how severe, why."""
    refuse_before(context)
    if context.invoked_subcommand is None:
        write_alerts(brand, since, config, json_lines=json_lines)


def write_alerts(
    brand: str | None, since: str | None, config: Path, *, json_lines: bool = False
) -> None:
    """Write the alerts of one brand or all, one a line."""
    loaded = configure(config)
    engine = open_store(loaded.store_url)
    with reading(engine) as conn:
        brand_id = brand_row(conn, loaded, brand).id if brand else None
        rows = stored_alerts(conn, brand_id, moment(since, loaded))
    for row in rows:
        if json_lines:
            write_line(
                {
                    "alert": row.id,
                    "kind": row.kind,
                    "severity": row.severity,
                    "state": row.state,
                    "started_at": row.started_at,
                    "detected_at": row.detected_at,
                    "closed_at": row.closed_at,
                    "facts": row.facts,
                }
            )
        else:
            started = row.started_at.astimezone(loaded.timezone).strftime("%Y-%m-%d %H:%M")
            tables.print(
                f"{row.id:>4}  {started}  {row.severity}/10  {row.state:<5} {row.facts['subject']}",
                markup=False,
                soft_wrap=True,
            )


@app.command("replay")
def replay_alerts(
    since: SinceOption = None,
    brand: BrandOption = None,
    rate: Annotated[
        float | None,
        typer.Option(help="False alarms a month and brand to try; default: the configured rate."),
    ] = None,
    minimum: Annotated[
        int | None, typer.Option(help="Smallest count to try; default: the configured one.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """What a setting would have told in the past, from what was known then; writes nothing.

    Alerts that were marked false count from their marks on. Without --since, the last 28 days, or
    the 28 days up to the newest mention if it is older; it begins with the first that is stored.
    """
    loaded = configure(config)
    settings = _settings(loaded, rate, minimum)
    now = utc_now()
    given = _begin(since, loaded, now)
    words = Words(loaded.language, loaded.timezone)
    with reading(open_store(loaded.store_url)) as conn:
        for row in _brands(conn, loaded, brand):
            begin, until = (given, now) if given else _latest(conn, row, now)
            past = past_of(conn, row, begin, until, settings)
            first = first_look(past, begin)
            found = _replayed(row, past, first, until, settings) if first else []
            for alarm in found:
                _write_alarm(alarm, row, loaded, facets(conn, row.id), json_lines=json_lines)
            summary = _Summary(
                row.slug, first or begin, until, settings, tuple(found), len(past.marks)
            )
            if json_lines:
                write_line(summary.as_json())
            else:
                told = summary.in_words(words, empty=first is None)
                tables.print(told, markup=False, soft_wrap=True)


def _begin(since: str | None, config: Config, now: datetime) -> datetime | None:
    """When a replay is to begin, if the command line says it."""
    given = moment(since, config)
    if given is not None and given >= now:
        raise CommandError(f"--since {since} is in the future; a replay needs a time that is past")
    return None if given is None else max(given, _EARLIEST)


def _latest(conn: Connection, brand: BrandRow, now: datetime) -> tuple[datetime, datetime]:
    """The last weeks; of a store that was not filled of late, those before its newest mention."""
    wanted = MentionFilter(brand_id=brand.id, until=now, own=False)
    newest = next(labelled_mentions(conn, wanted, limit=1, newest_first=True), None)
    fresh = newest is None or newest.published_at >= now - _USUAL_LENGTH
    until = now if newest is None or fresh else newest.published_at + BUCKET
    return until - _USUAL_LENGTH, until


def _replayed(
    brand: BrandRow, past: Past, since: datetime, until: datetime, settings: AlertSettings
) -> list[Replayed]:
    """The alarms of a brand, with a bar on a terminal: years take their time."""
    with progress_bar() as progress:
        task = progress.add_task(f"{brand.slug}, days", total=max(1, (until - since).days))

        def watch(now: datetime) -> None:
            progress.update(task, completed=(now - since).days)

        return list(replay(past, since, until, settings, watch))


def _settings(config: Config, rate: float | None, minimum: int | None) -> AlertSettings:
    given: dict[str, Any] = {"false_alarms_per_month": rate, "minimum_count": minimum}
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return AlertSettings(**{**config.alerts.model_dump(), **chosen})
    except ValueError as error:
        raise CommandError(
            "--rate must be above 0 and at most 100, --minimum from 1 to 10,000"
        ) from error


def _brands(conn: Any, config: Config, slug: str | None) -> list[BrandRow]:
    if slug is not None:
        return [brand_row(conn, config, slug)]
    rows = [brand_by_slug(conn, brand.id) for brand in config.brands]
    return [row for row in rows if row is not None and not row.is_rival]


def _write_alarm(
    alarm: Replayed,
    brand: BrandRow,
    config: Config,
    known: Sequence[FacetRow],
    *,
    json_lines: bool,
) -> None:
    if json_lines:
        write_line({"event": "alarm", "brand": brand.slug, **_alarm_json(alarm)})
        return
    zone: ZoneInfo = config.timezone
    words = Words(config.language, zone)

    def told(signals: Sequence[Signal]) -> str:
        return "; ".join(_signal_words(signal, config, known, words) for signal in signals)

    joined = words.say("replay_joined", series=told(alarm.joined)) if alarm.joined else ""
    tables.print(
        f"{alarm.opened_at.astimezone(zone):%Y-%m-%d %H:%M}  {alarm.severity}/10  {brand.slug}: "
        + told((alarm.strongest, *alarm.others))
        + joined,
        markup=False,
        soft_wrap=True,
    )


@dataclass(frozen=True)
class _Summary:
    """How many threads a setting would have told, and how many marks of false alarms it heeded."""

    brand: str
    since: datetime
    until: datetime
    settings: AlertSettings
    told: tuple[Replayed, ...]
    marked: int

    @property
    def month(self) -> float:
        return alarms_a_month(len(self.told), self.since, self.until)

    @property
    def series(self) -> int:
        return sum(len(alarm.signals) for alarm in self.told)

    def as_json(self) -> dict[str, Any]:
        return {
            "event": "summary",
            "brand": self.brand,
            "since": self.since,
            "until": self.until,
            "false_alarms_per_month": self.settings.false_alarms_per_month,
            "minimum_count": self.settings.minimum_count,
            "alarms": len(self.told),
            "series": self.series,
            "alarms_per_month": round(self.month, 2),
            "marked_false": self.marked,
        }

    def in_words(self, words: Words, *, empty: bool) -> str:
        since, until = (
            f"{at.astimezone(words.zone):%Y-%m-%d %H:%M}" for at in (self.since, self.until)
        )
        if empty:
            return words.say("replay_empty", brand=self.brand, since=since)
        return words.say(
            "replay_summary",
            brand=self.brand,
            alarms=words.say("replay_alarms", n=len(self.told)),
            series=words.say("replay_series", n=self.series) if self.told else "",
            since=since,
            until=until,
            month=words.number(self.month, 1),
            rate=words.number(self.settings.false_alarms_per_month, 2),
            marked=words.say("replay_marked", n=self.marked) if self.marked else "",
        )


def _alarm_json(alarm: Replayed) -> dict[str, Any]:
    return {
        "opened_at": alarm.opened_at,
        "started_at": alarm.started_at,
        "closed_at": alarm.closed_at,
        "severity": alarm.severity,
        **_signal_json(alarm.strongest),
        "others": [_signal_json(signal) for signal in alarm.others],
        "joined": [_signal_json(signal) for signal in alarm.joined],
    }


def _signal_json(signal: Signal) -> dict[str, Any]:
    return {
        "kind": signal.kind,
        "subject": signal.subject,
        "window_minutes": signal.width * 10,
        "observed": signal.observed,
        "trials": signal.trials,
        "expected": round(signal.expected, 2),
        "low": signal.low,
        "high": signal.high,
        "false_alarms_per_month": signal.monthly,
    }


def _signal_words(signal: Signal, config: Config, known: Sequence[FacetRow], words: Words) -> str:
    causes = reporting_names(config)
    name = subject_name(signal.kind, signal.subject, causes, known, config.language)
    return seen(signal.kind, signal.observed, signal.trials, name, words)
