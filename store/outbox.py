"""Messages owed to channels: written with the decision, sent after it, each once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from store.engine import insert_new
from store.interface import DueMessage
from store.tables import OUTBOX


def enqueue(
    conn: Connection, key: str, channel: str, payload: Mapping[str, Any], now: datetime
) -> bool:
    """Owe a message to a channel; False if this key was already owed to it, sent or not.

    Call it in the transaction that decides what the message tells.
    """
    new = insert_new(conn, OUTBOX).returning(OUTBOX.c.id)
    row = {
        "key": key,
        "channel": channel,
        "payload": dict(payload),
        "status": "pending",
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
        "last_error": "",
    }
    return conn.execute(new, [row]).first() is not None


def due(conn: Connection, now: datetime, limit: int) -> list[DueMessage]:
    """The messages whose time to be sent has come, the longest waiting first."""
    rows = conn.execute(
        select(
            OUTBOX.c.id,
            OUTBOX.c.key,
            OUTBOX.c.channel,
            OUTBOX.c.payload,
            OUTBOX.c.attempts,
            OUTBOX.c.created_at,
        )
        .where(OUTBOX.c.status == "pending", OUTBOX.c.next_attempt_at <= now)
        .order_by(OUTBOX.c.next_attempt_at, OUTBOX.c.id)
        .limit(limit)
    )
    return [DueMessage(*row) for row in rows]


def mark_sent(conn: Connection, message_id: int, now: datetime) -> None:
    """Note that the channel took the message."""
    conn.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message_id)
        .values(status="sent", sent_at=now, attempts=OUTBOX.c.attempts + 1, last_error="")
    )


def mark_retry(
    conn: Connection, message_id: int, error: str, next_attempt_at: datetime, *, give_up: bool
) -> None:
    """Note that sending failed, and when to try again; `give_up` never tries again."""
    conn.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message_id)
        .values(
            status="failed" if give_up else "pending",
            attempts=OUTBOX.c.attempts + 1,
            last_error=error,
            next_attempt_at=next_attempt_at,
        )
    )
