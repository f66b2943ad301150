"""What people did about alerts: acknowledged, muted, marked false. Written once, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, insert, or_, select

from store.alert_rows import AlertActionRow
from store.report_tables import ALERT_ACTION

Action = Literal["ack", "mute", "unmute", "false"]

_COLUMNS = [ALERT_ACTION.c[name] for name in AlertActionRow.__dataclass_fields__]


def add_action(  # noqa: PLR0913 - keywords only, each a column
    conn: Connection,
    action: Action,
    *,
    brand_id: int,
    alert_id: int | None,
    at: datetime,
    who: str,
    series: str = "",
    until: datetime | None = None,
    note: str = "",
) -> None:
    """Note what a person did; `alert_id` None means all alerts of the brand."""
    conn.execute(
        insert(ALERT_ACTION).values(
            action=action,
            brand_id=brand_id,
            alert_id=alert_id,
            series=series,
            at=at,
            until=until,
            note=note,
            who=who,
        )
    )


def actions_of(conn: Connection, alert_id: int) -> list[AlertActionRow]:
    """What was done about one alert, in order."""
    return _rows(conn, ALERT_ACTION.c.alert_id == alert_id)


def was_done(conn: Connection, alert_id: int, actions: Sequence[Action]) -> bool:
    """Whether somebody did one of these about an alert."""
    done = select(ALERT_ACTION.c.id).where(
        ALERT_ACTION.c.alert_id == alert_id, ALERT_ACTION.c.action.in_(actions)
    )
    return conn.execute(done.limit(1)).first() is not None


def false_alarms(conn: Connection, brand_id: int, since: datetime) -> list[AlertActionRow]:
    """The alerts of a brand that were marked false since then; each once, by its first mark."""
    marked = _rows(
        conn,
        ALERT_ACTION.c.action == "false",
        ALERT_ACTION.c.brand_id == brand_id,
        ALERT_ACTION.c.at >= since,
    )
    first: dict[int | None, AlertActionRow] = {}
    for row in marked:
        first.setdefault(row.alert_id, row)
    return list(first.values())


def muted_until(
    conn: Connection, brand_id: int, alert_id: int | None, now: datetime
) -> datetime | None:
    """Until when a brand's alerts, or this alert, are muted; None if they are not.

    The latest word counts, for the brand and for the alert each.
    """
    mine = or_(ALERT_ACTION.c.alert_id.is_(None), ALERT_ACTION.c.alert_id == alert_id)
    words = _rows(
        conn,
        ALERT_ACTION.c.brand_id == brand_id,
        ALERT_ACTION.c.action.in_(["mute", "unmute"]),
        mine,
    )
    latest = {row.alert_id: row for row in words}
    ends = [row.until for row in latest.values() if row.action == "mute"]
    return max((end for end in ends if end and end > now), default=None)


def _rows(conn: Connection, *conditions: ColumnElement[bool]) -> list[AlertActionRow]:
    order = (ALERT_ACTION.c.at, ALERT_ACTION.c.id)
    rows: Sequence[Any] = conn.execute(select(*_COLUMNS).where(*conditions).order_by(*order)).all()
    return [AlertActionRow(*row) for row in rows]
