"""Several alerts as one message, and no thread told backwards. Keys are `alert:THREAD:NUMBER`.

A folded message keeps the keys of what it tells. As long as it was not taken it is taken apart and
folded anew at every attempt, so what is newer comes in and what was muted stays out; the same
messages make the same key. Once a message is taken, everything older of its threads that the
channel was still owed is set aside.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from reports.alert_message import as_first, folded_message
from reports.interface import Message, identity
from store.alert_rows import DueMessage
from store.outbox import (
    enqueue,
    first_teller,
    mark_told,
    message,
    note_teller,
    reopen,
    set_aside,
    was_sent,
)


def told_keys(row: DueMessage) -> tuple[str, ...]:
    """The keys of the alerts' messages that a message tells: its own, or what it folds."""
    if "folds" in row.payload:
        return tuple(row.payload["folds"])
    return (row.key,) if row.payload.get("alert_id") is not None else ()


def thread_of(key: str) -> tuple[str, int]:
    """The thread of an alert's message and its number in it."""
    thread, _, number = key.rpartition(":")
    return thread, int(number)


def taken_apart(
    conn: Connection, rows: Sequence[DueMessage], channels: Container[str], now: datetime
) -> Iterator[DueMessage]:
    """The messages, in place of each folded one what it folds and nothing else has told."""
    for row in rows:
        if "folds" not in row.payload or row.channel not in channels:
            yield row
            continue
        found = [message(conn, key, row.channel) for key in told_keys(row)]
        parts = [part for part in found if part is not None]
        if row.unsure and all(part.sent_at is None for part in parts):
            # It may have arrived: under its own key the receiver can tell it from a new one.
            yield row
            continue
        set_aside(conn, [row.id], "folded")
        again = reopen(conn, [part.id for part in parts], now)
        yield from (part for part in parts if part.id in again)


def fold(conn: Connection, rows: Sequence[DueMessage], now: datetime) -> DueMessage:
    """The one message that tells what these due ones tell: the last of each thread, in one."""
    latest = {
        thread_of(row.key)[0]: row for row in sorted(rows, key=lambda row: thread_of(row.key))
    }
    told = sorted(
        (_first_or_news(conn, row) for row in latest.values()),
        key=lambda row: -int(row.payload["facts"]["severity"]),
    )
    if len(told) == 1:
        set_aside(conn, [row.id for row in rows if row.id != told[0].id], "folded")
        return told[0]
    keys, channel = [row.key for row in told], told[0].channel
    digest = sha256("\n".join(sorted(keys)).encode()).hexdigest()[:24]
    key = f"alerts:{digest}"
    made = folded_message(key, [message_of(row) for row in told], now)
    enqueue(conn, key, channel, {**made.as_payload(), "folds": keys}, now)
    set_aside(conn, [row.id for row in rows], "folded")
    found = message(conn, key, channel)
    if found is None:
        raise LookupError(f"the outbox does not hold {key}, which was just written to it")
    reopen(conn, [found.id], now)
    return found


def _first_or_news(conn: Connection, row: DueMessage) -> DueMessage:
    """The message; as the opening if it is news of a thread that the channel was told nothing of.

    It was held back meanwhile, or the thread has only now become something for the channel.
    """
    thread, number = thread_of(row.key)
    if number == 1 or was_sent(conn, f"{thread}:", row.channel):
        return row
    first = as_first(message_of(row))
    return replace(row, payload={**row.payload, **first.as_payload()})


def end_told(conn: Connection, row: DueMessage, now: datetime) -> None:
    """After a message was taken: set aside what it told, and what is older in its threads."""
    for key in told_keys(row):
        thread, number = thread_of(key)
        mark_told(conn, row.channel, [f"{thread}:{n}" for n in range(1, number + 1)], now)
        part = message(conn, key, row.channel) if key != row.key else None
        if part is not None:
            note_teller(conn, part, message_of(row).identity)


def continuing(conn: Connection, row: DueMessage) -> DueMessage:
    """The message, with the first that was sent of each of its threads as what it replies to."""
    sent = []
    for key in told_keys(row):
        thread, number = thread_of(key)
        first = first_teller(conn, row.channel, [f"{thread}:{n}" for n in range(1, number)])
        if first is not None:
            sent.append(first[2] or identity(first[0], first[1]))
    return replace(row, payload={**row.payload, "replies_to": list(dict.fromkeys(sent))})


def message_of(row: DueMessage) -> Message:
    """An outbox row as the message it holds."""
    payload = row.payload
    made = Message(
        key=row.key,
        kind=str(payload["kind"]),
        subject=str(payload["subject"]),
        text=str(payload["text"]),
        html=str(payload["html"]),
        facts=payload["facts"],
        created_at=row.created_at,
        title=str(payload.get("title", "")),
    )
    return replace(
        made,
        mail=str(payload.get("mail", "")),
        pictures=payload.get("pictures", {}),
        brief=str(payload.get("brief", "")),
        recipients=tuple(payload.get("recipients", ())),
        replies_to=tuple(payload.get("replies_to", ())),
    )
