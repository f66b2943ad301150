"""What becomes of alert messages between decision and sending: held, called off, or folded.

Looked at anew at every attempt, so a mute, an acknowledgement or another setting counts at once.
Only a message that may have arrived, for its sender was killed, is left alone: it is sent again
under its own key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from reports.channels import Channel, EmailChannel
from reports.folding import continuing, fold, taken_apart, thread_of, told_keys
from reports.quiet import QuietHours
from store.alert_actions import muted_until, was_done
from store.alert_rows import DueMessage
from store.alerts import OVER, alert_by_id
from store.outbox import being_sent, hold, set_aside, was_sent


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
    """What of the due messages is to be sent now, at most one message of alerts a channel.

    The rest is held back, called off or folded into one, and noted as such through `conn`.
    """
    kept: list[DueMessage] = []
    unsure: dict[str, DueMessage] = {}
    ready: dict[str, list[DueMessage]] = {}
    newer = _being_sent(conn, now)
    for row in taken_apart(conn, rows, channels, now):
        channel = channels.get(row.channel)
        if channel is None or row.payload.get("kind") != "alert":
            kept.append(row)
        elif _called_off(conn, row, channel):
            set_aside(conn, [row.id], "cancelled")
        elif until := _overtaken(row, newer) or _held_until(conn, row, channel, manners, now):
            hold(conn, [row.id], until)
        elif not told_keys(row):
            kept.append(row)
        elif row.unsure:
            unsure.setdefault(row.channel, row)
        else:
            ready.setdefault(row.channel, []).append(row)
    kept += unsure.values()
    kept += [fold(conn, rows, now) for name, rows in ready.items() if name not in unsure]
    mails = {name for name, channel in channels.items() if isinstance(channel, EmailChannel)}
    return [continuing(conn, row) if row.channel in mails else row for row in kept]


def _called_off(conn: Connection, row: DueMessage, channel: Channel) -> bool:
    """Whether an escalation is no longer needed: somebody is at it, or it is over untold."""
    given = row.payload.get("alert_id")
    if channel.escalate_after is None or given is None or row.unsure:
        return False
    alert_id = int(given)
    if was_sent(conn, f"alert:{alert_id}:", row.channel):
        return False
    alert = alert_by_id(conn, alert_id)
    over = alert is not None and alert.state == OVER
    return over or was_done(conn, alert_id, ["ack", "mute", "false"])


_Newer = Mapping[tuple[str, str], tuple[int, datetime]]


def _being_sent(conn: Connection, now: datetime) -> _Newer:
    """By channel and thread the newest message that is being sent, and until when it is claimed."""
    found: dict[tuple[str, str], tuple[int, datetime]] = {}
    for row in being_sent(conn, now):
        for key in told_keys(row):
            thread, number = thread_of(key)
            place = (row.channel, thread)
            found[place] = max(found.get(place, (0, now)), (number, row.next_attempt_at))
    return found


def _overtaken(row: DueMessage, newer: _Newer) -> datetime | None:
    """Until when it is open whether the channel has taken a newer message of the same thread."""
    ends = []
    for key in told_keys(row):
        thread, number = thread_of(key)
        last, until = newer.get((row.channel, thread), (0, row.created_at))
        if last > number:
            ends.append(until)
    return max(ends, default=None)


def _held_until(
    conn: Connection, row: DueMessage, channel: Channel, manners: Manners, now: datetime
) -> datetime | None:
    """Until when people want to be left alone with a message."""
    if row.unsure:
        return None
    payload = row.payload
    if payload.get("alert_id") is not None:
        muted = muted_until(conn, int(payload["brand_id"]), int(payload["alert_id"]), now)
        if muted is not None:
            return muted
    if manners.quiet is None or not channel.quiet:
        return None
    if int(payload["facts"].get("severity") or 0) >= manners.quiet.override_severity:
        return None
    return manners.quiet.over_at(now, manners.zone)
