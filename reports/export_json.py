"""Arrow columns as JSON, a whole column at a time: what CSV cells of lists and JSON Lines hold."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from reports.export_times import moments

_ESCAPED = r'["\\\x00-\x1f]'


def json_lines(batch: pa.RecordBatch) -> pa.Buffer:
    """The rows as JSON objects, one a line, every line ended."""
    lines = pc.binary_join_element_wise(
        _objects(batch.schema.names, batch.columns), "", pa.scalar("\n")
    )
    # The texts of an array lie one behind the other: together they are the file.
    return lines.buffers()[2] if len(lines) else pa.py_buffer(b"")


def json_texts(column: pa.Array) -> pa.StringArray:
    """Each value as JSON: times as ISO 8601 text, an unknown value as `null`."""
    return pc.fill_null(_known(column), "null")


def _known(column: pa.Array) -> pa.StringArray:
    kind = column.type
    if pa.types.is_string(kind):
        return _around('"', _escaped(column), '"')
    if pa.types.is_timestamp(kind):
        return _around('"', moments(column), '"')
    if pa.types.is_list(kind):
        return _lists(column)
    if pa.types.is_struct(kind):
        return _objects([field.name for field in kind], column.flatten())
    return column.cast(pa.string())


def _lists(column: pa.ListArray) -> pa.StringArray:
    parts = pa.ListArray.from_arrays(column.offsets, json_texts(column.values))
    texts = _around("[", pc.binary_join(parts, ", "), "]")
    if column.null_count:
        return pc.if_else(column.is_valid(), texts, pa.scalar(None, pa.string()))
    return texts


def _objects(names: Sequence[str], columns: Sequence[pa.Array]) -> pa.StringArray:
    pieces: list[pa.Array | pa.Scalar] = []
    for at, (name, column) in enumerate(zip(names, columns, strict=True)):
        pieces.append(pa.scalar(f"{', ' if at else '{'}{json.dumps(name)}: "))
        pieces.append(json_texts(column))
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), pa.scalar(""))


def _around(before: str, texts: pa.StringArray, after: str) -> pa.StringArray:
    return pc.binary_join_element_wise(pa.scalar(before), texts, pa.scalar(after), pa.scalar(""))


def _escaped(column: pa.StringArray) -> pa.StringArray:
    """The texts as they stand between quotes; only those that need it are looked at in Python."""
    risky = pc.fill_null(pc.match_substring_regex(column, _ESCAPED), False)
    if not pc.any(risky).as_py():
        return column
    told = [json.dumps(text, ensure_ascii=False)[1:-1] for text in column.filter(risky).to_pylist()]
    return pc.replace_with_mask(column, risky, pa.array(told, pa.string()))
