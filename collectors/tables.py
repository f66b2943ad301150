"""Rows of CSV, JSON Lines and Excel files as people have them: any encoding, any delimiter."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from collectors.sheets import sheet_cells

Format = Literal["csv", "jsonl", "xlsx"]

ENDINGS: Final[Mapping[str, Format]] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip
"""What a file's name says of its format; any other is taken for CSV."""

SAMPLE: Final = 1 << 20
"""Bytes looked at to tell the encoding."""

_LONGEST_FIELD: Final = 16 * 1024 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read, or why it was not.

    Attributes:
        number: 1 for the first row after a CSV's header, or the first line of JSON.
    """

    number: int
    values: Mapping[str, Any]
    problem: str = ""


def encoding_of(sample: bytes) -> str:
    """The encoding of a file by its beginning: what its mark says, else UTF-8, else cp1251."""
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def delimiter_of(header: str) -> str:
    """Which of `, ; tab |` parts a CSV's header, outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(",;\t|", key=bare.count)


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written.

    Attributes:
        encoding: of its text; empty for a workbook.
        delimiter: between the cells of a CSV; empty for other formats.
        sheet: of a workbook; empty for the first one.
    """

    form: Format
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def shape_of(path: Path, told: Shape | None = None) -> Shape:
    """The shape of a file, where `told` leaves it open.

    Raises:
        OSError: the file cannot be read.
        LookupError: there is no such encoding.
    """
    shape = told or Shape(ENDINGS.get(path.suffix.lower(), "csv"))
    if shape.form == "xlsx":
        return shape
    encoding = shape.encoding
    if not encoding:
        with path.open("rb") as stream:
            encoding = encoding_of(stream.read(SAMPLE))
    delimiter = shape.delimiter
    if shape.form == "csv" and not delimiter:
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            first = text.readline()
            declared = _declared(first)
            delimiter = declared or delimiter_of(first)
    return Shape(shape.form, encoding, delimiter)


def read_rows(path: Path, shape: Shape) -> Iterator[Row]:
    """Every row of a file, broken ones with their `problem`.

    Args:
        path: the file.
        shape: as `shape_of` found it.

    Raises:
        OSError: the file cannot be read.
        LookupError: there is no such encoding.
        SheetError: the workbook cannot be read.
    """
    if shape.form == "xlsx":
        yield from _sheet_rows(sheet_cells(path, shape.sheet))
        return
    with path.open(encoding=shape.encoding, errors="replace", newline="") as text:
        if shape.form == "jsonl":
            yield from _json_rows(text)
        else:
            yield from _csv_rows(text, shape.delimiter)


def _sheet_rows(rows: Iterator[list[Any]]) -> Iterator[Row]:
    header = next((cells for cells in rows if cells), [])
    names = [str(name).strip() for name in header]
    for number, cells in enumerate(filter(None, rows), start=1):
        yield _row(number, names, cells)


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    number = 0
    for line in lines:
        if not line.strip():
            continue
        number += 1
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            yield Row(number, {}, "not valid JSON")
            continue
        problem = "" if isinstance(value, dict) else "not a JSON object"
        yield Row(number, {} if problem else value, problem)


def _csv_rows(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    # The module's own limit of 128 kB is smaller than a long review with its replies.
    csv.field_size_limit(_LONGEST_FIELD)
    first = next(lines, "")
    if _declared(first):
        first = next(lines, "")
    if not first.strip():
        return
    reader = csv.reader(_chained(first, lines), delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, {}, f"not valid CSV: {error}")
            continue
        if not any(cells):
            number -= 1
            continue
        yield _row(number, header, cells)


def _row(number: int, header: Sequence[str], cells: Sequence[Any]) -> Row:
    problem = "" if len(cells) <= len(header) else "it has more cells than the header"
    return Row(number, dict(zip(header, cells, strict=False)), problem)


def _declared(first: str) -> str:
    """The delimiter of Excel's line `sep=;`, if this is one."""
    line = first.strip()
    return line[4] if line.lower().startswith("sep=") and len(line) == 5 else ""


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
