"""What a person can do about an alert: acknowledge, mute, mark false. By command and by link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from reports.interface import ReportError
from reports.routing import not_before
from reports.tuning import MEMORY, series_key, strictness_by_series
from store.alert_actions import Action, add_action, false_alarms, was_done
from store.alert_rows import AlertRow
from store.alerts import alert_by_id
from store.outbox import hold, waiting

LONGEST_MUTE: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Done:
    """What an action came to.

    Attributes:
        again: it had been done before, and nothing changed.
        until: when a mute ends.
        stricter: how many times more surprising the series must be now, after a false mark.
        series: the series a false mark is about.
    """

    action: Action
    alert: AlertRow | None
    again: bool = False
    until: datetime | None = None
    stricter: float = 1.0
    series: str = ""


def acknowledge(conn: Connection, alert_id: int, now: datetime, who: str) -> Done:
    """Say that somebody is at it: further channels are not called; updates still come.

    An alert that was marked false needs nobody: that is what is said of it then.
    """
    alert = _alert(conn, alert_id)
    if was_done(conn, alert_id, ["ack"]):
        return Done("ack", alert, again=True)
    if was_done(conn, alert_id, ["false"]):
        return _marked(conn, alert, now, again=True)
    add_action(conn, "ack", brand_id=alert.brand_id, alert_id=alert_id, at=now, who=who)
    return Done("ack", alert)


def mark_false(conn: Connection, alert_id: int, now: datetime, who: str, note: str = "") -> Done:
    """Say that nothing was the matter: the thread ends, and its series is judged more strictly."""
    alert = _alert(conn, alert_id)
    again = was_done(conn, alert_id, ["false"])
    if not again:
        add_action(
            conn,
            "false",
            brand_id=alert.brand_id,
            alert_id=alert_id,
            at=now,
            who=who,
            series=series_of_alert(alert),
            note=note,
        )
    return _marked(conn, alert, now, again=again)


def _marked(conn: Connection, alert: AlertRow, now: datetime, *, again: bool) -> Done:
    series = series_of_alert(alert)
    stricter = stricter_series(conn, alert.brand_id, now).get(series, 1.0)
    return Done("false", alert, again=again, stricter=stricter, series=series)


def mute(
    conn: Connection,
    now: datetime,
    who: str,
    length: timedelta,
    *,
    brand_id: int,
    alert_id: int | None = None,
    note: str = "",
) -> Done:
    """Hold back the messages of a brand's alerts, or of one alert, for a time.

    Nothing is lost: what was decided meanwhile is told in one message afterwards.

    Raises:
        ReportError: the time is not between a minute and 31 days.
    """
    if not timedelta(minutes=1) <= length <= LONGEST_MUTE:
        raise ReportError("a mute lasts from a minute to 31 days; for longer, change the channel")
    alert = _alert(conn, alert_id) if alert_id is not None else None
    until = now + length
    add_action(
        conn,
        "mute",
        brand_id=brand_id,
        alert_id=alert_id,
        at=now,
        until=until,
        who=who,
        note=note,
    )
    return Done("mute", alert, until=until)


def unmute(
    conn: Connection, now: datetime, who: str, *, brand_id: int, alert_id: int | None = None
) -> Done:
    """End a mute; what it held back is due now (or when quiet hours end)."""
    alert = _alert(conn, alert_id) if alert_id is not None else None
    add_action(conn, "unmute", brand_id=brand_id, alert_id=alert_id, at=now, who=who)
    prefix = f"alert:{alert_id}:" if alert_id is not None else "alert:"
    for row in waiting(conn, now, prefix):
        if row.payload.get("brand_id") == brand_id:
            hold(conn, [row.id], max(now, not_before(row)))
    return Done("unmute", alert)


def stricter_series(conn: Connection, brand_id: int, now: datetime) -> dict[str, float]:
    """How much more surprising a brand's series must be now, by series, for their false alarms."""
    marks = false_alarms(conn, brand_id, now - MEMORY)
    return dict(strictness_by_series([(row.series, row.at) for row in marks], now))


def series_of_alert(alert: AlertRow) -> str:
    """The series that raised an alert."""
    return series_key(alert.kind, str(alert.facts.get("about_id") or ""))


def _alert(conn: Connection, alert_id: int) -> AlertRow:
    found = alert_by_id(conn, alert_id)
    if found is None:
        raise ReportError(f"there is no alert {alert_id}; molva alerts list shows their numbers")
    return found
