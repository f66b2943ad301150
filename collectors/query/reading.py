"""One document while its queries are evaluated: where terms really stand in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import chain

from collectors.query.fold import JOINS, Folded, Span
from collectors.query.patterns import Pattern, Words, continues_handle, gap_fits, shows_exactly


class Side:
    """A document's text or title as the automaton saw it."""

    __slots__ = ("_spans", "_words", "folded", "hits")

    def __init__(self, folded: Folded, hits: dict[int, list[Span]]) -> None:
        self.folded = folded
        self.hits = hits
        self._words: Words | None = None
        self._spans: dict[int, tuple[Span, ...]] = {}

    @property
    def words(self) -> Words:
        """Its words, found when first asked for."""
        if self._words is None:
            self._words = Words.of(self.folded.text)
        return self._words

    def spans(self, index: int, pattern: Pattern) -> tuple[Span, ...]:
        """Where a term really stands, sorted: every anchor hit with its neighbours checked."""
        if index not in self.hits:
            return ()
        known = self._spans.get(index)
        if known is None:
            found = (self._checked(pattern, hit) for hit in self.hits[index])
            known = tuple(sorted({span for span in found if span}))
            self._spans[index] = known
        return known

    def _checked(self, pattern: Pattern, hit: Span) -> Span | None:
        text = self.folded.text
        spans = (
            self._neighbours(pattern, hit)
            if len(pattern.pieces) > 1
            else [self._grown(pattern, hit)]
        )
        if not spans:
            return None
        start, end = spans[0][0], spans[-1][1]
        if not text.startswith(pattern.trail, end) or not text.endswith(pattern.lead, 0, start):
            return None
        if pattern.handle and continues_handle(text, end):
            return None
        for piece, span in zip(pattern.pieces, spans, strict=True):
            if piece.exact and not shows_exactly(piece, self.folded, span):
                return None
        return start - len(pattern.lead), end + len(pattern.trail)

    def _grown(self, pattern: Pattern, hit: Span) -> Span:
        """A prefix's hit grown to the end of its word."""
        start, end = hit
        if pattern.anchor_piece.prefix:
            text = self.folded.text
            while end < len(text) and JOINS[text[end]]:
                end += 1
        return start, end

    def _neighbours(self, pattern: Pattern, hit: Span) -> list[Span]:
        text, words = self.folded.text, self.words
        first = bisect_right(words.starts, hit[0]) - 1 - pattern.anchor
        if first < 0 or first + len(pattern.pieces) > len(words.starts):
            return []
        spans: list[Span] = []
        for offset, piece in enumerate(pattern.pieces):
            start, end = words.starts[first + offset], words.ends[first + offset]
            if offset == pattern.anchor:
                start, end = self._grown(pattern, hit)
            else:
                fitted = piece.fit(text[start:end])
                if fitted is None:
                    return []
                end = start + fitted
            if offset:
                before, stop = words.starts[first + offset - 1], words.ends[first + offset - 1]
                if not gap_fits(text[stop:start], piece.gap, text[before:stop]):
                    return []
            spans.append((start, end))
        return spans


class Reading:
    """One document while its queries are evaluated."""

    __slots__ = ("facts", "text", "title")

    def __init__(self, text: Side, title: Side, facts: set[int]) -> None:
        self.text = text
        self.title = title
        self.facts = facts

    def hit(self) -> Iterable[int]:
        """Terms that may stand in the document, phrases not yet checked."""
        return chain(self.text.hits, self.title.hits, self.facts)
