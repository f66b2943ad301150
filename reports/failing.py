"""Tells the other channels of a channel that has taken nothing for a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from reports.alert_message import notice_message
from reports.channels import Channel
from reports.interface import Lang
from reports.words import Words
from store.outbox import enqueue, failing_channels

PATIENCE: Final = timedelta(days=1)


def tell_failing(
    conn: Connection, channels: Mapping[str, Channel], now: datetime, lang: Lang, zone: ZoneInfo
) -> int:
    """Owe a notice about each failing channel to the others that take alerts, once an outage.

    Returns:
        How many notices were written.
    """
    failing = {row.channel: row for row in failing_channels(conn) if now - row.since >= PATIENCE}
    written = 0
    for name, row in failing.items():
        words = Words(lang, zone)
        notice = notice_message(
            f"channel:{name}:{row.since:%Y-%m-%dT%H:%M:%S.%f}",
            words.say("notice_channel", channel=name),
            words.say(
                "notice_channel_text",
                channel=name,
                since=words.moment(row.since),
                error=row.error,
            ),
            words,
            now,
        )
        for other, channel in channels.items():
            if other not in failing and channel.wants("alert"):
                written += enqueue(conn, notice.key, other, notice.as_payload(), now)
    return written
