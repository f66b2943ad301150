"""Tells other channels of a channel that has taken nothing for a day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    """Owe a notice about each failing channel to others, once an outage; see `_told`.

    Like an alert it waits out the quiet hours; `reports.manners` sees to that.

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
        for other in _told(name, failing, channels):
            written += enqueue(conn, notice.key, other, notice.as_payload(), now)
    return written


def _told(name: str, failing: Collection[str], channels: Mapping[str, Channel]) -> list[str]:
    """The channels to tell of a failing one.

    Those that are told of alerts at once, of a brand that the failing channel is for. If none of
    them works, every channel that does: better the wrong person than nobody.
    """
    working = {other: channel for other, channel in channels.items() if other not in failing}
    failed = channels.get(name)
    brands = failed.brands if failed is not None else frozenset[str]()
    fitting = [
        other
        for other, channel in working.items()
        if channel.wants("alert")
        and channel.escalate_after is None
        and not (brands and channel.brands and brands.isdisjoint(channel.brands))
    ]
    return fitting or list(working)
