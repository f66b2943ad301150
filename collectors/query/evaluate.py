"""Parsed queries become functions that say why a document matches."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from collectors.query.fold import Span
from collectors.query.reading import Reading, Side
from collectors.query.tree import And, Field, Near, Node, Not, Or, Text


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a part of a query is true: a term and its folded spans; no term if by absence."""

    written: str = ""
    text: tuple[Span, ...] = ()
    title: tuple[Span, ...] = ()


_ABSENCE = Evidence()

Check: TypeAlias = Callable[[Reading], Evidence | None]
"""Says why a part of a query is true of a document, or `None` if it is not."""

Numbering: TypeAlias = Callable[[Text | Field], int]
"""The number under which a term is looked for."""


def check_of(node: Node, number: Numbering) -> Check:
    """A function that says why a node is true of a reading, or `None` if it is not."""
    match node:
        case Text():
            return _text_check(node, number(node))
        case Field():
            return _field_check(node, number(node))
        case Not():
            return _not_check(check_of(node.part, number))
        case And():
            return _and_check([check_of(part, number) for part in node.parts])
        case Or():
            return _or_check([check_of(part, number) for part in node.parts])
        case Near():
            return _near_check(node, number)


def _text_check(term: Text, number: int) -> Check:
    pattern = term.pattern

    def check(reading: Reading) -> Evidence | None:
        text = reading.text.spans(number, pattern)
        title = reading.title.spans(number, pattern)
        if text or title or number in reading.facts:
            return Evidence(term.written, text, title)
        return None

    return check


def _field_check(term: Field, number: int) -> Check:
    evidence = Evidence(term.written)
    return lambda reading: evidence if number in reading.facts else None


def _near_check(near: Near, number: Numbering) -> Check:
    left = [(number(term), term) for term in near.left]
    right = [(number(term), term) for term in near.right]

    def check(reading: Reading) -> Evidence | None:
        for index, term in left:
            text, title = (
                _near_spans(side, side.spans(index, term.pattern), right, near.distance)
                for side in (reading.text, reading.title)
            )
            if text or title:
                return Evidence(term.written, text, title)
        return None

    return check


def _not_check(part: Check) -> Check:
    return lambda reading: None if part(reading) is not None else _ABSENCE


def _and_check(parts: list[Check]) -> Check:
    def check(reading: Reading) -> Evidence | None:
        best = _ABSENCE
        for part in parts:
            evidence = part(reading)
            if evidence is None:
                return None
            shown = evidence.text or evidence.title
            if (shown and not (best.text or best.title)) or not best.written:
                best = evidence
        return best

    return check


def _or_check(parts: list[Check]) -> Check:
    def check(reading: Reading) -> Evidence | None:
        return next((found for part in parts if (found := part(reading)) is not None), None)

    return check


def _near_spans(
    side: Side, spans: tuple[Span, ...], others: list[tuple[int, Text]], distance: int
) -> tuple[Span, ...]:
    """Those of `spans` that have one of `others` at most `distance` words away."""
    if not spans:
        return ()
    found = [span for number, term in others for span in side.spans(number, term.pattern)]
    if not found:
        return ()
    begins = sorted(start for start, _ in found)
    stops = sorted(end for _, end in found)
    words = side.words.starts
    near = []
    for start, end in spans:
        after = bisect_left(begins, end)
        before = bisect_right(stops, start) - 1
        gaps = []
        if after < len(begins):
            gaps.append(bisect_left(words, begins[after]) - bisect_left(words, end))
        if before >= 0:
            gaps.append(bisect_left(words, start) - bisect_left(words, stops[before]))
        if gaps and min(gaps) <= distance:
            near.append((start, end))
    return tuple(near)
