"""Helpers of these tests: a query tried on one text."""

from __future__ import annotations

from typing import Any

from collectors.query import Document, Match, Matcher, compile_query


def match_of(query: str, text: str = "", **known: Any) -> Match | None:
    """The match of one query on one document, if any."""
    found = Matcher({"brand": compile_query(query)}).match(Document(text, **known))
    return found[0] if found else None


def shown(query: str, text: str = "", **known: Any) -> list[str]:
    """What of the text (or title) a query's match points at; `[]` if it does not match."""
    match = match_of(query, text, **known)
    if match is None:
        return []
    where = known["title"] if match.in_title else text
    return [where[start:end] for start, end in match.spans]


def matches(query: str, text: str = "", **known: Any) -> bool:
    """Whether a query matches a document."""
    return match_of(query, text, **known) is not None
