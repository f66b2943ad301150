"""Mentions that were found after the digest of their day had been made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.labels import SENTIMENT, effective, heard
from store.tables import BRAND_MENTION, MENTION


@dataclass(frozen=True, slots=True)
class LateMention:
    """A story that was found late."""

    mention_id: int
    published_at: datetime
    sentiment: str
    followers: int


def found_since(
    conn: Connection, brand_id: int, told: datetime, published: tuple[datetime, datetime]
) -> list[LateMention]:
    """Stories published in `[start, end)` and first seen after `told`, the oldest first.

    A reprint of a story that was known by then is not new.
    """
    other = MENTION.alias("other")
    first = (
        select(func.min(other.c.id))
        .where(other.c.cluster_id == BRAND_MENTION.c.cluster_id, other.c.deleted_at.is_(None))
        .correlate(BRAND_MENTION)
        .scalar_subquery()
    )
    rows = conn.execute(
        effective(
            BRAND_MENTION.c.mention_id,
            BRAND_MENTION.c.published_at,
            SENTIMENT.label("sentiment"),
            BRAND_MENTION.c.followers,
        )
        .where(
            *heard(brand_id, published),
            BRAND_MENTION.c.mention_id > _last_known(conn, told),
            BRAND_MENTION.c.mention_id == first,
        )
        .order_by(BRAND_MENTION.c.published_at, BRAND_MENTION.c.mention_id)
    )
    return [LateMention(*row) for row in rows]


def _last_known(conn: Connection, at: datetime) -> int:
    """The newest mention seen by then: ids grow with the time of first sight."""
    newest = select(MENTION.c.id).where(MENTION.c.first_seen_at <= at)
    return conn.execute(newest.order_by(MENTION.c.id.desc()).limit(1)).scalar_one_or_none() or 0
