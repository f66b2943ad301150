"""Digests that were made: one a brand, day, zone and language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select

from store.engine import insert_new
from store.tables import DIGEST


def save_digest(
    conn: Connection,
    *,
    brand_id: int,
    day: date,
    zone: str,
    lang: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Keep what a digest says; False (and nothing changes) if it was made before."""
    row = {
        "brand_id": brand_id,
        "day": day,
        "zone": zone,
        "lang": lang,
        "facts": dict(facts),
        "created_at": now,
    }
    new = insert_new(conn, DIGEST).returning(DIGEST.c.id)
    return conn.execute(new, [row]).first() is not None


def digest_exists(conn: Connection, *, brand_id: int, day: date, zone: str, lang: str) -> bool:
    """Whether the digest of this day was made."""
    found = select(DIGEST.c.id).where(
        DIGEST.c.brand_id == brand_id,
        DIGEST.c.day == day,
        DIGEST.c.zone == zone,
        DIGEST.c.lang == lang,
    )
    return conn.execute(found).first() is not None
