"""Tokens become terms and terms become a tree, each checked where it stands."""

from __future__ import annotations

import re
from typing import Any, cast

from lark import Token, Transformer

from collectors.query.errors import ProblemError
from collectors.query.fold import fold_word
from collectors.query.patterns import SHORTEST_PREFIX, TooBroadError, mark_pattern, text_pattern
from collectors.query.sites import host
from collectors.query.tree import And, Field, FieldName, Near, Node, Not, Or, Text

FARTHEST = 100
"""The largest n of `NEAR/n`, in words."""

QUOTES = '"«»“”„'
"""What opens or closes a phrase."""

EXAMPLES = {
    "lang": "ru",
    "source": "rss",
    "author": "ivanova",
    "site": "example.com",
    "thread": "t/42",
}
"""The fields there are, each with a value to show."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_TAG = re.compile(r"#\w+\*?")
_HANDLE = re.compile(r"@\w[\w.-]*(?:@[\w.-]+)?\*?")
_STAR_INSIDE = re.compile(r"\*(?=\w)|(?<!\w)\*|\*\*")
_SMALL_OPERATORS = {"and": "AND", "or": "OR", "not": "NOT", "near": "NEAR/5"}


class _Build(Transformer[Token, Node]):
    """Called by the parser for every rule; lark makes no tree of its own."""

    def start(self, parts: list[Node]) -> Node:
        return parts[0]

    def either(self, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else Or(_flat(Or, parts), parts[0].position)

    def both(self, parts: list[Node]) -> Node:
        return parts[0] if len(parts) == 1 else And(_flat(And, parts), parts[0].position)

    def negation(self, parts: list[Any]) -> Node:
        mark, part = parts
        if isinstance(part, Not):
            raise ProblemError("NOT stands twice: leave both out", mark.start_pos)
        return Not(part, mark.start_pos)

    def near(self, parts: list[Any]) -> Node:
        if len(parts) == 1:
            return cast("Node", parts[0])
        left, mark, right = parts[:3]
        if len(parts) > 3:
            message = "NEAR joins two terms: write (a NEAR/3 b) AND (b NEAR/3 c)"
            raise ProblemError(message, parts[3].start_pos)
        distance = int(mark[len("NEAR/") :])
        if distance > FARTHEST:
            raise ProblemError(f"NEAR/n takes a number up to {FARTHEST}", mark.start_pos)
        return Near(_operand(left), _operand(right), distance, left.position)

    def word(self, parts: list[Token]) -> Node:
        return _word(parts[0])

    def phrase(self, parts: list[Token]) -> Node:
        return _text(parts[0], parts[0].strip(QUOTES), exact=False)

    def exact_word(self, parts: list[Token]) -> Node:
        return _text(parts[0], parts[0][1:], exact=True)

    def exact_phrase(self, parts: list[Token]) -> Node:
        return _text(parts[0], parts[0][1:].strip().strip(QUOTES), exact=True)

    def tag(self, parts: list[Token]) -> Node:
        return _mark(parts[0], _TAG, "a tag is # and then letters, digits or _, as in #coffee")

    def handle(self, parts: list[Token]) -> Node:
        return _mark(parts[0], _HANDLE, "a handle is @ and then its name, as in @coffee")

    def field(self, parts: list[Token]) -> Node:
        return _field(*parts)


BUILD = _Build()
"""The one builder, without state."""


def _flat(kind: type[And] | type[Or], parts: list[Node]) -> tuple[Node, ...]:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return tuple(flat)


def _operand(node: Node) -> tuple[Text, ...]:
    parts = node.parts if isinstance(node, Or) else (node,)
    texts = tuple(part for part in parts if isinstance(part, Text))
    if len(texts) < len(parts):
        message = "NEAR joins words, phrases or groups like (a OR b); nothing else can stand there"
        raise ProblemError(message, node.position)
    return texts


def _word(token: Token) -> Text:
    position = token.start_pos or 0
    if token in _SMALL_OPERATORS:
        capital = _SMALL_OPERATORS[token]
        message = f'Operators are written in capitals: {capital}; for the word itself, "{token}"'
        raise ProblemError(message, position)
    if token.upper() == "NEAR" or token.upper().startswith("NEAR/"):
        raise ProblemError("NEAR needs a number of words and capitals, as in NEAR/5", position)
    if token[0] in "-!+" and token[1:2].isalpha():
        instead = "leave + out: every term is required" if token[0] == "+" else f"NOT {token[1:]}"
        raise ProblemError(f"{token[0]} is no operator here; write {instead}", position)
    if set(token) <= {"&", "|"}:
        raise ProblemError(f"{token} is no operator here; write AND or OR", position)
    return _text(token, token, exact=False)


def _text(token: Token, text: str, *, exact: bool) -> Text:
    position = token.start_pos or 0
    if _STAR_INSIDE.search(text):
        message = "* stands only at the end of a word, as in coff*"
        raise ProblemError(message, position + token.find("*"))
    try:
        return Text(str(token), text_pattern(text, exact=exact), position=position)
    except TooBroadError as error:
        raise ProblemError(str(error), position) from None


def _mark(token: Token, shape: re.Pattern[str], message: str) -> Text:
    position = token.start_pos or 0
    written = token.rstrip(".,;:!?")
    if not shape.fullmatch(written):
        raise ProblemError(message[0].upper() + message[1:], position)
    try:
        pattern = mark_pattern(written[0], written[1:])
    except TooBroadError as error:
        raise ProblemError(str(error), position) from None
    tag = fold_word(written[1:]) if written[0] == "#" else ""
    return Text(written, pattern, tag, position)


def _field(mark: Token, token: Token) -> Field:
    position = mark.start_pos or 0
    name = mark[:-1].lower()
    if name not in EXAMPLES:
        known = ", ".join(f"{field}:" for field in EXAMPLES)
        message = f"There is no field {name}: (there are {known}); for the text itself, quote it"
        raise ProblemError(message, position)
    value = token.strip(QUOTES).strip()
    written = f"{mark}{token}"
    return _checked_field(Field(written, cast("FieldName", name), value, position=position))


def _checked_field(field: Field) -> Field:
    value = fold_word(field.value)
    prefix = value.endswith("*")
    stem = value.rstrip("*")
    message = ""
    if "*" in stem or (prefix and field.name in {"lang", "site"}):
        message = f"* cannot stand here: {field.name}: takes " + (
            "a whole value" if field.name in {"lang", "site"} else "it at the end only"
        )
    elif prefix and len(stem) < SHORTEST_PREFIX:
        message = f"{field.written} is too broad: give at least {SHORTEST_PREFIX} letters"
    elif field.name == "lang" and not _LANGUAGE.fullmatch(value):
        message = "lang: takes a language code, as in lang:ru or lang:en"
    elif field.name == "site":
        stem = host(value)
    elif field.name == "author":
        stem = stem.lstrip("@")
    if not message and not stem:
        message = f"{field.name}: needs a value, as in {field.name}:{EXAMPLES[field.name]}"
    if message:
        raise ProblemError(message, field.position)
    return Field(field.written, field.name, stem, prefix, field.position)
