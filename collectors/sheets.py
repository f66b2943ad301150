"""Rows of an Excel workbook, read row by row: a big one never stands in memory as a whole."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 1 << 30
"""Bytes a workbook may unpack to; an honest one of a million rows stays below."""


class SheetError(ValueError):
    """The workbook cannot be read; the message says why and what to do."""


def sheet_cells(path: Path, sheet: str = "") -> Iterator[list[Any]]:
    """The cells of each row of a sheet, as strings and numbers; the first sheet if none is named.

    Raises:
        SheetError: openpyxl is missing, it is no workbook, or it has no such sheet.
        OSError: the file cannot be read.
    """
    book = _open(path)
    try:
        if sheet and sheet not in book.sheetnames:
            raise SheetError(f"no sheet {sheet!r}; there are {', '.join(book.sheetnames)}")
        page = book[sheet] if sheet else book.worksheets[0]
        # Some programs write a wrong size of the sheet, and openpyxl would believe it.
        page.reset_dimensions()
        for row in page.iter_rows(values_only=True):
            yield _trimmed([_plain(cell) for cell in row])
    finally:
        book.close()


def _open(path: Path) -> Any:
    try:
        import openpyxl  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        raise SheetError("Excel files need openpyxl; install molva[xlsx]") from None
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(info.file_size for info in packed.infolist())
        if unpacked > LARGEST:
            raise SheetError(f"it unpacks to {unpacked >> 20} MiB; split it")
        with warnings.catch_warnings():
            # About styles and extensions, none of which is read here.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SheetError(f"not an .xlsx workbook ({type(error).__name__}); save it anew") from None


def _plain(cell: object) -> Any:
    """A cell as text or number; whole numbers without `.0`, so that an id stays one."""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return "" if cell is None else cell


def _trimmed(cells: Sequence[Any]) -> list[Any]:
    last = max((place for place, cell in enumerate(cells) if cell != ""), default=-1)
    return list(cells[: last + 1])
