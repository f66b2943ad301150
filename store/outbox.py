"""Messages owed to channels: written with the decision, sent after it, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from store.alert_rows import CUT_OFF, DueMessage, FailingChannel
from store.engine import insert_new
from store.report_tables import OUTBOX


def enqueue(
    conn: Connection,
    key: str,
    channel: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    send_at: datetime | None = None,
) -> bool:
    """Owe a message to a channel; False if this key was already owed to it, sent or not.

    Call it in the transaction that decides what the message tells.

    Args:
        send_at: not before then; default: at once.
    """
    new = insert_new(conn, OUTBOX).returning(OUTBOX.c.id)
    row = {
        "key": key,
        "channel": channel,
        "payload": dict(payload),
        "status": "pending",
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": send_at or now,
        "last_error": "",
    }
    return conn.execute(new, [row]).first() is not None


def due(conn: Connection, now: datetime, limit: int) -> list[DueMessage]:
    """The messages whose time to be sent has come, the longest waiting first."""
    return _messages(
        conn, OUTBOX.c.status == "pending", OUTBOX.c.next_attempt_at <= now, limit=limit
    )


def message(conn: Connection, key: str, channel: str) -> DueMessage | None:
    """The message of that key that a channel is or was owed."""
    return next(iter(_messages(conn, OUTBOX.c.key == key, OUTBOX.c.channel == channel)), None)


def claim(conn: Connection, message_id: int, now: datetime, until: datetime) -> bool:
    """Take a due message for sending; False if another process took it, or it is no longer owed.

    Whoever takes it and dies leaves it due again at `until`.
    """
    taken = (
        update(OUTBOX)
        .where(
            OUTBOX.c.id == message_id,
            OUTBOX.c.status == "pending",
            OUTBOX.c.next_attempt_at <= now,
        )
        .values(next_attempt_at=until, attempts=OUTBOX.c.attempts + 1, last_error=CUT_OFF)
        .returning(OUTBOX.c.id)
    )
    return conn.execute(taken).first() is not None


def set_aside(conn: Connection, ids: Sequence[int], status: str) -> None:
    """Messages that are not sent themselves: `folded` into another, or `cancelled`."""
    conn.execute(update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(status=status))


def reopen(conn: Connection, ids: Sequence[int], now: datetime) -> frozenset[int]:
    """Make folded messages due again; returns those that nothing has told yet."""
    mine = (OUTBOX.c.id.in_(ids), OUTBOX.c.status == "folded", OUTBOX.c.sent_at.is_(None))
    again = update(OUTBOX).where(*mine).values(status="pending", next_attempt_at=now)
    return frozenset(conn.execute(again.returning(OUTBOX.c.id)).scalars())


def hold(conn: Connection, ids: Sequence[int], until: datetime) -> None:
    """Make pending messages due at another time."""
    mine = (OUTBOX.c.id.in_(ids), OUTBOX.c.status == "pending")
    conn.execute(update(OUTBOX).where(*mine).values(next_attempt_at=until))


def waiting(conn: Connection, now: datetime, prefix: str) -> list[DueMessage]:
    """Messages of that prefix that are due only later and that nobody is sending now."""
    return _messages(
        conn,
        OUTBOX.c.status == "pending",
        OUTBOX.c.last_error != CUT_OFF,
        OUTBOX.c.next_attempt_at > now,
        OUTBOX.c.key.startswith(prefix, autoescape=True),
    )


def being_sent(conn: Connection, now: datetime) -> list[DueMessage]:
    """Messages that a process has claimed and not marked; it may have been killed meanwhile."""
    return _messages(
        conn,
        OUTBOX.c.status == "pending",
        OUTBOX.c.last_error == CUT_OFF,
        OUTBOX.c.next_attempt_at > now,
    )


def channels_told(conn: Connection, prefix: str) -> frozenset[str]:
    """The channels that messages of that prefix were owed to."""
    told = select(OUTBOX.c.channel).where(OUTBOX.c.key.startswith(prefix, autoescape=True))
    return frozenset(conn.execute(told.distinct()).scalars())


def was_sent(conn: Connection, prefix: str, channel: str) -> bool:
    """Whether the channel took a message of that prefix, itself or folded into another."""
    sent = select(OUTBOX.c.id).where(
        OUTBOX.c.channel == channel,
        OUTBOX.c.key.startswith(prefix, autoescape=True),
        OUTBOX.c.sent_at.is_not(None),
    )
    return conn.execute(sent.limit(1)).first() is not None


def failing_channels(conn: Connection) -> list[FailingChannel]:
    """The channels that took nothing after a message that they failed to take was written.

    One message that fails while later ones are taken is no failing channel. One that failed and was
    folded into a newer one counts still: else each new message would begin the outage anew.
    """
    tried = and_(
        OUTBOX.c.last_error != "", or_(OUTBOX.c.last_error != CUT_OFF, OUTBOX.c.attempts > 1)
    )
    last = (
        select(
            OUTBOX.c.channel, func.max(OUTBOX.c.sent_at, type_=OUTBOX.c.sent_at.type).label("at")
        )
        .where(OUTBOX.c.status == "sent")
        .group_by(OUTBOX.c.channel)
        .subquery("last")
    )
    failed = (
        select(OUTBOX.c.channel, OUTBOX.c.created_at, OUTBOX.c.last_error)
        .outerjoin(last, last.c.channel == OUTBOX.c.channel)
        .where(
            OUTBOX.c.status.in_(["pending", "failed", "folded"]),
            tried,
            or_(last.c.at.is_(None), OUTBOX.c.created_at > last.c.at),
        )
        .order_by(OUTBOX.c.created_at, OUTBOX.c.id)
    )
    found: dict[str, FailingChannel] = {}
    for channel, at, error in conn.execute(failed):
        since = found[channel].since if channel in found else at
        found[channel] = FailingChannel(channel, since, error)
    return list(found.values())


def mark_sent(conn: Connection, message_id: int, now: datetime) -> None:
    """Note that the channel took the message."""
    conn.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message_id)
        .values(status="sent", sent_at=now, last_error="")
    )


def mark_told(conn: Connection, channel: str, keys: Sequence[str], now: datetime) -> None:
    """Note that a message which the channel took told these too: they are set aside as `folded`."""
    conn.execute(
        update(OUTBOX)
        .where(
            OUTBOX.c.channel == channel,
            OUTBOX.c.key.in_(keys),
            OUTBOX.c.status.in_(["pending", "folded"]),
            OUTBOX.c.sent_at.is_(None),
        )
        .values(status="folded", sent_at=now)
    )


def note_teller(conn: Connection, row: DueMessage, teller: str) -> None:
    """Keep with a folded message which message told it; see `first_teller`."""
    payload = {**row.payload, "told_in": teller}
    conn.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(payload=payload))


def first_teller(
    conn: Connection, channel: str, keys: Sequence[str]
) -> tuple[str, datetime, str | None] | None:
    """Of the messages of these keys the one that the channel was told first.

    Returns:
        Its key, when it was written, and the message that told it, if it was not sent itself.
    """
    told_in = OUTBOX.c.payload["told_in"].as_string()
    told = (
        select(OUTBOX.c.key, OUTBOX.c.created_at, told_in)
        .where(
            OUTBOX.c.channel == channel,
            OUTBOX.c.key.in_(keys),
            OUTBOX.c.sent_at.is_not(None),
            or_(OUTBOX.c.status == "sent", told_in.is_not(None)),
        )
        .order_by(OUTBOX.c.sent_at, OUTBOX.c.id)
    )
    found = conn.execute(told.limit(1)).first()
    return None if found is None else (found[0], found[1], found[2])


def mark_retry(
    conn: Connection, message_id: int, error: str, next_attempt_at: datetime, *, give_up: bool
) -> None:
    """Note that sending failed, and when to try again; `give_up` never tries again.

    A message that was set aside while it was being sent stays so.
    """
    conn.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message_id, OUTBOX.c.status == "pending")
        .values(
            status="failed" if give_up else "pending",
            last_error=error,
            next_attempt_at=next_attempt_at,
        )
    )


def _messages(
    conn: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[DueMessage]:
    columns = [OUTBOX.c[name] for name in DueMessage.__dataclass_fields__]
    wanted = select(*columns).where(*conditions)
    rows = conn.execute(wanted.order_by(OUTBOX.c.next_attempt_at, OUTBOX.c.id).limit(limit))
    return [DueMessage(*row) for row in rows]
