"""Labelled texts from people's files: CSV, TSV, JSON Lines, their labels however spelt.

Nothing is guessed in silence: a file says how its numbers were read, a number that could mean two
things is refused, and every row that cannot be used is named.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sentiment.evaluate import CLASSES, Example
from sentiment.label_names import class_of

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "tweet", "content", "message", "sentence", "review", "comment", "body"),
    "label": ("label", "sentiment", "polarity", "class", "gold"),
    "target": ("target", "brand", "entity", "topic"),
    "lang": ("lang", "language"),
    "source": ("source", "dataset"),
    "slice": ("slice", "kind", "group"),
}
"""What each column may be called, the likeliest first, in any case."""

_LINES = (".jsonl", ".ndjson", ".json")
_TABLES = (".csv", ".tsv")
_DELIMITERS = ",;\t|"
_SIGNED: Mapping[int, int] = {-1: 0, 0: 1, 1: 2}
_COUNTED: Mapping[int, int] = {0: 0, 1: 1, 2: 2}
_FIELD_LIMIT = 16_000_000


class LabelledFileError(Exception):
    """A file cannot be read as labelled texts; the message names it and what to do."""


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """What was read of one file.

    Attributes:
        name: the file as it was named.
        sha256: of its bytes (of the compressed ones, if it is compressed).
        reading: how its labels were understood, in words.
        bad: "line N: what is wrong" for every row that could not be used.
    """

    name: str
    sha256: str
    reading: str
    examples: tuple[Example, ...] = field(repr=False)
    bad: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    fields: Mapping[str, str]


def read_labelled(
    path: Path, columns: Mapping[str, str] | None = None, lang: str = ""
) -> LabelledFile:
    """The labelled texts of a CSV, TSV or JSON Lines file, compressed with gzip or not.

    Args:
        columns: the name of the column for `text`, `label`, `target`, `lang`, `source` or
            `slice`; the others are looked for under their usual names (`COLUMNS`).
        lang: of rows that do not say theirs; empty leaves it to be detected.

    Raises:
        LabelledFileError: the file cannot be read, lacks a column, or has labels that could mean
            two things.
    """
    try:
        content = path.read_bytes()
        data = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError) as error:
        raise LabelledFileError(f"{path}: cannot be read: {error}") from error
    text = data.decode("utf-8-sig", "surrogateescape")
    kind = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    bad: list[str] = []
    if kind.lower() in _LINES:
        rows = list(_lines(text, bad))
    elif kind.lower() in _TABLES:
        rows = list(_table(text, tab=kind.lower() == ".tsv", bad=bad))
    else:
        raise LabelledFileError(
            f"{path}: what it holds cannot be told from its name: name it .csv, .tsv or .jsonl, "
            "with .gz if it is compressed"
        )
    if not rows:
        raise LabelledFileError(f"{path}: no row to read" + (f"; {bad[0]}" if bad else ""))
    names = _names(path, rows, columns or {})
    scale, reading = _scale(path, rows, names["label"])
    examples = tuple(_examples(rows, names, scale, lang, bad))
    return LabelledFile(
        str(path), hashlib.sha256(content).hexdigest(), reading, examples, tuple(bad)
    )


def _lines(text: str, bad: list[str]) -> Iterator[_Row]:
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            bad.append(f"line {number}: not JSON: {error}")
            continue
        if not isinstance(value, dict):
            bad.append(f"line {number}: not a JSON object")
            continue
        fields = {str(key): "" if own is None else _plain(own) for key, own in value.items()}
        yield _Row(number, fields)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _table(text: str, *, tab: bool, bad: list[str]) -> Iterator[_Row]:
    first = text.partition("\n")[0]
    delimiter = "\t" if tab else max(_DELIMITERS, key=first.count)
    # Most TSV files quote nothing, so a lone quote in one must not swallow the rows after it.
    lines = text.split("\n") if tab else []
    raw = tab and all(line.count("\t") == first.count("\t") for line in lines if line)
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if raw else csv.QUOTE_MINIMAL,
    )
    header: list[str] = []
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(f"line {reader.line_num}: {error}")
            continue
        if not header:
            header = [name.strip() for name in row]
        elif len(row) == len(header):
            yield _Row(reader.line_num, dict(zip(header, row, strict=True)))
        elif row:
            bad.append(f"line {reader.line_num}: {len(row)} fields, the header has {len(header)}")


def _names(path: Path, rows: Sequence[_Row], given: Mapping[str, str]) -> dict[str, str]:
    """The column of each role that the file has."""
    there = list(dict.fromkeys(name for row in rows for name in row.fields))
    by_case = {name.casefold(): name for name in reversed(there)}
    found = {}
    for role, usual in COLUMNS.items():
        asked = given.get(role)
        if asked is not None and asked not in there:
            raise LabelledFileError(f"{path}: no column {asked!r}; it has {', '.join(there)}")
        name = asked or next((by_case[own] for own in usual if own in by_case), None)
        if name is not None:
            found[role] = name
        elif role in {"text", "label"}:
            raise LabelledFileError(
                f"{path}: no column for the {role}: it has {', '.join(there)}; "
                f"name it with --{role}-column"
            )
    return found


def _number(label: str) -> int | None:
    """The whole number a label is, `LABEL_2` and `1.0` among them."""
    plain = label.strip().casefold().removeprefix("label_").replace("−", "-")
    try:
        value = float(plain)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _scale(path: Path, rows: Sequence[_Row], column: str) -> tuple[Mapping[int, int], str]:
    """What the numbers among the labels mean, and how that is said to the reader."""
    labels = {row.fields.get(column, "") for row in rows}
    numbers = {own for label in labels if (own := _number(label)) is not None}
    if not numbers:
        return {}, "labels by name"
    seen = ", ".join(str(number) for number in sorted(numbers))
    if -1 in numbers and numbers <= set(_SIGNED):
        return _SIGNED, "-1, 0, 1 read as negative, neutral, positive"
    if 2 in numbers and numbers <= set(_COUNTED):
        return _COUNTED, "0, 1, 2 read as negative, neutral, positive"
    why = (
        "these could be negative and positive, neutral and positive, or negative and neutral"
        if numbers <= {0, 1}
        else "they are neither -1, 0, 1 nor 0, 1, 2"
    )
    raise LabelledFileError(
        f"{path}: the labels in {column!r} are {seen}: {why}; write them as negative, neutral, "
        "positive"
    )


def _examples(
    rows: Sequence[_Row],
    names: Mapping[str, str],
    scale: Mapping[int, int],
    lang: str,
    bad: list[str],
) -> Iterator[Example]:
    for row in rows:
        text, label = (row.fields.get(names[role]) for role in ("text", "label"))
        number = None if label is None else _class(label, scale)
        if text is None or label is None:
            bad.append(f"line {row.line}: no {names['text' if text is None else 'label']!r}")
        elif number is None:
            bad.append(f"line {row.line}: label {label[:40]!r} is none of {', '.join(CLASSES)}")
        else:
            own = {
                role: row.fields.get(names[role], "").strip() if role in names else ""
                for role in ("lang", "target", "source", "slice")
            }
            yield Example(
                text=text,
                label=number,
                lang=own["lang"].casefold()[:2] or lang,
                target=own["target"] or None,
                source=own["source"],
                slice=own["slice"],
            )


def _class(label: str, scale: Mapping[int, int]) -> int | None:
    name = class_of(label)
    if name is not None:
        return CLASSES.index(name)
    number = _number(label)
    return None if number is None else scale.get(number)
