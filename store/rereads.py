"""Which mentions their sources are to be asked for again; the times survive every restart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from store.decide import storable_id
from store.interface import DueReread
from store.reread_times import ERASING, YOUNG, next_reread
from store.tables import MENTION


def due_rereads(
    conn: Connection, scopes: Collection[str], now: datetime, limit: int
) -> list[DueReread]:
    """The living mentions of these scopes whose time has come, the most overdue first."""
    due = select(MENTION.c.id, MENTION.c.scope, MENTION.c.native_id).where(
        MENTION.c.reread_at <= now,
        MENTION.c.scope.in_(scopes),
        MENTION.c.deleted_at.is_(None),
    )
    rows = conn.execute(due.order_by(MENTION.c.reread_at, MENTION.c.id).limit(limit))
    return [DueReread(*row) for row in rows]


def plan_rereads(
    conn: Connection, scope: str, terms: str, native_ids: Collection[str], now: datetime
) -> None:
    """Plan when mentions that were just asked for are asked for next."""
    found = select(MENTION.c.id, MENTION.c.published_at).where(
        MENTION.c.scope == scope,
        MENTION.c.native_id.in_([storable_id(native_id) for native_id in native_ids]),
        MENTION.c.deleted_at.is_(None),
    )
    _set(conn, {row.id: next_reread(row.published_at, now, terms) for row in conn.execute(found)})


def postpone_rereads(conn: Connection, mention_ids: Collection[int], until: datetime) -> None:
    """Ask for mentions no earlier than this: their source could not be read."""
    _set(conn, dict.fromkeys(mention_ids, until))


def begin_rereads(conn: Connection, scope: str, terms: str, now: datetime) -> None:
    """Plan for mentions kept before their source could be asked by id."""
    wanted = [MENTION.c.scope == scope, MENTION.c.reread_at.is_(None)]
    wanted.append(MENTION.c.deleted_at.is_(None))
    if terms != ERASING:
        wanted.append(MENTION.c.published_at > now - YOUNG)
    conn.execute(update(MENTION).where(*wanted).values(reread_at=now))


def _set(conn: Connection, times: dict[int, datetime | None] | dict[int, datetime]) -> None:
    if not times:
        return
    planned: dict[str, Any] = {"reread_at": bindparam("at")}
    conn.execute(
        update(MENTION).where(MENTION.c.id == bindparam("mention")).values(planned),
        [{"mention": id_, "at": at} for id_, at in times.items()],
    )
