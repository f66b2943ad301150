"""Times of Arrow columns as text, a whole column at a time."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

_MINUTE = 60_000_000


def moments(column: pa.TimestampArray) -> pa.StringArray:
    """Times as ISO 8601 in their zone: `2026-03-03T12:00:00Z`, `…T15:00:00.500000+03:00`."""
    utc = column.cast(pa.timestamp("us"))
    if column.type.tz == "UTC":
        return _written(utc, pa.scalar("Z"))
    local = pc.local_timestamp(column)
    ahead = pc.divide(pc.subtract(local.cast(pa.int64()), utc.cast(pa.int64())), _MINUTE)
    # A zone has a few offsets in all its history: each is written once.
    offsets = ahead.dictionary_encode()
    written = pa.array(
        [_offset(minutes) for minutes in offsets.dictionary.to_pylist()], pa.string()
    )
    return _written(local, written.take(offsets.indices))


def _written(naive: pa.TimestampArray, zone: pa.Array | pa.Scalar) -> pa.StringArray:
    # Arrow writes a time with a zone thirty times as slowly as one without.
    text = pc.binary_replace_slice(naive.cast(pa.string()), 10, 11, "T")
    text = pc.replace_substring(text, ".000000", "")
    return pc.binary_join_element_wise(text, zone, "")


def _offset(minutes: int | None) -> str | None:
    if minutes is None:
        return None
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
