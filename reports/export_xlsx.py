"""Excel workbooks in constant memory: a sheet a table, the dictionary and the manifest beside them.

Cells of text are text whatever they begin with; those that look like a formula also carry Excel's
own quote mark, so that editing one does not make it a formula. A sheet holds 1,048,576 rows: more
go on in `mentions (2)`. A cell holds 32,767 characters: longer texts are cut, and counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from reports.columns import Column, TableName
from reports.export_cells import FORMULA, naive
from reports.interface import ReportError

MAX_ROWS = 1_048_576
MAX_CHARACTERS = 32_767
_EXACT = 2**53
"""Excel counts in floats: a larger number would not come back as it was."""


class Workbook:
    """Writes an .xlsx file."""

    def __init__(self, path: Path, columns: Mapping[TableName, tuple[Column, ...]]) -> None:
        try:
            import xlsxwriter  # noqa: PLC0415 - an extra
            from xlsxwriter.worksheet import Worksheet  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ReportError(
                "Excel files need one more package: pip install 'molva[xlsx]'"
            ) from error

        class Sheet(Worksheet):  # type: ignore[misc]
            """XlsxWriter takes `<r>…</r>` for its own markup; here it is somebody's words."""

            def _xml_rich_inline_string(self, string: str, attributes: Any) -> None:
                self._xml_inline_string(string, True, attributes)

        self._cut = 0
        self._sheet_class = Sheet
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._book.use_zip64()
        self._bold = self._book.add_format({"bold": True})
        self._time = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._columns = columns
        self._sheets: dict[TableName, tuple[Any, int, int]] = {}
        for table in columns:
            self._sheets[table] = (self._sheet(table, table), 1, 1)

    @property
    def cut_cells(self) -> int:
        """How many texts were longer than a cell holds and lost their end."""
        return self._cut

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Even a workbook that nobody will see must be closed, for its temporary files.
        self._book.close()

    def write(self, table: TableName, batch: pa.RecordBatch) -> None:
        """Add rows to a table's sheet."""
        columns = [column.to_pylist() for column in batch.columns]
        for row in zip(*columns, strict=True):
            sheet, number, at = self._sheets[table]
            if at == MAX_ROWS:
                sheet, number, at = self._sheet(f"{table} ({number + 1})", table), number + 1, 1
            for place, value in enumerate(row):
                self._cell(sheet, at, place, value)
            self._sheets[table] = (sheet, number, at + 1)

    def finish(self, about: Mapping[str, Any], dictionary: list[list[str]]) -> None:
        """Add the dictionary and the manifest as sheets of their own."""
        self._plain("dictionary", dictionary)
        self._plain("manifest", [[key, _text(value)] for key, value in about.items()])

    def _sheet(self, name: str, table: TableName) -> Any:
        sheet = self._book.add_worksheet(name, worksheet_class=self._sheet_class)
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns[table]):
            sheet.write_string(0, place, column.name, self._bold)
        return sheet

    def _plain(self, name: str, rows: list[list[str]]) -> None:
        sheet = self._book.add_worksheet(name, worksheet_class=self._sheet_class)
        for at, row in enumerate(rows):
            for place, value in enumerate(row):
                self._cell(sheet, at, place, value)

    def _cell(self, sheet: Any, at: int, place: int, value: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(at, place, value)
        elif isinstance(value, datetime):
            sheet.write_datetime(at, place, naive(value), self._time)
        elif isinstance(value, int | float) and abs(value) <= _EXACT:
            sheet.write_number(at, place, value)
        else:
            self._words(sheet, at, place, _text(value))

    def _words(self, sheet: Any, at: int, place: int, text: str) -> None:
        shown = _fitting(text)
        self._cut += shown is not text
        sheet.write_string(at, place, shown, self._quoted if shown.startswith(FORMULA) else None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fitting(text: str) -> str:
    """The text, or as much of it as a cell holds, counted as Excel counts (UTF-16)."""
    if len(text) <= MAX_CHARACTERS // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_CHARACTERS:
        return text
    return units[: 2 * MAX_CHARACTERS].decode("utf-16-le", "ignore")
