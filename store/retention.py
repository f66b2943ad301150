"""How long texts and names are kept, by the terms of their source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine

from store.engine import writing
from store.tables import MENTION
from store.tombstones import bury_where

_BATCH = 1_000
"""Tombstones a transaction: other writers wait no longer than that."""


def expire(engine: Engine, days: Mapping[str, int], now: datetime) -> dict[str, int]:
    """Make tombstones of mentions kept longer than their terms class allows.

    Args:
        engine: the store.
        days: by terms class; 0 and a class that is not named keep for ever.
        now: when.

    Returns:
        How many expired, by class.
    """
    expired: dict[str, int] = {}
    for terms, limit in days.items():
        if not limit:
            continue
        old = [MENTION.c.terms == terms, MENTION.c.published_at < now - timedelta(days=limit)]
        while True:
            with writing(engine) as conn:
                found = len(bury_where(conn, old, now, "expired", _BATCH))
            expired[terms] = expired.get(terms, 0) + found
            if found < _BATCH:
                break
    return expired
