"""Arrow columns as the text of CSV cells: one rule for each type, undone exactly.

No cell of a text begins with what a spreadsheet takes for a formula: a text that begins with
`= + - @`, tab or carriage return gets an apostrophe before it, and so does one that begins with
apostrophes followed by one of those. Whoever reads the file takes one apostrophe away from a text
that begins with apostrophes and one of those: `csv_text`.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from reports.export_json import json_texts
from reports.export_times import moments

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMULA = r"^'*[=+\-@\t\r]"
_FIRST = pa.array([sign.encode() for sign in ("'", *FORMULA)])


def csv_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with every cell as CSV shows it."""
    arrays = [csv_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def csv_column(column: pa.Array) -> pa.Array:
    """A column as CSV shows it: numbers and flags stay, all else becomes text."""
    kind = column.type
    if pa.types.is_string(kind):
        # Nearly no text begins like that, and a look at one byte is cheaper than an expression.
        first = pc.binary_slice(column.cast(pa.binary()), 0, 1)
        if not pc.any(pc.is_in(first, _FIRST)).as_py():
            return column
        risky = pc.match_substring_regex(column, _FORMULA)
        return pc.if_else(risky, pc.binary_join_element_wise("'", column, ""), column)
    if pa.types.is_timestamp(kind):
        return moments(column)
    if pa.types.is_list(kind):
        return json_texts(column)
    return column


def csv_text(cell: str) -> str:
    """The text a CSV cell was made from."""
    if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA):
        return cell[1:]
    return cell


def naive(value: datetime | None) -> datetime | None:
    """A time as a spreadsheet keeps it: without its zone, which the file names beside."""
    return None if value is None else value.replace(tzinfo=None)
