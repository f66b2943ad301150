"""Reading exports back, whatever their form: for those who check them.

Mentions come with their causes beside them, as the export wrote them, one after another.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reports.columns import COLUMNS, FLAT_COLUMNS, Column, TableName
from reports.export_archive import MANIFEST, sha256
from reports.export_cells import csv_text
from reports.interface import ReportError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadableExport:
    """An export that can be read.

    Attributes:
        files: its files; `mentions` and perhaps `causes` among them.
        manifest: None for a file that stands alone.
    """

    place: Path
    format: str
    files: Mapping[str, Path]
    manifest: Mapping[str, Any] | None

    def damaged(self) -> list[str]:
        """The files that the manifest names and that are missing or other than they were."""
        named = (self.manifest or {}).get("files", {})
        return [
            name
            for name, kept in named.items()
            if name not in self.files or sha256(self.files[name]) != kept["sha256"]
        ]

    def mentions(self) -> Iterator[Row]:
        """Every mention with its causes as a list of records."""
        if self.manifest is None and self.format != "xlsx":
            yield from _rows(self.format, self._file("mentions"), FLAT_COLUMNS, "mentions")
            return
        yield from self._joined()

    def _joined(self) -> Iterator[Row]:
        with tempfile.TemporaryDirectory() as folder, _Children(Path(folder) / "c.db") as children:
            children.fill(self._table("causes"))
            for row in self._table("mentions"):
                row["causes"] = children.of(row)
                yield row

    def _table(self, table: TableName) -> Iterator[Row]:
        return _rows(self.format, self._file(table), COLUMNS[table], table)

    def _file(self, table: TableName) -> Path:
        wanted = "molva.xlsx" if self.format == "xlsx" else f"{table}.{self.format}"
        found = self.files.get(wanted) or (self.place if self.manifest is None else None)
        if found is None:
            raise ReportError(f"{self.place}: {wanted} is missing")
        return found


@contextmanager
def open_export(place: Path) -> Iterator[ReadableExport]:
    """An export at a file, folder or zip archive, unpacked for as long as the block runs.

    Raises:
        ReportError: there is none, or none that can be read.
    """
    if not place.exists():
        raise ReportError(f"{place}: there is no such file or folder")
    try:
        if place.is_dir():
            yield _of_folder(place, place)
        elif zipfile.is_zipfile(place) and place.suffix != ".xlsx":
            with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(place) as archive:
                archive.extractall(folder)
                yield _of_folder(place, Path(folder))
        else:
            format_ = place.suffix.removeprefix(".")
            if format_ not in _READERS:
                raise ReportError(f"{place}: not a csv, xlsx, jsonl, parquet, zip or folder")
            yield ReadableExport(place, format_, {place.name: place}, None)
    except (zipfile.BadZipFile, UnicodeDecodeError, json.JSONDecodeError, KeyError) as error:
        raise ReportError(f"{place}: cannot be read as an export: {error!r}") from error


def _of_folder(place: Path, folder: Path) -> ReadableExport:
    path = folder / MANIFEST
    if not path.is_file():
        raise ReportError(f"{place}: {MANIFEST} is missing, so this is no export of Molva")
    about = json.loads(path.read_text("utf-8"))
    files = {file.name: file for file in folder.iterdir() if file.is_file()}
    return ReadableExport(place, str(about["format"]), files, about)


class _Children:
    """Causes by their mention, on disk: an export may hold more than memory."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute("CREATE TABLE child (mention TEXT, row TEXT)")

    def __enter__(self) -> _Children:
        return self

    def __exit__(self, *error: object) -> None:
        self._db.close()

    def fill(self, rows: Iterator[Row]) -> None:
        pairs = ((_key(row), json.dumps(row)) for row in rows)
        self._db.executemany("INSERT INTO child VALUES (?, ?)", pairs)
        self._db.execute("CREATE INDEX by_mention ON child (mention)")

    def of(self, row: Row) -> list[Row]:
        found = self._db.execute(
            "SELECT row FROM child WHERE mention = ? ORDER BY rowid", (_key(row),)
        )
        return [json.loads(text) for (text,) in found]


def _key(row: Row) -> str:
    return f"{row['mention_id']} {row['brand']}"


def _rows(format_: str, path: Path, columns: tuple[Column, ...], table: TableName) -> Iterator[Row]:
    for row in _READERS[format_](path, table):
        yield {c.name: _typed(c, row[c.name], format_) for c in columns if c.name in row}


def _csv(path: Path, _: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _jsonl(path: Path, _: str) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def _parquet(path: Path, _: str) -> Iterator[Row]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow to import

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=2_000):
            yield from batch.to_pylist()


def _xlsx(path: Path, table: str) -> Iterator[Row]:
    try:
        import openpyxl  # noqa: PLC0415 - an extra
        from openpyxl.utils.escape import unescape  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ReportError(
            "reading Excel files needs one more package: pip install 'molva[xlsx]'"
        ) from error
    book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True)
    for sheet in book.worksheets:
        if sheet.title == table or sheet.title.startswith(f"{table} ("):
            # A streamed sheet does not know its size beforehand and names only its first cell.
            sheet.reset_dimensions()
            head, *_ = sheet.iter_rows(max_row=1, values_only=True)
            for values in sheet.iter_rows(min_row=2, values_only=True):
                padded = [*values, *[None] * (len(head) - len(values))]
                yield {
                    name: unescape(value) if isinstance(value, str) else value
                    for name, value in zip(head, padded, strict=True)
                }


_READERS: Mapping[str, Callable[[Path, str], Iterator[Row]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}


def _typed(column: Column, value: Any, format_: str) -> Any:
    """A cell as the type of its column."""
    if column.type == "text" and value is None:
        return ""
    if value is None or not isinstance(value, str):
        return value
    if column.type == "text":
        return csv_text(value) if format_ == "csv" else value
    if value == "":
        return None
    plain: Mapping[str, Callable[[str], Any]] = {
        "integer": int,
        "number": float,
        "boolean": "true".__eq__,
        "time": datetime.fromisoformat,
    }
    return plain.get(column.type, json.loads)(value)
