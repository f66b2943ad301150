"""Rows of CSV and JSON Lines files as people really have them: any encoding, any delimiter."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

Format = Literal["csv", "jsonl"]

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


def read_rows(path: Path, form: Format, encoding: str = "", delimiter: str = "") -> Iterator[Row]:
    """Every row of a file, broken ones with their `problem`.

    Raises:
        OSError: the file cannot be read.
        LookupError: there is no such encoding.
    """
    if not encoding:
        with path.open("rb") as stream:
            encoding = encoding_of(stream.read(SAMPLE))
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        if form == "jsonl":
            yield from _json_rows(text)
        else:
            yield from _csv_rows(text, delimiter)


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
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        delimiter = delimiter or first.strip()[4]
        first = next(lines, "")
    if not first.strip():
        return
    delimiter = delimiter or delimiter_of(first)
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
        problem = "" if len(cells) <= len(header) else "it has more cells than the header"
        yield Row(number, dict(zip(header, cells, strict=False)), problem)


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
