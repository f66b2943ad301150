"""What a parsed query is made of: terms, and how they are joined.

Every node is frozen, knows where it stands in the query, and writes itself back as a query:
parsing `str(node)` gives an equal node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from collectors.query.patterns import Pattern

FieldName = Literal["lang", "source", "author", "site", "thread"]


@dataclass(frozen=True, slots=True)
class Text:
    """A word, phrase, #tag or @handle to find in a text.

    Attributes:
        written: as it stands in the query, quotes and marks included.
        pattern: what the matcher looks for.
        tag: the folded tag (without #) to look up among a document's own tags, if it is one.
    """

    written: str
    pattern: Pattern = field(compare=False, repr=False)
    tag: str = ""
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on what is known of a post: its language, source, author, site or thread."""

    written: str
    name: FieldName
    value: str
    prefix: bool = False
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return self.written


@dataclass(frozen=True, slots=True)
class Not:
    """True where its part is false."""

    part: Node
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"NOT {_inside(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """True where all parts are true."""

    parts: tuple[Node, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " AND ".join(
            f"({part})" if isinstance(part, Or) else str(part) for part in self.parts
        )


@dataclass(frozen=True, slots=True)
class Or:
    """True where any part is true."""

    parts: tuple[Node, ...]
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " OR ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True)
class Near:
    """True where a left and a right term stand with at most `distance` words between them."""

    left: tuple[Text, ...]
    right: tuple[Text, ...]
    distance: int
    position: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{_group(self.left)} NEAR/{self.distance} {_group(self.right)}"


Node: TypeAlias = Text | Field | Not | And | Or | Near


def terms(node: Node) -> Iterator[Text]:
    """Every text term of a query, in the order written, negated ones included."""
    match node:
        case Text():
            yield node
        case Near():
            yield from (*node.left, *node.right)
        case Not():
            yield from terms(node.part)
        case And() | Or():
            for part in node.parts:
                yield from terms(part)
        case Field():
            return


def _inside(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or | Not) else str(node)


def _group(texts: tuple[Text, ...]) -> str:
    joined = " OR ".join(map(str, texts))
    return f"({joined})" if len(texts) > 1 else joined
