"""On which line of a TOML file a value stands: the readers of TOML keep none. Pure.

The file is known to be valid, so nothing is checked here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

Path = tuple[str | int, ...]
"""Keys and places in lists (from 0) that lead to a value."""

_TOKENS = re.compile(
    r"(?P<string>\"\"\"(?:\\.|[^\\])*?\"{3,5}|'''.*?'{3,5}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')"
    r"|(?P<skip>#[^\n]*|[ \t\r]+)|(?P<sign>[\[\]{}=,.\n])|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)


def lines_of(source: str) -> dict[Path, int]:
    """The line of every table, value and element of a list; of what is written twice the first."""
    return _Reader(source).read()


class _Reader:
    """Walks through a file token by token."""

    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0
        self._found: dict[Path, int] = {}
        self._lists: Counter[Path] = Counter()

    def read(self) -> dict[Path, int]:
        table: Path = ()
        while not self._ended():
            if self._taken("\n"):
                continue
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> Path:
        """`[a.b]`, or `[[a.b]]`, which begins one more element of a list."""
        line = self._tokens[self._at][1]
        self._taken("[")
        several = self._taken("[")
        path: Path = ()
        for key in self._keys("]"):
            path = (*path, key)
            if several and self._next() == "]":
                self._found.setdefault(path, line)
                self._lists[path] += 1
            if self._lists[path]:
                path = (*path, self._lists[path] - 1)
            self._found.setdefault(path, line)
        while self._taken("]"):
            pass
        return path

    def _pair(self, table: Path) -> None:
        """`a.b = value`."""
        line, path = self._tokens[self._at][1], table
        for key in self._keys("="):
            path = (*path, key)
            self._found.setdefault(path, line)
        self._taken("=")
        self._value(path)

    def _keys(self, end: str) -> Iterator[str]:
        while self._next() != end:
            if not self._taken("."):
                key = self._take()
                yield key[1:-1] if key[0] in "\"'" else key

    def _value(self, path: Path) -> None:
        self._found.setdefault(path, self._tokens[self._at][1])
        if self._taken("["):
            number = 0
            while not self._taken("]"):
                if self._next() in {",", "\n"}:
                    self._take()
                else:
                    self._value((*path, number))
                    number += 1
        elif self._taken("{"):
            while not self._taken("}"):
                if self._next() in {",", "\n"}:
                    self._take()
                else:
                    self._pair(path)
        else:
            while not self._ended() and self._next() not in {",", "]", "}", "\n"}:
                self._take()

    def _ended(self) -> bool:
        return self._at == len(self._tokens)

    def _next(self) -> str:
        return self._tokens[self._at][0]

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][0]

    def _taken(self, sign: str) -> bool:
        """Whether the next token is this sign, which is left behind then."""
        found = not self._ended() and self._next() == sign
        self._at += found
        return found


def _tokens(source: str) -> Iterator[tuple[str, int]]:
    """Strings, signs and bare words, each with its line."""
    line = 1
    for token in _TOKENS.finditer(source):
        if token.lastgroup != "skip":
            yield token[0], line
        line += token[0].count("\n")
