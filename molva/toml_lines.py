"""Which line of a TOML file holds a field, so that an error can point at it."""

from __future__ import annotations

import re
from collections import Counter

Path = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=""")


def line_of(text: str, path: Path) -> int:
    """The 1-based line of the field at `path`, of its table if the field is absent, else 1.

    A path is what pydantic reports: `("source", 1, "url")` is `url` in the second `[[source]]`.
    """
    lines = _lines(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 1


def _lines(text: str) -> dict[Path, int]:
    found: dict[Path, int] = {}
    tables: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _table(header, tables)
            found[table] = number
        elif key := _KEY.match(line):
            found.setdefault((*table, *key[1].strip("\"'").split(".")), number)
    return found


def _table(header: re.Match[str], tables: Counter[Path]) -> Path:
    """The path of a header; a table inside `[[brand]]` belongs to the last brand before it."""
    path: Path = ()
    names = [part.strip("\"' ") for part in header[2].split(".")]
    for name in names[:-1]:
        path = (*path, name)
        if tables[path]:
            path = (*path, tables[path] - 1)
    path = (*path, names[-1])
    if header[1] == "[[":
        tables[path] += 1
        path = (*path, tables[path] - 1)
    return path
