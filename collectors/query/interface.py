"""What goes into the matcher and comes out of it."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.query.fold import Span
from collectors.query.tree import Node, terms


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled query.

    Attributes:
        text: as the user wrote it.
        name: whose it is.
        root: its tree; `str(root)` writes it in one way whatever the spaces and parentheses were.
    """

    text: str
    name: str
    root: Node

    def __str__(self) -> str:
        return str(self.root)

    def forms(self) -> dict[str, tuple[str, ...]]:
        """The folded forms each term matches, sorted: by term as written, phrases by word."""
        return {
            term.written: tuple(
                sorted(set().union(*(piece.forms for piece in term.pattern.pieces)))
            )
            for term in terms(self.root)
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A text to match and what is known of it.

    Attributes:
        lang: a language code such as `ru` or `en-GB`.
        source: the configured name of the source.
        author: a handle or name.
        site: a host or URL.
        tags: the post's own hashtags, with or without #.
        thread: the id of what it belongs to at its source: a discussion, a shop's article, a place.
    """

    text: str
    title: str = ""
    lang: str = ""
    source: str = ""
    author: str = ""
    site: str = ""
    tags: tuple[str, ...] = ()
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A query that a document matched.

    Attributes:
        key: of the query.
        term: the first term, as the user wrote it, of the first branch that was true.
        spans: where that term stands: characters of the original text, or of the title if
            `in_title`; empty if the term is a condition on a field or a tag of the post.
        in_title: the term stands in the title only.
    """

    key: str
    term: str
    spans: tuple[Span, ...]
    in_title: bool = False
