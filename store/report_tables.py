"""The tables of what is told to people: alerts, their series, digests, messages owed, exports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from store.table_parts import json_column as _json
from store.table_parts import key as _key
from store.tables import core


class Alert(SQLModel, table=True):
    """One spike, from its opening to its all-clear. `fingerprint` keeps it from opening twice."""

    __tablename__ = "alert"
    __table_args__ = (Index("ix_alert_brand_started", "brand_id", "started_at"),)
    id: int | None = _key()
    fingerprint: str = Field(unique=True)
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    kind: str
    severity: int
    state: str
    """`open` or `over`."""
    started_at: datetime
    detected_at: datetime
    closed_at: datetime | None = None


class AlertEvent(SQLModel, table=True):
    """A message of an alert's thread, numbered from 1: opened, updated, over."""

    __tablename__ = "alert_event"
    __table_args__ = (UniqueConstraint("alert_id", "number"),)
    id: int | None = _key()
    alert_id: int = Field(foreign_key="alert.id", sa_type=BigInteger)
    number: int
    action: str
    at: datetime
    facts: dict[str, Any] = _json()


class AlertAction(SQLModel, table=True):
    """What a person did about an alert, or a brand's alerts; nothing is changed afterwards."""

    __tablename__ = "alert_action"
    __table_args__ = (Index("ix_alert_action_brand_at", "brand_id", "at"),)
    id: int | None = _key()
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    alert_id: int | None = Field(default=None, foreign_key="alert.id", sa_type=BigInteger)
    """None: all alerts of the brand."""
    action: str
    """`ack`, `mute`, `unmute` or `false`."""
    series: str = ""
    """The series a false alarm was about, e.g. `negative_count` or `cause:late`."""
    at: datetime
    until: datetime | None = None
    note: str = ""
    who: str = ""


class SeriesCount(SQLModel, table=True):
    """A brand's counts of one series and day, in 144 buckets of ten minutes."""

    __tablename__ = "series_count"
    __table_args__ = {"sqlite_with_rowid": False}
    brand_id: int = Field(primary_key=True, foreign_key="brand.id", sa_type=BigInteger)
    series: str = Field(primary_key=True)
    """`volume`, `negative`, `cause:ID` and so on; see `store.series_counts`."""
    day: int = Field(primary_key=True)
    """Whole days since 1970-01-01 UTC."""
    counts: bytes = Field(sa_type=LargeBinary)
    """144 little-endian unsigned whole numbers of one, two or four bytes."""


class Digest(SQLModel, table=True):
    """A brand's digest of one period in one zone, made once."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("brand_id", "period", "day", "zone", "lang"),)
    id: int | None = _key()
    brand_id: int = Field(foreign_key="brand.id", sa_type=BigInteger)
    period: str
    """`day`, `week` or `month`."""
    day: date
    """The first day told of."""
    zone: str
    lang: str
    created_at: datetime
    facts: dict[str, Any] = _json()


class OutboxMessage(SQLModel, table=True):
    """A message owed to a channel, written with the decision and sent after it."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("key", "channel"),
        Index("ix_outbox_due", "status", "next_attempt_at"),
    )
    id: int | None = _key()
    key: str
    """What is announced, e.g. `alert:12:1`; with the channel it makes sending happen once."""
    channel: str
    payload: dict[str, Any] = _json()
    status: str = "pending"
    """`pending`, `sent`, `failed`, `folded` (told by another message) or `cancelled`."""
    attempts: int = 0
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None = None
    last_error: str = ""


class ExportRun(SQLModel, table=True):
    """An export that was written: whoever asks to be forgotten may be in it."""

    __tablename__ = "export_run"
    id: int | None = _key()
    made_at: datetime
    path: str
    format: str
    filters: dict[str, Any] = _json()
    """What was asked for; the brand by its id."""
    since_sequence: int | None = Field(default=None, sa_type=BigInteger)
    last_sequence: int = Field(sa_type=BigInteger)
    mentions: int = Field(sa_type=BigInteger)
    sha256: str = Field(index=True)
    """Of the file; of the manifest where the export is a folder."""
    pseudonymous: bool = False
    code_version: str


class Forgotten(SQLModel, table=True):
    """A post or an author never to be collected again, as a keyed hash that names nobody."""

    __tablename__ = "forgotten"
    __table_args__ = {"sqlite_with_rowid": False}
    key: str = Field(primary_key=True)
    at: datetime


ALERT = core(Alert)
ALERT_EVENT = core(AlertEvent)
ALERT_ACTION = core(AlertAction)
SERIES_COUNT = core(SeriesCount)
DIGEST = core(Digest)
OUTBOX = core(OutboxMessage)
EXPORT_RUN = core(ExportRun)
FORGOTTEN = core(Forgotten)
