"""The tables of an export: the store's columns and what only an export computes.

A column of `reports.columns` that is not computed here comes from the store under its name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import blake2b

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
)
from reports.pseudonyms import Pseudonyms
from store.export_children import causes_of, intents_of, labels_of, tombstones
from store.export_rows import mention_batches
from store.interface import MentionFilter

_HASHED = (
    *("scope", "native_id", "brand", "query_version", "revision", "content_hash", "sentiment"),
    *("label_source", "model_version", "taxonomy_version"),
)
Part = tuple[TableName, pa.RecordBatch]
Arrays = dict[str, pa.Array]
"""Columns of equal length by name."""


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
            yield "labels", self._batch(COLUMNS["labels"], _named(labels_of(self._conn, batch)))
        for part in tombstones(self._conn, self._wanted):
            yield "tombstones", self._batch(COLUMNS["tombstones"], self._hidden(_named(part)))

    def _mentions(self, batch: pa.RecordBatch) -> Arrays:
        columns = self._hidden(_named(batch))
        columns["match_spans"] = _read(columns["match_spans"], pa.list_(pa.list_(pa.int32())))
        columns["other_brands"] = _read(columns["other_brands"], pa.list_(pa.string()))
        columns["engagement"] = _engagement(columns)
        columns["reach_estimate"], columns["reach_method"] = _reach(columns)
        columns["code_version"] = pa.repeat(pa.scalar(self._code), len(batch))
        # After the ids are hidden: a hash of a real one could be guessed.
        columns["row_hash"] = row_hashes(columns)
        return columns

    def _hidden(self, columns: Arrays) -> Arrays:
        return self._pseudonyms.hide(columns) if self._pseudonyms else columns

    def _children(
        self, table: TableName, batch: pa.RecordBatch, children: pa.RecordBatch
    ) -> pa.RecordBatch:
        keys = {key: batch[key].take(children["place"]) for key in ("mention_id", "brand")}
        return self._batch(COLUMNS[table], {**_named(children), **keys})

    def _batch(self, columns: tuple[Column, ...], values: Arrays) -> pa.RecordBatch:
        schema = arrow_schema(columns, self._zone)
        arrays = [values[field.name].cast(field.type) for field in schema]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


def row_hashes(columns: Arrays) -> pa.StringArray:
    """A hash of each row: of its `_HASHED` columns as text, a unit separator between them."""
    texts = (pc.fill_null(columns[name].cast(pa.string()), "") for name in _HASHED)
    rows = pc.binary_join_element_wise(*texts, "\x1f").cast(pa.binary()).to_pylist()
    return pa.array([blake2b(row, digest_size=16).hexdigest() for row in rows], pa.string())


def _named(batch: pa.RecordBatch) -> Arrays:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _read(lists: pa.StringArray, type_: pa.DataType) -> pa.Array:
    # Most posts name brands in one of a few hundred ways: each is read once.
    ways = lists.dictionary_encode()
    read = json.loads(f"[{','.join(ways.dictionary.to_pylist())}]")
    return pa.array(read, type_).take(ways.indices)


def _engagement(columns: Arrays) -> pa.Array:
    total, known = None, None
    for name in ("likes", "comments", "shares"):
        values = pc.fill_null(columns[name], 0)
        total = values if total is None else pc.add(total, values)
        valid = pc.is_valid(columns[name])
        known = valid if known is None else pc.or_(known, valid)
    return pc.if_else(known, total, pa.scalar(None, pa.int64()))


def _reach(columns: Arrays) -> tuple[pa.Array, pa.Array]:
    followers, views = (pc.fill_null(columns[name], 0) for name in ("author_followers", "views"))
    reach = pc.max_element_wise(followers, views)
    larger = pc.if_else(pc.greater(views, followers), "views", "followers")
    return reach, pc.if_else(pc.equal(reach, 0), "", larger)


def _nested(children: pa.RecordBatch, count: int, columns: tuple[Column, ...]) -> pa.Array:
    """Child rows, in the order of their parents, as a list for each parent."""
    offsets = np.searchsorted(children["place"].to_numpy(), np.arange(count + 1))
    fields = list(arrow_schema(columns))
    arrays = [children[field.name].cast(field.type) for field in fields]
    values = pa.StructArray.from_arrays(arrays, fields=fields)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
