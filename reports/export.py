"""The labelled history as a file: CSV, JSON Lines or Parquet, in constant memory.

One row is one mention towards one brand. The file appears under its name only when it is whole:
it is written beside it and renamed. All times are UTC.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine

from reports.columns import COLUMNS, Column, arrow_schema, record
from reports.interface import ReportError, as_json
from store.engine import reading
from store.history import labelled_mentions, last_sequence
from store.interface import LabelledMention, MentionFilter

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "jsonl", "parquet")
Progress = Callable[[int], None]
"""Called now and then with the rows written so far, and at the end with all of them."""

ROW_GROUP = 5_000
REPORT_EVERY = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written: enough to check the file and to ask for what comes after it.

    Attributes:
        last_sequence: give it as `after_sequence` to export only what changed since.
    """

    path: Path
    format: Format
    rows: int
    bytes: int
    sha256: str
    last_sequence: int
    columns: tuple[str, ...]
    made_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {**as_json(self), "path": str(self.path)}


def export(
    engine: Engine,
    path: Path,
    format: Format,  # noqa: A002 - the word people use
    filter: MentionFilter,  # noqa: A002 - the store's word
    progress: Progress | None = None,
    *,
    now: datetime | None = None,
    bom: bool = False,
) -> ExportSummary:
    """Write every mention that `filter` lets through to `path`, replacing what is there.

    Args:
        engine: the store; one read transaction, so the file is of one moment.
        path: where the file goes; its folder must exist.
        format: csv (causes as a JSON column), jsonl or parquet (causes as nested lists).
        filter: which mentions.
        progress: told now and then how far it is.
        now: the time of making, for the summary.
        bom: begin a CSV with a byte-order mark, for spreadsheet programs that need one.

    Raises:
        ReportError: the format is unknown or the file cannot be written.
    """
    if format not in FORMATS:
        raise ReportError(f"cannot export as {format!r}; choose one of {', '.join(FORMATS)}")
    try:
        with reading(engine) as conn, _replacing(path) as part:
            rows = _counted(labelled_mentions(conn, filter), progress)
            count = _WRITERS[format](part, rows, bom)
            sequence = last_sequence(conn)
            size, digest = part.stat().st_size, _sha256(part)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror or error}") from error
    return ExportSummary(
        path=path,
        format=format,
        rows=count,
        bytes=size,
        sha256=digest,
        last_sequence=sequence,
        columns=tuple(column.name for column in COLUMNS),
        made_at=now,
    )


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place at the end, or is removed after an error."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _counted(
    mentions: Iterable[LabelledMention], progress: Progress | None
) -> Iterator[dict[str, Any]]:
    written = 0
    for mention in mentions:
        yield record(mention)
        written += 1
        if progress and written % REPORT_EVERY == 0:
            progress(written)
    if progress:
        progress(written)


def _write_csv(path: Path, rows: Iterator[dict[str, Any]], bom: bool) -> int:
    count = 0
    encoding = "utf-8-sig" if bom else "utf-8"
    with path.open("w", encoding=encoding, errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([column.name for column in COLUMNS])
        for row in rows:
            writer.writerow([csv_cell(column, row[column.name]) for column in COLUMNS])
            count += 1
    return count


def csv_cell(column: Column, value: Any) -> Any:
    """A value as a CSV cell that no spreadsheet takes for a formula.

    Texts that begin with `= + - @`, tab or carriage return get an apostrophe before them, and so
    do texts that begin with apostrophes followed by one of those: `csv_text` undoes it exactly.
    """
    if value is None:
        return ""
    if column.nested:
        return json.dumps(_plain(value), ensure_ascii=False)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.lstrip("'").startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_text(cell: str) -> str:
    """The text a CSV cell was made from."""
    if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA):
        return cell[1:]
    return cell


def _write_jsonl(path: Path, rows: Iterator[dict[str, Any]], _: bool) -> int:
    count = 0
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
        for row in rows:
            file.write(json.dumps(_plain(row), ensure_ascii=False) + "\n")
            count += 1
    return count


def _plain(value: Any) -> Any:
    """Times as ISO 8601 with a Z, whatever holds them."""
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_parquet(path: Path, rows: Iterator[dict[str, Any]], _: bool) -> int:
    import pyarrow as pa  # noqa: PLC0415 - slow to import, needed for this format alone
    import pyarrow.parquet as pq  # noqa: PLC0415

    schema = arrow_schema()
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, ROW_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


_WRITERS: dict[Format, Callable[[Path, Iterator[dict[str, Any]], bool], int]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
