"""Digests that were made: one a brand, period, zone and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from store.engine import insert_new
from store.report_tables import DIGEST


@dataclass(frozen=True, slots=True)
class DigestKey:
    """What makes a digest one and the same.

    Attributes:
        period: `day`, `week` or `month`.
        day: the first day it tells of.
    """

    brand_id: int
    period: str
    day: date
    zone: str
    lang: str


def save_digest(conn: Connection, key: DigestKey, facts: Mapping[str, Any], now: datetime) -> bool:
    """Keep what a digest says; False (and nothing changes) if it was made before."""
    row = {
        "brand_id": key.brand_id,
        "period": key.period,
        "day": key.day,
        "zone": key.zone,
        "lang": key.lang,
        "facts": dict(facts),
        "created_at": now,
    }
    new = insert_new(conn, DIGEST).returning(DIGEST.c.id)
    return conn.execute(new, [row]).first() is not None


def digest_exists(conn: Connection, key: DigestKey) -> bool:
    """Whether this digest was made."""
    found = select(DIGEST.c.id).where(_of_kind(key), DIGEST.c.day == key.day)
    return conn.execute(found).first() is not None


def told_until(conn: Connection, key: DigestKey) -> datetime | None:
    """When the last digest before this one was made; None if this would be the first."""
    last = select(func.max(DIGEST.c.created_at)).where(_of_kind(key), DIGEST.c.day < key.day)
    found: datetime | None = conn.execute(last).scalar_one()
    return found


def _of_kind(key: DigestKey) -> ColumnElement[bool]:
    return and_(
        DIGEST.c.brand_id == key.brand_id,
        DIGEST.c.period == key.period,
        DIGEST.c.zone == key.zone,
        DIGEST.c.lang == key.lang,
    )
