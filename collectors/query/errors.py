"""Errors of the query language: one for people, one on the way to it."""

from __future__ import annotations

_WIDEST = 72


class ProblemError(Exception):
    """A mistake found while a query is read, before its line and excerpt are known.

    Args:
        message: what is wrong, in plain words.
        position: characters from the start of the query.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class QueryError(ValueError):
    """A query cannot be understood; says what is wrong, where, and shows the place.

    Attributes:
        message: what is wrong and what to write instead, in plain words.
        position: characters from the start of the query, from 0.
        line: from 1.
        column: from 1.
        excerpt: the line of the query with a caret under the place; empty if not known.
        name: which query it is, if it was given a name.
    """

    def __init__(
        self,
        message: str,
        position: int = 0,
        line: int = 1,
        column: int = 1,
        *,
        excerpt: str = "",
        name: str = "",
    ) -> None:
        self.message = message
        self.position = position
        self.line = line
        self.column = column
        self.excerpt = excerpt
        self.name = name
        super().__init__(self._shown())

    def _shown(self) -> str:
        head = f"{self.name}: " if self.name else ""
        text = f"{head}{self.message} (line {self.line}, column {self.column})"
        return f"{text}\n{self.excerpt}" if self.excerpt else text


def error_at(message: str, query: str, position: int, *, name: str = "") -> QueryError:
    """A `QueryError` at a position of a query, with its line, column and excerpt."""
    position = min(position, len(query))
    begin = query.rfind("\n", 0, position) + 1
    stop = query.find("\n", position)
    line = query[begin : stop if stop >= 0 else len(query)]
    column = position - begin
    shift = max(0, column - _WIDEST // 2)
    shown = line[shift : shift + _WIDEST].replace("\t", " ")
    return QueryError(
        message,
        position,
        query.count("\n", 0, position) + 1,
        column + 1,
        excerpt=f"  {shown}\n  {' ' * (column - shift)}^",
        name=name,
    )
