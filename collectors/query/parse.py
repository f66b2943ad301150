"""A query's text becomes a tree, or an error that a person can act on."""

from __future__ import annotations

import re
from typing import cast

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from collectors.query.build import BUILD, EXAMPLES, QUOTES
from collectors.query.errors import ProblemError, QueryError, error_at
from collectors.query.grammar import query_parser
from collectors.query.tree import And, Node, Not, Or

LONGEST_QUERY = 20_000
"""Characters; a longer query is a list that went wrong, not a brand."""

DEEPEST = 50
"""Parentheses inside parentheses."""


def parse(text: str, *, name: str = "") -> Node:
    """Read a query.

    Args:
        text: the query.
        name: whose query it is, for the error.

    Raises:
        QueryError: the query is malformed, matches nearly everything, or matches nothing.
    """
    try:
        _check_size(text)
        node = cast("Node", query_parser(BUILD).parse(text))
        _require_anchor(node)
    except ProblemError as problem:
        raise error_at(problem.message, text, problem.position, name=name) from None
    except UnexpectedInput as unexpected:
        raise _explained(text, unexpected, name) from None
    return node


def _check_size(text: str) -> None:
    if not text.strip():
        raise ProblemError("The query is empty", 0)
    if len(text) > LONGEST_QUERY:
        message = f"The query is longer than {LONGEST_QUERY} characters"
        raise ProblemError(message, LONGEST_QUERY)
    opened = _scan_parentheses(text)[1]
    if opened is not None:
        raise ProblemError(f"Parentheses stand more than {DEEPEST} deep", opened)


def _scan_parentheses(text: str) -> tuple[list[int], int | None]:
    """Positions of parentheses never closed, and where they first stand too deep."""
    stack: list[int] = []
    for found in re.finditer(r"\"[^\"]*\"|«[^»]*»|[“„][^”“]*[”“]|[()]", text):
        if found.group() == "(":
            stack.append(found.start())
            if len(stack) > DEEPEST:
                return stack, found.start()
        elif found.group() == ")" and stack:
            stack.pop()
    return stack, None


def _require_anchor(node: Node) -> None:
    """Refuse a query that something absent could make true."""
    loose = _unanchored(node)
    if loose is not None:
        message = "Say what to look for: NOT alone matches nearly every post"
        raise ProblemError(message, loose)


def _unanchored(node: Node) -> int | None:
    match node:
        case Not():
            return node.position
        case And():
            found = [_unanchored(part) for part in node.parts]
            return found[0] if all(position is not None for position in found) else None
        case Or():
            found = [_unanchored(part) for part in node.parts]
            return next((position for position in found if position is not None), None)
    return None


def _explained(text: str, unexpected: UnexpectedInput, name: str) -> QueryError:
    position = unexpected.pos_in_stream or 0
    if isinstance(unexpected, UnexpectedCharacters):
        return error_at(_about_character(text[position]), text, position, name=name)
    if not isinstance(unexpected, UnexpectedToken):
        return error_at("The query cannot be read here", text, position, name=name)
    token = unexpected.token
    stop = len(text) if token.type == "$END" else token.start_pos or 0
    before = None
    for read in query_parser(BUILD).lex(text):
        if (read.start_pos or 0) >= stop:
            break
        before = read
    return _about_token(text, token, before, name)


def _about_character(char: str) -> str:
    if char in QUOTES:
        return f"This quotation mark {char} is never closed"
    if char == "=":
        return '= needs a word or phrase right after it, as in =Apple or ="Apple Store"'
    return f"{char} cannot stand here"


def _about_token(text: str, token: Token, before: Token | None, name: str) -> QueryError:
    previous = "" if before is None else str(before)
    begun = before.start_pos or 0 if before is not None else 0
    if before is not None and before.type == "FIELD":
        return error_at(_about_field(token, previous), text, begun, name=name)
    if token.type == "RPAR" and previous == "(":
        return error_at("These parentheses are empty", text, begun, name=name)
    if previous in {"AND", "OR", "NOT"} or previous.startswith("NEAR/"):
        return error_at(f"{previous} needs a term after it", text, begun, name=name)
    if token.type == "$END":
        opened = _scan_parentheses(text)[0][-1]
        return error_at("This parenthesis is never closed", text, opened, name=name)
    if token.type == "RPAR":
        message = "This parenthesis closes nothing"
    else:
        message = f"{token} needs a term before it"
    return error_at(message, text, token.start_pos or 0, name=name)


def _about_field(token: Token, field: str) -> str:
    if token.type == "LPAR":
        return f"{field} takes one value: write ({field}a OR {field}b)"
    return f"{field} needs a value, as in {field}{EXAMPLES.get(field[:-1].lower(), 'example')}"
