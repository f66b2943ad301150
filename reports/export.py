"""The labelled history as files: CSV, XLSX, JSON Lines or Parquet, in constant memory.

A file that stands alone holds a row a mention towards a brand, causes and intents as lists; an
Excel workbook, a folder and a zip archive hold every table, the dictionary and the manifest. What
is asked for appears under its name only when it is whole: it is written beside it and renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from reports.columns import COLUMNS, FLAT_COLUMNS, Column, TableName
from reports.dictionary import as_rows
from reports.export_archive import MANIFEST, Layout, layout_of, replacing, sha256, write_around
from reports.export_behind import Behind
from reports.export_formats import FORMATS, FilePerTable, Format, Writer
from reports.export_manifest import Facts, manifest
from reports.export_tables import Part, Tables
from reports.export_xlsx import Workbook
from reports.interface import ReportError, as_json
from reports.pseudonyms import Pseudonyms
from store.compare import versions
from store.engine import reading, writing
from store.export_records import NewExport
from store.exports import query_versions, record_export
from store.facets import facets
from store.history import last_sequence
from store.interface import MentionFilter
from store.secrets import secret_key

Progress = Callable[[int], None]
"""Called now and then with the mentions written so far, and at the end with all of them."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How an export is written.

    Attributes:
        zone: the name of the time zone that times are shown in.
        bom: begin a CSV with a byte-order mark, for spreadsheet programs that need one.
        pseudonymous: put keyed hashes in place of authors.
        layout: a file, a folder or a zip archive; None goes by the path.
    """

    zone: str = "UTC"
    bom: bool = False
    pseudonymous: bool = False
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What was written: enough to check it and to ask for what comes after it.

    Attributes:
        rows: mentions; `tables` says how many rows each table has.
        sha256: of the file; of the manifest where the export is a folder.
        last_sequence: give it as `after_sequence` to export only what changed since.
    """

    path: Path
    format: Format
    rows: int
    bytes: int
    sha256: str
    last_sequence: int
    columns: tuple[str, ...]
    made_at: datetime
    tables: dict[str, int] = field(default_factory=dict)
    cut_cells: int = 0

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
    now: datetime,
    options: ExportOptions | None = None,
) -> ExportSummary:
    """Write every mention that `filter` lets through to `path`, replacing what is there.

    Args:
        engine: the store; one read transaction, so the export is of one moment. That it was
            written is recorded there.
        path: where it goes; the folder it lies in must exist.
        format: csv, xlsx, jsonl or parquet.
        filter: which mentions.
        progress: told now and then how far it is.
        now: the time of making.
        options: how.

    Raises:
        ReportError: the format is unknown, needs a package, or something cannot be written.
    """
    chosen = options or ExportOptions()
    if format not in FORMATS:
        raise ReportError(f"cannot export as {format!r}; choose one of {', '.join(FORMATS)}")
    layout = chosen.layout or layout_of(path)
    try:
        with replacing(path, layout) as place:
            run = _Run(engine, format, filter, chosen, now)
            told = run.write(place, layout, progress)
        sealed = path / MANIFEST if layout == "folder" else path
        summary = _summary(path, run, told, sha256(sealed))
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror or error}") from error
    with writing(engine) as conn:
        record_export(conn, _record(summary, filter, chosen), now)
    return summary


def _summary(path: Path, run: _Run, told: Facts, made: str) -> ExportSummary:
    files = [path] if path.is_file() else list(path.iterdir())
    return ExportSummary(
        path=path,
        format=told.format,
        rows=told.rows["mentions"],
        bytes=sum(file.stat().st_size for file in files),
        sha256=made,
        last_sequence=told.last_sequence,
        columns=tuple(column.name for column in run.columns["mentions"]),
        made_at=told.made_at,
        tables={str(name): count for name, count in told.rows.items()},
        cut_cells=told.cut_cells,
    )


def _record(summary: ExportSummary, wanted: MentionFilter, options: ExportOptions) -> NewExport:
    return NewExport(
        path=str(summary.path.resolve()),
        format=summary.format,
        filters=wanted,
        last_sequence=summary.last_sequence,
        mentions=summary.rows,
        sha256=summary.sha256,
        pseudonymous=options.pseudonymous,
        code_version=version("molva"),
    )


class _Run:
    """One export from the store to its temporary place."""

    def __init__(
        self,
        engine: Engine,
        format_: Format,
        wanted: MentionFilter,
        options: ExportOptions,
        now: datetime,
    ) -> None:
        self._engine = engine
        self._format: Format = format_
        self._wanted = wanted
        self._options = options
        self._now = now
        self.columns: dict[TableName, tuple[Column, ...]] = dict(COLUMNS)
        self._pseudonyms: Pseudonyms | None = None
        if options.pseudonymous:
            with writing(engine) as conn:
                self._pseudonyms = Pseudonyms(secret_key(conn))

    def write(self, place: Path, layout: Layout, progress: Progress | None) -> Facts:
        """Write everything to a temporary file or folder; says what was written."""
        if layout == "file" and self._format != "xlsx":
            self.columns = {"mentions": FLAT_COLUMNS}
        with reading(self._engine, once=True) as conn:
            facts = self._facts(conn)
            tables = Tables(
                conn,
                self._wanted,
                zone=self._options.zone,
                code=facts.code_version,
                pseudonyms=self._pseudonyms,
            )
            parts: Iterator[Part] = tables.all()
            if "causes" not in self.columns:
                parts = (("mentions", batch) for batch in tables.flat())
            with self._writer(place, layout) as writer:
                for table, batch in parts:
                    writer.write(table, batch)
                    facts.rows[table] += len(batch)
                    if progress and table == "mentions":
                        progress(facts.rows["mentions"])
                facts.cut_cells = writer.cut_cells
                writer.finish(manifest(facts), as_rows(self.columns))
        if layout != "file":
            write_around(place, self.columns, manifest(facts))
        if progress:
            progress(facts.rows["mentions"])
        return facts

    def _facts(self, conn: Connection) -> Facts:
        return Facts(
            made_at=self._now,
            format=self._format,
            zone=self._options.zone,
            pseudonymous=self._options.pseudonymous,
            wanted=self._wanted,
            queries=query_versions(conn, self._wanted.brand_id),
            facets=facets(conn, self._wanted.brand_id),
            labels=versions(conn),
            last_sequence=last_sequence(conn),
            code_version=version("molva"),
            rows=dict.fromkeys(self.columns, 0),
        )

    def _writer(self, place: Path, layout: Layout) -> Writer:
        if self._format == "xlsx":
            return Workbook(place if layout == "file" else place / "molva.xlsx", self.columns)
        files = {name: place / f"{name}.{self._format}" for name in self.columns}
        if layout == "file":
            files = {"mentions": place}
        return Behind(
            FilePerTable(
                self._format, files, self.columns, zone=self._options.zone, bom=self._options.bom
            )
        )
