"""Marks: how far a step of the pipeline has come, by a name of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from store.engine import upsert
from store.work_tables import MARK


def get_mark(conn: Connection, name: str) -> Mapping[str, Any] | None:
    """What was last set under this name, or None."""
    found: Mapping[str, Any] | None = conn.execute(
        select(MARK.c.value).where(MARK.c.name == name)
    ).scalar_one_or_none()
    return found


def set_mark(conn: Connection, name: str, value: Mapping[str, Any]) -> None:
    """Set a mark to something JSON can hold."""
    values = {"value": dict(value)}
    conn.execute(
        upsert(conn, MARK)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
