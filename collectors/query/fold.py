"""Text as the matcher reads it, and the way back to the text as its author wrote it.

Folding removes what never tells two brands apart: case, `ё` against `е`, Latin accents, stress
marks, full-width and mathematical letters, soft hyphens and zero-width characters. Lengths may
change on the way, so a folded text knows which original characters each of its own came from.

The ladder of speed: ASCII is one `lower()`; plain Russian is `lower()` and three replacements;
other texts go through a translation table; only the stretches in which lengths change are folded
cluster by cluster.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

Span = tuple[int, int]
"""Start and end (exclusive) in characters."""

_AWKWARD = "\uffff"  # a noncharacter: marks what the translation table cannot do one to one
_MAX_MARKS = 16  # of one letter; normalising a longer run costs its square (UAX 15 allows 30)
_CACHE_LIMIT = 20_000  # distinct characters remembered, however strange the texts are

# Emoji, Cyrillic and the usual punctuation fold one to one by `lower()` alone.
_PLAIN = re.compile(
    "[\x00-\x7fЀ-џ\xa0«»–—‘’“”„…№•€₽\u2600-\u27bf\U0001f300-\U0001f6ff\U0001f900-\U0001faff]*"
)
_SENTINELS = re.compile(_AWKWARD + "+")
# Scripts written without spaces: a neighbour from one of them is no part of a word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)


def _is_dropped_mark(char: str) -> bool:
    return "\u0300" <= char <= "\u036f" or "\ufe00" <= char <= "\ufe0f"


def _fold_letter(char: str) -> str:
    """One letter or digit with its marks, folded to none, one or more characters."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    kept = []
    for part in folded.replace("ё", "е"):
        base = unicodedata.normalize("NFD", part)[0]
        if base.isascii():
            kept.append(base.lower())
        elif not _is_dropped_mark(part):
            kept.append(part)
    return "".join(kept)


def _fold_cluster(cluster: str) -> str:
    """One character with the combining marks that follow it, folded."""
    if cluster[0] in "‘’ʼ":
        return "'"
    category = unicodedata.category(cluster[0])
    if category in {"Cf", "Cs"} or _is_dropped_mark(cluster[0]):
        return ""
    if category[0] in "LM" or category == "Nd" or "\uff01" <= cluster[0] <= "\uff5e":
        return _fold_letter(cluster[:_MAX_MARKS])
    if category == "No":  # a footnote's ¹ or a ½ is no part of the word before it
        return " "
    return cluster[0]


class _Table(dict[int, str]):
    """A translation table that fills itself in."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = _fold_cluster(char)
        if len(folded) != 1 or char == _AWKWARD:
            folded = _AWKWARD
        if len(self) < _CACHE_LIMIT:
            self[code] = folded
        return folded


_TABLE = _Table()


@dataclass(frozen=True, slots=True)
class _Edge:
    """A cluster whose length changed: folded [start, end) came from original [left, right)."""

    start: int
    end: int
    left: int
    right: int


_start = attrgetter("start")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and its original.

    Attributes:
        text: what the matcher reads.
        original: what the author wrote.
        edges: the clusters whose length changed, in order; empty if offsets are the same.
    """

    text: str
    original: str
    edges: tuple[_Edge, ...] = ()

    def span(self, start: int, end: int) -> Span:
        """Where the folded characters [start, end) stand in the original."""
        if not self.edges:
            return start, end
        before = bisect_right(self.edges, start, key=_start) - 1
        inside = bisect_left(self.edges, end, key=_start) - 1
        return self._left(before, start), self._right(inside, end)

    def _left(self, edge: int, position: int) -> int:
        if edge < 0:
            return position
        found = self.edges[edge]
        return found.left if position < found.end else found.right + position - found.end

    def _right(self, edge: int, position: int) -> int:
        if edge < 0:
            return position
        found = self.edges[edge]
        return found.right + max(0, position - found.end)


def fold(text: str) -> Folded:
    """Fold a text for matching; linear in its length whatever it holds."""
    if text.isascii():
        return Folded(text.lower(), text)
    if _PLAIN.fullmatch(text):
        folded = text.lower().replace("ё", "е").replace("’", "'").replace("‘", "'")
        return Folded(folded, text)
    folded = text.translate(_TABLE)
    if _AWKWARD not in folded:
        return Folded(folded, text)
    return _fold_awkward(text, folded)


def fold_word(word: str) -> str:
    """The folded text of a word or a field's value alone."""
    return fold(word).text


def _fold_awkward(text: str, translated: str) -> Folded:
    parts: list[str] = []
    edges: list[_Edge] = []
    length = done = 0
    for run in _SENTINELS.finditer(translated):
        first = run.start()
        if first > done and _is_dropped_mark(text[first]):
            first -= 1  # a mark belongs to the letter before it
        parts.append(translated[done:first])
        length += first - done
        for left, right in _clusters(text, first, run.end()):
            folded = _fold_cluster(text[left:right])
            parts.append(folded)
            edges.append(_Edge(length, length + len(folded), left, right))
            length += len(folded)
        done = run.end()
    parts.append(translated[done:])
    return Folded("".join(parts), text, tuple(edges))


def _clusters(text: str, start: int, end: int) -> Iterator[Span]:
    left = start
    for index in range(start + 1, end):
        if not _is_dropped_mark(text[index]):
            yield left, index
            left = index
    yield left, end


class _Joins(dict[str, bool]):
    """Whether a character makes one word with a letter beside it."""

    def __missing__(self, char: str) -> bool:
        joins = char == "_" or (
            (unicodedata.category(char)[0] in "LM" or char.isdecimal())
            and not _UNSPACED.match(char)
        )
        if len(self) < _CACHE_LIMIT:
            self[char] = joins
        return joins


JOINS: dict[str, bool] = _Joins()
"""Of a folded character: does it continue the word beside it? Unknown keys are looked up."""
