"""All terms of all queries, each once: one automaton for texts, one table for field values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any, TypeAlias, cast

import ahocorasick

from collectors.query.fold import JOINS, Span, fold, fold_word
from collectors.query.forms import glued_ending
from collectors.query.interface import Document
from collectors.query.patterns import Pattern
from collectors.query.reading import Reading, Side
from collectors.query.sites import domains
from collectors.query.tree import And, Field, Near, Node, Not, Or, Text, terms

_Entry: TypeAlias = tuple[int, tuple[int, ...], tuple[int, ...], bool, bool, bool]
_Key: TypeAlias = tuple[str, str]

_LONGEST_VALUE = 200


class TermIndex:
    """All terms of all queries, each once: in the automaton, and among field values."""

    def __init__(self) -> None:
        self._numbers: dict[Text | Field, int] = {}
        self._patterns: list[Pattern | None] = []
        self._uses: Counter[int] = Counter()
        self._forms: dict[str, tuple[list[int], list[int]]] = {}
        self._facts: dict[_Key, list[int]] = {}
        self._automaton: Any = None

    def close(self) -> None:
        """Build the automaton; no term may be added after."""
        if not self._forms:
            return
        automaton = ahocorasick.Automaton()
        for form, (whole, prefix) in self._forms.items():
            automaton.add_word(form, _entry(form, whole, prefix))
        automaton.make_automaton()
        self._automaton = automaton

    def number(self, term: Text | Field) -> int:
        """The number of a term, the same for equal ones."""
        known = self._numbers.get(term)
        if known is not None:
            return known
        number = self._numbers[term] = len(self._patterns)
        self._patterns.append(term.pattern if isinstance(term, Text) else None)
        if isinstance(term, Field):
            kind = f"{term.name}*" if term.prefix else term.name
            self._facts.setdefault((kind, term.value), []).append(number)
            return number
        piece = term.pattern.anchor_piece
        for form in piece.forms:
            self._forms.setdefault(form, ([], []))[piece.prefix].append(number)
        if term.tag:
            kind = "tag*" if piece.prefix else "tag"
            self._facts.setdefault((kind, term.tag.rstrip("*")), []).append(number)
        return number

    def count_uses(self, roots: Iterable[Node]) -> None:
        """Count how many queries each term is part of."""
        for root in roots:
            self._uses.update({self.number(term) for term in terms(root)})

    def read(self, document: Document) -> Reading:
        """Find all terms in a document; linear in its length and the hits."""
        text, title = fold(document.text), fold(document.title)
        return Reading(
            Side(text, self._scan(text.text)),
            Side(title, self._scan(title.text)),
            self._known(document) if self._facts else set(),
        )

    def _scan(self, text: str) -> dict[int, list[Span]]:
        hits: dict[int, list[Span]] = {}
        if self._automaton is None or not text:
            return hits
        size = len(text)
        for last, entry in self._automaton.iter(text):
            length, every, prefixes, left, right, latin = cast("_Entry", entry)
            end = last + 1
            start = end - length
            if left and start and JOINS[text[start - 1]]:
                continue
            whole = end == size or not right or not JOINS[text[end]]
            if not whole and latin:
                whole = glued_ending(text, end)
            for number in every if whole else prefixes:
                hits.setdefault(number, []).append((start, end))
        return hits

    def _known(self, document: Document) -> set[int]:
        values: list[_Key] = [("source", fold_word(document.source))]
        values.append(("author", fold_word(document.author).lstrip("@")))
        values.append(("thread", fold_word(document.thread)))
        lang = fold_word(document.lang)
        values += [("lang", lang), ("lang", lang.partition("-")[0])]
        values += [("tag", fold_word(tag).lstrip("#")) for tag in document.tags]
        values += [("site", domain) for domain in domains(fold_word(document.site))]
        facts: set[int] = set()
        for kind, value in values:
            facts.update(self._facts.get((kind, value), ()))
            if kind in {"source", "author", "tag", "thread"}:
                for length in range(1, min(len(value), _LONGEST_VALUE) + 1):
                    facts.update(self._facts.get((f"{kind}*", value[:length]), ()))
        return facts

    def required(self, node: Node) -> list[int]:
        """Terms of which at least one must be met for a query to be true; empty if none must."""
        match node:
            case Text() | Field():
                return [self.number(node)]
            case Near():
                sides = [[self.number(text) for text in side] for side in (node.left, node.right)]
                return max(sides, key=self._rarity)
            case And():
                found = [required for part in node.parts if (required := self.required(part))]
                return max(found, key=self._rarity, default=[])
            case Or():
                branches = [self.required(part) for part in node.parts]
                return list(chain.from_iterable(branches)) if all(branches) else []
            case Not():
                return []

    def _rarity(self, numbers: list[int]) -> tuple[bool, int, int, int]:
        """How well terms pick out one query: better if text, its own, and of long words."""
        patterns = [self._patterns[number] for number in numbers]
        lengths = [min(map(len, one.anchor_piece.forms)) for one in patterns if one is not None]
        shared = max(self._uses[number] for number in numbers)
        return None not in patterns, -shared, min(lengths, default=0), -len(numbers)


def _entry(form: str, whole: list[int], prefix: list[int]) -> _Entry:
    return (
        len(form),
        tuple(whole + prefix),
        tuple(prefix),
        JOINS[form[0]] or form[0] in "#@",
        JOINS[form[-1]],
        form[-1].isascii() and form[-1].isalnum(),
    )
