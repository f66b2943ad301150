"""Which channels are told of an alert: by brand, cause and severity, and who is called later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from reports.alert_facts import AlertFacts
from reports.interface import Audience, Message, Route
from store.alert_rows import DueMessage
from store.outbox import channels_told, enqueue

_ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_NAMED: Final = 2
"""A cause that so many stories of an alert name is one of its causes."""


EVERYTHING: Final = Route()


def takes(route: Route, facts: AlertFacts) -> bool:
    """Whether an alert is for a channel with this route."""
    if route.brands and facts.slug not in route.brands:
        return False
    if facts.severity < route.minimum_severity:
        return False
    named = {cause.cause for cause in facts.causes if cause.mentions >= LEAST_NAMED}
    return not route.causes or bool(route.causes & (named | {facts.about_id}))


def owe(
    conn: Connection,
    alert: tuple[int, int],
    message: Message,
    facts: AlertFacts,
    audience: Audience,
    now: datetime,
) -> int:
    """Owe a message of an alert to every channel that it is for.

    A channel that was told of a thread is told the rest of it, whatever has become of its causes;
    an all-clear goes only where the alert went.

    Args:
        alert: the ids of the alert and of its brand.

    Returns:
        How many channels that is.
    """
    alert_id, brand_id = alert
    told = channels_told(conn, f"alert:{alert_id}:")
    said = {**message.as_payload(), "brand_id": brand_id, "alert_id": alert_id}
    owed = 0
    for channel in audience.channels:
        route = audience.routes.get(channel, EVERYTHING)
        if channel not in told and (facts.action == "over" or not takes(route, facts)):
            continue
        due, payload = now, said
        if route.escalate_after is not None:
            due = max(now, facts.detected_at + route.escalate_after)
            payload = {**said, "not_before": due.isoformat()}
        owed += enqueue(conn, message.key, channel, payload, now, send_at=due)
    return owed


def not_before(row: DueMessage) -> datetime:
    """The earliest time at which a message may be sent, whatever held it back."""
    given = row.payload.get("not_before")
    return datetime.fromisoformat(given) if isinstance(given, str) else _ALWAYS
