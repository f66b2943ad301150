"""What becomes of alert messages between decision and sending: held, called off, or folded.

Looked at anew at every delivery, so a mute, an acknowledgement or another setting counts at once.
Only messages that were never tried are touched: one that was may have arrived, and is sent again
under its own key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from reports.alert_message import folded_message
from reports.channels import Channel
from reports.interface import Message
from reports.quiet import QuietHours
from store.alert_actions import muted_until, was_done
from store.alert_rows import DueMessage
from store.outbox import enqueue, hold, message, set_aside, was_sent


@dataclass(frozen=True, slots=True)
class Manners:
    """When people want to be left alone."""

    zone: ZoneInfo
    quiet: QuietHours | None = None


def settle(
    conn: Connection,
    rows: Sequence[DueMessage],
    channels: Mapping[str, Channel],
    manners: Manners,
    now: datetime,
) -> list[DueMessage]:
    """What of the due messages is to be sent now, at most one new alert message a channel.

    The rest is held back, called off or folded into one, and noted as such through `conn`.
    """
    kept = []
    fresh: dict[str, list[DueMessage]] = {}
    for row in rows:
        channel = channels.get(row.channel)
        if row.payload.get("alert_id") is None or row.attempts or channel is None:
            kept.append(row)
        elif _called_off(conn, row, channel):
            set_aside(conn, [row.id], "cancelled")
        elif until := _held_until(conn, row, channel, manners, now):
            hold(conn, [row.id], until)
        else:
            fresh.setdefault(row.channel, []).append(row)
    tried = {row.channel for row in kept if row.payload.get("kind") == "alert"}
    for name, waiting in fresh.items():
        if name not in tried:
            kept.append(_folded(conn, waiting, now))
    return kept


def _called_off(conn: Connection, row: DueMessage, channel: Channel) -> bool:
    """Whether an escalation is no longer needed: somebody is at it, or it is over untold."""
    if channel.escalate_after is None:
        return False
    alert_id = int(row.payload["alert_id"])
    if was_sent(conn, f"alert:{alert_id}:", row.channel):
        return False
    over = row.payload["facts"].get("action") == "over"
    return over or was_done(conn, alert_id, ["ack", "false"])


def _held_until(
    conn: Connection, row: DueMessage, channel: Channel, manners: Manners, now: datetime
) -> datetime | None:
    payload = row.payload
    muted = muted_until(conn, int(payload["brand_id"]), int(payload["alert_id"]), now)
    if muted is not None or manners.quiet is None or not channel.quiet:
        return muted
    if int(payload["facts"].get("severity") or 0) >= manners.quiet.override_severity:
        return None
    return manners.quiet.over_at(now, manners.zone)


def _folded(conn: Connection, rows: Sequence[DueMessage], now: datetime) -> DueMessage:
    """The one message that tells what these rows tell: the last of each thread, in one."""
    latest = {int(row.payload["alert_id"]): row for row in sorted(rows, key=_number)}
    told = sorted(latest.values(), key=lambda row: -int(row.payload["facts"]["severity"]))
    if len(told) == 1:
        set_aside(conn, [row.id for row in rows if row.id != told[0].id], "folded")
        return told[0]
    digest = sha256("\n".join(sorted(row.key for row in rows)).encode()).hexdigest()[:24]
    key = f"alerts:{digest}"
    made = folded_message(key, [message_of(row) for row in told], now)
    enqueue(conn, key, rows[0].channel, made.as_payload(), now)
    set_aside(conn, [row.id for row in rows], "folded")
    found = message(conn, key, rows[0].channel)
    return found or told[0]


def _number(row: DueMessage) -> tuple[datetime, int]:
    return row.created_at, int(row.key.rpartition(":")[2])


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
    )
