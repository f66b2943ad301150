"""The store's columns as Arrow tables: typed, with what only an export computes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from reports.columns import (
    CAUSE_COLUMNS,
    COLUMNS,
    FLAT_COLUMNS,
    INTENT_COLUMNS,
    Column,
    TableName,
    arrow_schema,
    arrow_type,
)
from reports.pseudonyms import Pseudonyms
from store.export_children import Child, causes_of, intents_of, labels_of, tombstones
from store.export_rows import MentionBatch, Raw, mention_batches
from store.interface import MentionFilter

_HASHED = (
    *("scope", "native_id", "brand", "query_version", "revision", "content_hash", "sentiment"),
    *("label_source", "model_version", "taxonomy_version"),
)
Part = tuple[TableName, pa.RecordBatch]


class Tables:
    """Reads the tables of one export.

    Args:
        conn: inside `reading`, so that all tables are of one moment.
        wanted: which mentions.
        zone: the name of the time zone that times are shown in.
        code: the version of Molva, for `code_version`.
        pseudonyms: stand in for whoever wrote; None leaves people as they are.
    """

    def __init__(
        self,
        conn: Connection,
        wanted: MentionFilter,
        *,
        zone: str,
        code: str,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._conn = conn
        self._wanted = wanted
        self._zone = zone
        self._code = code
        self._pseudonyms = pseudonyms

    def flat(self) -> Iterator[pa.RecordBatch]:
        """Mentions with their causes and intents as lists: a table that stands alone."""
        for batch in mention_batches(self._conn, self._wanted):
            columns = self._mentions(batch)
            causes, intents = causes_of(self._conn, batch), intents_of(self._conn, batch)
            columns["causes"] = _nested(causes, len(batch), CAUSE_COLUMNS)
            columns["intents"] = _nested(intents, len(batch), INTENT_COLUMNS)
            yield self._batch(FLAT_COLUMNS, columns)

    def all(self) -> Iterator[Part]:
        """Every table, part by part, as they come: the parts of several tables take turns.

        What is deleted is a tombstone and no mention.
        """
        living = replace(self._wanted, include_deleted=False)
        for batch in mention_batches(self._conn, living):
            yield "mentions", self._batch(COLUMNS["mentions"], self._mentions(batch))
            yield "causes", self._children("causes", batch, causes_of(self._conn, batch))
            yield "intents", self._children("intents", batch, intents_of(self._conn, batch))
            yield "labels", self._batch(COLUMNS["labels"], dict(labels_of(self._conn, batch)))
        for part in tombstones(self._conn, self._wanted):
            columns = dict(part)
            if self._pseudonyms:
                columns = self._pseudonyms.hide(columns)
            yield "tombstones", self._batch(COLUMNS["tombstones"], columns)

    def _mentions(self, batch: MentionBatch) -> dict[str, Any]:
        columns: dict[str, Any] = dict(batch.columns)
        columns["source"] = columns["source_type"]
        columns["code_version"] = pa.repeat(pa.scalar(self._code), len(batch))
        if self._pseudonyms:
            columns = self._pseudonyms.hide(columns)
        # After the ids are hidden: a hash of a real one could be guessed.
        columns["row_hash"] = row_hashes(columns)
        for name in ("likes", "comments", "shares", "author_followers", "views"):
            columns[name] = pa.array(columns[name], pa.int64())
        columns["engagement"] = _engagement(columns)
        columns["reach_estimate"], columns["reach_method"] = _reach(columns)
        return columns

    def _children(
        self, table: TableName, batch: MentionBatch, rows: Sequence[Child]
    ) -> pa.RecordBatch:
        columns = COLUMNS[table]
        place, *fields = zip(*rows, strict=True) if rows else [()] * (len(columns) - 1)
        keys = [[batch.columns[key][at] for at in place] for key in ("mention_id", "brand")]
        names = [column.name for column in columns]
        return self._batch(columns, dict(zip(names, [*keys, *fields], strict=True)))

    def _batch(self, columns: tuple[Column, ...], values: Mapping[str, Any]) -> pa.RecordBatch:
        arrays = [_array(column, values[column.name], self._zone) for column in columns]
        return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns, self._zone))


def row_hashes(columns: Raw) -> list[str]:
    """A hash of each row: of its `_HASHED` columns as text, a unit separator between them."""
    texts = (pc.fill_null(pa.array(columns[name]).cast(pa.string()), "") for name in _HASHED)
    joined = pc.binary_join_element_wise(*texts, "\x1f").cast(pa.binary()).to_pylist()
    return [blake2b(row, digest_size=16).hexdigest() for row in joined]


def _engagement(columns: Mapping[str, Any]) -> pa.Array:
    total, known = None, None
    for name in ("likes", "comments", "shares"):
        values = pc.fill_null(columns[name], 0)
        total = values if total is None else pc.add(total, values)
        valid = pc.is_valid(columns[name])
        known = valid if known is None else pc.or_(known, valid)
    return pc.if_else(known, total, pa.scalar(None, pa.int64()))


def _reach(columns: Mapping[str, Any]) -> tuple[pa.Array, pa.Array]:
    followers, views = (pc.fill_null(columns[name], 0) for name in ("author_followers", "views"))
    reach = pc.max_element_wise(followers, views)
    larger = pc.if_else(pc.greater(views, followers), "views", "followers")
    return reach, pc.if_else(pc.equal(reach, 0), "", larger)


def _nested(rows: Sequence[Child], count: int, columns: tuple[Column, ...]) -> pa.Array:
    """Child rows, in the order of their parents, as a list for each parent."""
    places, *fields = zip(*rows, strict=True) if rows else [()] * (len(columns) + 1)
    offsets = np.searchsorted(np.array(places, np.int32), np.arange(count + 1))
    arrays = [_array(column, field, "UTC") for column, field in zip(columns, fields, strict=True)]
    schema = arrow_schema(columns)
    values = pa.StructArray.from_arrays(arrays, fields=list(schema))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def _array(column: Column, values: Any, zone: str) -> pa.Array:
    wanted = arrow_type(column, zone)
    if isinstance(values, pa.Array):
        return values if values.type == wanted else values.cast(wanted)
    return _MAKERS.get(column.type, pa.array)(values, wanted)


def _times(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    first = next((value for value in values if value is not None), None)
    if isinstance(first, datetime):
        return pa.array(values, wanted)
    # SQLite keeps a time as ISO text in UTC; Arrow reads a whole column of it at once.
    return (
        pa.array(values, pa.string())
        .cast(pa.timestamp("us"))
        .cast(pa.timestamp("us", "UTC"))
        .cast(wanted)
    )


def _flags(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return pa.array(values, wanted)
    return pa.array(values, pa.int8()).cast(wanted)


def _spans(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    if not values or not isinstance(values[0], str):
        return pa.array(values, wanted)
    # Most posts name the brand in one of a few hundred places: each is read once.
    places = pa.array(values, pa.string()).dictionary_encode()
    read = json.loads(f"[{','.join(places.dictionary.to_pylist())}]")
    return pa.array(read, wanted).take(places.indices)


def _name_lists(values: Sequence[Any], wanted: pa.DataType) -> pa.Array:
    """Lists of names, of which a few are shared by all rows."""
    known: dict[Any, int] = {}
    places = [known.setdefault(names, len(known)) for names in values]
    return pa.array(list(known), wanted).take(pa.array(places, pa.int32()))


_MAKERS: Mapping[str, Callable[[Any, pa.DataType], pa.Array]] = {
    "time": _times,
    "boolean": _flags,
    "spans": _spans,
    "texts": _name_lists,
}
