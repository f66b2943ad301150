"""Alerts and the threads of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from store.alert_rows import AlertEventRow, AlertRow
from store.engine import insert_new
from store.report_tables import ALERT, ALERT_EVENT

OPEN, OVER = "open", "over"


def open_alert(  # noqa: PLR0913 - keywords only, each a column
    conn: Connection,
    *,
    fingerprint: str,
    brand_id: int,
    kind: str,
    severity: int,
    started_at: datetime,
    detected_at: datetime,
    facts: Mapping[str, Any],
    now: datetime,
) -> AlertRow | None:
    """Open an alert with its first event, `opened`; None if the fingerprint was used before."""
    row = {
        "fingerprint": fingerprint,
        "brand_id": brand_id,
        "kind": kind,
        "severity": severity,
        "state": OPEN,
        "started_at": started_at,
        "detected_at": detected_at,
    }
    new = conn.execute(insert_new(conn, ALERT).returning(ALERT.c.id), [row]).scalar_one_or_none()
    if new is None:
        return None
    add_event(conn, int(new), "opened", now, facts)
    return _alerts(conn, _select().where(ALERT.c.id == new))[0]


def add_event(
    conn: Connection,
    alert_id: int,
    action: str,
    at: datetime,
    facts: Mapping[str, Any],
    *,
    severity: int | None = None,
    close: bool = False,
) -> int:
    """Add a message to an alert's thread, and change its severity or close it with it.

    Returns:
        The event's number in the thread, from 1.
    """
    last = select(func.coalesce(func.max(ALERT_EVENT.c.number), 0))
    number = int(conn.execute(last.where(ALERT_EVENT.c.alert_id == alert_id)).scalar_one()) + 1
    conn.execute(
        insert(ALERT_EVENT).values(
            alert_id=alert_id, number=number, action=action, at=at, facts=dict(facts)
        )
    )
    values: dict[str, Any] = {"state": OVER, "closed_at": at} if close else {}
    if severity is not None:
        values["severity"] = severity
    if values:
        conn.execute(update(ALERT).where(ALERT.c.id == alert_id).values(values))
    return number


def open_alerts(conn: Connection, brand_id: int | None = None) -> list[AlertRow]:
    """The alerts that are not over, of one brand or all, the oldest first."""
    statement = _select().where(ALERT.c.state == OPEN)
    if brand_id is not None:
        statement = statement.where(ALERT.c.brand_id == brand_id)
    return _alerts(conn, statement)


def alerts(
    conn: Connection, brand_id: int | None = None, since: datetime | None = None
) -> list[AlertRow]:
    """Every alert, of one brand or all, detected at `since` or later; the oldest first."""
    statement = _select()
    if brand_id is not None:
        statement = statement.where(ALERT.c.brand_id == brand_id)
    if since is not None:
        statement = statement.where(ALERT.c.detected_at >= since)
    return _alerts(conn, statement)


def alert_by_id(conn: Connection, alert_id: int) -> AlertRow | None:
    """One alert."""
    return next(iter(_alerts(conn, _select().where(ALERT.c.id == alert_id))), None)


def alert_events(conn: Connection, alert_id: int) -> list[AlertEventRow]:
    """The thread of an alert, in order."""
    columns = (ALERT_EVENT.c.number, ALERT_EVENT.c.action, ALERT_EVENT.c.at, ALERT_EVENT.c.facts)
    thread = select(*columns).where(ALERT_EVENT.c.alert_id == alert_id)
    return [AlertEventRow(*row) for row in conn.execute(thread.order_by(ALERT_EVENT.c.number))]


def _select() -> Select[Any]:
    """Alerts with their latest event."""
    latest = (
        select(ALERT_EVENT.c.alert_id, func.max(ALERT_EVENT.c.number).label("number"))
        .group_by(ALERT_EVENT.c.alert_id)
        .subquery("latest")
    )
    return (
        select(
            ALERT.c.id,
            ALERT.c.fingerprint,
            ALERT.c.brand_id,
            ALERT.c.kind,
            ALERT.c.severity,
            ALERT.c.state,
            ALERT.c.started_at,
            ALERT.c.detected_at,
            ALERT.c.closed_at,
            ALERT_EVENT.c.number,
            ALERT_EVENT.c.facts,
        )
        .join_from(ALERT, latest, latest.c.alert_id == ALERT.c.id)
        .join(
            ALERT_EVENT,
            (ALERT_EVENT.c.alert_id == ALERT.c.id) & (ALERT_EVENT.c.number == latest.c.number),
        )
        .order_by(ALERT.c.detected_at, ALERT.c.id)
    )


def _alerts(conn: Connection, statement: Select[Any]) -> list[AlertRow]:
    rows: Sequence[Any] = conn.execute(statement).all()
    return [AlertRow(*row) for row in rows]
