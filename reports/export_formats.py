"""Writers of the formats: a table goes in batch by batch, a file comes out; nothing is held."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from reports.columns import Column, TableName, arrow_schema
from reports.export_cells import csv_batch
from reports.export_json import json_lines

Format = Literal["csv", "xlsx", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "jsonl", "parquet")


ROW_GROUP = 20_000
"""Rows that a Parquet file compresses together."""

_UNLIKE = {
    *("mention_id", "native_id", "url", "canonical_url", "text", "title", "content_hash"),
    *("row_hash", "sequence", "published_at", "p_negative", "p_neutral", "p_positive"),
}
"""Columns whose values seldom repeat: a dictionary of them would be built and thrown away."""


class Writer(Protocol):
    """Writes the tables of one export; leaving the block completes the files."""

    @property
    def cut_cells(self) -> int:
        """How many values were too long for the format and lost their end."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def write(self, table: TableName, batch: pa.RecordBatch) -> None:
        """Add rows to a table."""

    def finish(self, about: Mapping[str, Any], dictionary: list[list[str]]) -> None:
        """Add what a file can hold of the export itself; called once, after all rows."""


class FilePerTable:
    """CSV, JSON Lines or Parquet: a file a table."""

    def __init__(
        self,
        format_: Literal["csv", "jsonl", "parquet"],
        files: Mapping[TableName, Path],
        columns: Mapping[TableName, tuple[Column, ...]],
        *,
        zone: str,
        bom: bool = False,
    ) -> None:
        self._format = format_
        self._files = files
        self._schemas = {name: arrow_schema(columns[name], zone) for name in files}
        self._bom = bom
        self._open = ExitStack()
        self._sinks: dict[TableName, Any] = {}
        self._waiting: dict[TableName, list[pa.RecordBatch]] = {}

    @property
    def cut_cells(self) -> int:
        """None: these formats hold values of any length."""
        return 0

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            for name, path in self._files.items():
                self._sinks[name] = self._sink(opened, path, self._schemas[name])
            self._open = opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def write(self, table: TableName, batch: pa.RecordBatch) -> None:
        """Add rows to a table's file."""
        sink = self._sinks[table]
        if not len(batch):
            return
        if self._format == "parquet":
            waiting = self._waiting.setdefault(table, [])
            waiting.append(batch)
            if sum(map(len, waiting)) >= ROW_GROUP:
                self._write_group(table)
        elif self._format == "csv":
            sink.write_batch(csv_batch(batch))
        else:
            sink.write(json_lines(batch))

    def finish(self, about: Mapping[str, Any], dictionary: list[list[str]]) -> None:
        """A Parquet file keeps what the export is in its own metadata; the others cannot."""
        if self._format == "parquet":
            for table in self._waiting:
                self._write_group(table)
            for sink in self._sinks.values():
                sink.add_key_value_metadata({"molva": json.dumps(about, ensure_ascii=False)})

    def _write_group(self, table: TableName) -> None:
        if waiting := self._waiting[table]:
            self._sinks[table].write_table(pa.Table.from_batches(waiting))
            waiting.clear()

    def _sink(self, opened: ExitStack, path: Path, schema: pa.Schema) -> Any:
        if self._format == "parquet":
            shared = [name for name in schema.names if name not in _UNLIKE]
            return opened.enter_context(
                pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=shared)
            )
        file = opened.enter_context(path.open("wb"))
        if self._format == "jsonl":
            return file
        if self._bom:
            file.write(b"\xef\xbb\xbf")
        header = csv_batch(pa.RecordBatch.from_pylist([], schema=schema)).schema
        # Every text is quoted and an unknown value is not: "" and nothing stay apart.
        options = pcsv.WriteOptions(quoting_style="needed")
        return opened.enter_context(pcsv.CSVWriter(file, header, write_options=options))
