"""Statements read into Arrow, thousands of rows at a time: what exports are made of.

SQLAlchemy writes the statement and the driver's values go to Arrow as they are: nothing else is
made for a cell that nobody looks at in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, CursorResult, Select, TypeDecorator
from sqlalchemy.types import TypeEngine

Statement = Select[*tuple[Any, ...]]

_TYPES: Mapping[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", "UTC"),
}


def record_batches(conn: Connection, statement: Statement, size: int) -> Iterator[pa.RecordBatch]:
    """The rows of a statement, `size` at a time; its columns have names and the types above.

    Other statements may run on the connection meanwhile; inside `reading` all see one moment.
    """
    if not _is_sqlite(conn):
        # A cursor of the server's own; SQLite steps through its rows anyway.
        statement = statement.execution_options(stream_results=True, max_row_buffer=size)
    with conn.execute(statement) as result:
        rows = _raw(conn, result)
        while len(batch := _batch(conn, statement, lambda: rows.fetchmany(size))):
            yield batch


def all_rows(conn: Connection, statement: Statement) -> pa.RecordBatch:
    """The rows of a statement that are few enough to be held, perhaps none."""
    with conn.execute(statement) as result:
        return _batch(conn, statement, _raw(conn, result).fetchall)


def _is_sqlite(conn: Connection) -> bool:
    return conn.dialect.name == "sqlite"


def _raw(conn: Connection, result: CursorResult[Any]) -> Any:
    """Where rows are fetched; SQLite's own cursor, for SQLAlchemy would read every time."""
    return result.context.cursor if _is_sqlite(conn) else result


def _batch(
    conn: Connection, statement: Statement, fetch: Callable[[], Sequence[Any]]
) -> pa.RecordBatch:
    columns = statement.selected_columns
    kinds = [_arrow_type(column.type) for column in columns]
    with _texts_as_bytes(conn):
        rows = fetch()
    values = zip(*rows, strict=True) if rows else [()] * len(kinds)
    make = _from_sqlite if _is_sqlite(conn) else pa.array
    arrays = [make(each, kind) for each, kind in zip(values, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, [column.name for column in columns])


def _arrow_type(kind: TypeEngine[Any]) -> pa.DataType:
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return _TYPES[plain.python_type]


@contextmanager
def _texts_as_bytes(conn: Connection) -> Iterator[None]:
    """SQLite gives texts as the UTF-8 it keeps, which Arrow keeps too, while the block runs."""
    if not _is_sqlite(conn):
        yield
        return
    driver: Any = conn.connection.driver_connection
    driver.text_factory = bytes
    try:
        yield
    finally:
        driver.text_factory = str


def _from_sqlite(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values as SQLite keeps them: a time is ISO text in UTC, a flag is a number."""
    if kind == pa.bool_():
        return pa.array(values, pa.int8()).cast(kind)
    if kind == pa.string():
        return pa.array(values, pa.binary()).cast(kind)
    if pa.types.is_timestamp(kind):
        text = pa.array(values, pa.binary()).cast(pa.string())
        return text.cast(pa.timestamp("us")).cast(kind)
    return pa.array(values, kind)
