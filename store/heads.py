"""Heads fitted on people's corrections: kept with their report, one of them perhaps in use.

Which head is in use stands in the store and nowhere else, so that every process that labels agrees.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from store.interface import StoreError
from store.model_rows import FittedHeadRow, NewHead
from store.tables import FITTED_HEAD

_ALL = [column for column in FITTED_HEAD.c if column.name not in {"id", "weights"}]


def save_head(conn: Connection, head: NewHead, now: datetime) -> FittedHeadRow:
    """Keep a head, not in use yet.

    Raises:
        StoreError: its name is taken.
    """
    if head_by_name(conn, head.name) is not None:
        raise StoreError(f"a model named {head.name!r} is there already; choose another name")
    conn.execute(
        insert(FITTED_HEAD).values(
            name=head.name,
            version=head.version,
            base=head.base,
            weights=head.weights,
            report=dict(head.report),
            created_at=now,
            in_use=False,
            used_by="",
        )
    )
    return _row(conn.execute(select(*_ALL).where(FITTED_HEAD.c.name == head.name)).one())


def heads(conn: Connection) -> list[FittedHeadRow]:
    """Every head, oldest first."""
    return [_row(row) for row in conn.execute(select(*_ALL).order_by(FITTED_HEAD.c.id))]


def head_by_name(conn: Connection, name: str) -> FittedHeadRow | None:
    """The head of this name, if there is one."""
    row = conn.execute(select(*_ALL).where(FITTED_HEAD.c.name == name)).one_or_none()
    return None if row is None else _row(row)


def head_in_use(conn: Connection) -> FittedHeadRow | None:
    """The head that labels are to be made with; None for the model alone."""
    row = conn.execute(select(*_ALL).where(FITTED_HEAD.c.in_use)).one_or_none()
    return None if row is None else _row(row)


def head_weights(conn: Connection, name: str) -> bytes:
    """The content of a head that exists."""
    found = select(FITTED_HEAD.c.weights).where(FITTED_HEAD.c.name == name)
    return bytes(conn.execute(found).scalar_one())


def use_head(conn: Connection, name: str | None, by: str, now: datetime) -> None:
    """Put a head that exists into use in place of another; None puts all aside.

    Args:
        conn: a writing connection.
        name: which head.
        by: who says so; kept with the head.
        now: when.
    """
    conn.execute(update(FITTED_HEAD).where(FITTED_HEAD.c.in_use).values(in_use=False))
    if name is not None:
        used = {"in_use": True, "used_at": now, "used_by": by}
        conn.execute(update(FITTED_HEAD).where(FITTED_HEAD.c.name == name).values(used))


def free_head_name(conn: Connection, stem: str) -> str:
    """`stem-1`, or with the first number that no head has."""
    taken = set(conn.execute(select(FITTED_HEAD.c.name)).scalars())
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _row(row: Any) -> FittedHeadRow:
    return FittedHeadRow(**row._mapping)
