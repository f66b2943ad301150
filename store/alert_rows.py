"""Alerts, what was done about them and the messages still owed, as the store tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

CUT_OFF: Final = "sending it began, and how that ended is not known"
"""The error of a message from its claim until its outcome is marked."""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert with the facts of its latest event."""

    id: int
    fingerprint: str
    brand_id: int
    kind: str
    severity: int
    state: str
    started_at: datetime
    detected_at: datetime
    closed_at: datetime | None
    events: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertEventRow:
    """A message of an alert's thread: `opened`, `updated` or `over`, numbered from 1."""

    number: int
    action: str
    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AlertActionRow:
    """What a person did: `ack`, `mute`, `unmute`, `false`; see the table `alert_action`."""

    id: int
    brand_id: int
    alert_id: int | None
    action: str
    series: str
    at: datetime
    until: datetime | None
    note: str
    who: str


@dataclass(frozen=True, slots=True)
class FailingChannel:
    """A channel that has taken nothing since its oldest unsent message failed.

    Attributes:
        since: when that message was written.
        error: why the latest attempt failed.
    """

    channel: str
    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class DueMessage:
    """An outbox message whose time to be sent has come.

    Attributes:
        sent_at: when it was told, by itself or within another message.
    """

    id: int
    key: str
    channel: str
    payload: Mapping[str, Any]
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    last_error: str

    @property
    def unsure(self) -> bool:
        """Whether it may have arrived: its sender was killed, or is not done yet."""
        return self.last_error == CUT_OFF
