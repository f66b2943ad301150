"""Conditions on thousands of ids: one parameter, however many they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, any_, bindparam, func, select


def among(conn: Connection, column: ColumnElement[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """Whether a column is one of these numbers; a parameter each would be slow to bind."""
    if conn.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(list(ids))).table_valued("value")
        return column.in_(select(listed.c.value))
    wanted = bindparam(None, list(ids), type_=ARRAY(BigInteger))
    return column == any_(wanted)


def around(conn: Connection, column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """A column is one of these numbers or, where they lie close together, between them.

    A range is read several times as fast as numbers are looked up, so the rows of a few numbers
    nobody asked for may come, too: the caller drops them.
    """
    if ids and max(ids) - min(ids) < 2 * len(ids):
        return column.between(min(ids), max(ids))
    return among(conn, column, ids)
