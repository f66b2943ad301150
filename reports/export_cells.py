"""Arrow columns as the text of CSV cells and JSON values: one rule for each type, undone exactly.

No cell of a text begins with what a spreadsheet takes for a formula: a text that begins with
`= + - @`, tab or carriage return gets an apostrophe before it, and so does one that begins with
apostrophes followed by one of those. Whoever reads the file takes one apostrophe away from a text
that begins with apostrophes and one of those: `csv_text`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = r"^'*[=+\-@\t\r]"


def csv_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with every cell as CSV shows it."""
    arrays = [csv_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def csv_column(column: pa.Array) -> pa.Array:
    """A column as CSV shows it: numbers and flags stay, all else becomes text."""
    kind = column.type
    if pa.types.is_string(kind):
        risky = pc.match_substring_regex(column, _FORMULA)
        if not pc.any(risky).as_py():
            return column
        return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
    if pa.types.is_timestamp(kind):
        return moments(column)
    if pa.types.is_list(kind):
        return _as_json(column)
    return column


def moments(column: pa.Array) -> pa.Array:
    """Times as ISO 8601 in their zone: `2026-03-03T12:00:00Z`, `…T15:00:00.500000+03:00`."""
    text = pc.binary_replace_slice(column.cast(pa.string()), 10, 11, "T")
    text = pc.replace_substring(text, ".000000", "")
    if column.type.tz == "UTC":
        return text
    return pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2")


def _as_json(column: pa.Array) -> pa.Array:
    """Lists as JSON; those of one row in many are empty, and only the others are looked at."""
    sizes = pc.list_value_length(column).to_pylist()
    texts = ["[]"] * len(column)
    for at, size in enumerate(sizes):
        if size:
            texts[at] = json.dumps(column[at].as_py(), ensure_ascii=False)
    return pa.array(texts, pa.string())


def csv_text(cell: str) -> str:
    """The text a CSV cell was made from."""
    if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA):
        return cell[1:]
    return cell


def csv_cell(text: str) -> str:
    """A text as a CSV cell; `csv_text` undoes it."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def json_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The rows as plain JSON values, times as ISO 8601 text."""
    columns = [
        moments(column) if pa.types.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    plain = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    rows: list[dict[str, Any]] = plain.to_pylist()
    return rows


def naive(value: datetime | None) -> datetime | None:
    """A time as a spreadsheet keeps it: without its zone, which the file names beside."""
    return None if value is None else value.replace(tzinfo=None)
