"""A term of a query as something to look for in a folded text.

A term is one or more *pieces* (words) with what must stand between them. Only one piece, the
longest, is looked for in every text; the others are checked beside it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from collectors.query.fold import JOINS, Folded, Span, fold_word
from collectors.query.forms import glued_ending, word_forms

WORD = re.compile(r"\w+(?:'\w+)*")
"""A word of a folded text; an apostrophe inside belongs to it."""

SHORTEST_PREFIX = 2
_WRITTEN_WORD = re.compile(r"\w+(?:['’ʼ]\w+)*\*?")
_LATIN_START = re.compile("[a-z0-9]+")
_EDGE_MARKS = frozenset("+#&$%€£₽°№.")
_DASHES = "-‐‑–—"
_SOFT = dict.fromkeys(map(ord, " \t\r\n\f\v\xa0\u2009\u202f*'\"«»„“”‟`‚" + _DASHES))
_LONGEST_GAP = 6
_ABBREVIATION = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a term.

    Attributes:
        forms: the folded forms it is met in; for a prefix, how the word begins.
        prefix: whether the word may go on after the form.
        exact: the form the original must show letter for letter; empty if any form will do.
        gap: the punctuation that must stand between the piece before and this one.
    """

    forms: frozenset[str]
    prefix: bool = False
    exact: str = ""
    gap: str = ""

    def fit(self, word: str) -> int | None:
        """How many characters of a folded word this piece covers, or `None` if it is another."""
        if self.prefix:
            return len(word) if word.startswith(tuple(self.forms)) else None
        if word in self.forms:
            return len(word)
        stem = _stem(word)
        return len(stem) if stem in self.forms else None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A whole term: its pieces, which of them anchors it, and the marks at its edges.

    Attributes:
        lead: literal marks right before the first piece (`.NET`).
        trail: literal marks right after the last one (`C++`).
        handle: an @handle, which a dot, hyphen or @ with more letters would make another one.
    """

    pieces: tuple[Piece, ...]
    anchor: int = 0
    lead: str = ""
    trail: str = ""
    handle: bool = False

    @property
    def anchor_piece(self) -> Piece:
        """The piece looked for in every text."""
        return self.pieces[self.anchor]


class TooBroadError(ValueError):
    """A term that would match nearly everything, or has nothing to look for."""


def text_pattern(text: str, *, exact: bool) -> Pattern:
    """What a word or phrase of a query looks for.

    Args:
        text: the term without its quotes and `=`; words may end with `*`.
        exact: letter for letter, without other forms.

    Raises:
        TooBroadError: it has no letter, digit or symbol, or a prefix is too short; says which.
    """
    text = "".join(map(_written_char, unicodedata.normalize("NFC", text))).strip()
    words = list(_WRITTEN_WORD.finditer(text))
    if not words:
        return _symbol(text)
    pieces = []
    end = words[0].start()
    for word in words:
        gap = fold_word(text[end : word.start()]).translate(_SOFT)
        pieces.append(_piece(word.group(), gap, exact=exact))
        end = word.end()
    anchor = max(range(len(pieces)), key=lambda index: len(min(pieces[index].forms, key=len)))
    return Pattern(
        tuple(pieces),
        anchor,
        lead=_edge(text[: words[0].start()].split()[-1:]),
        trail=_edge(text[end:].split()[:1]).rstrip("."),
    )


def mark_pattern(mark: str, name: str) -> Pattern:
    """What a `#tag` or `@handle` looks for; the name may end with `*`."""
    prefix = name.endswith("*")
    name = fold_word(name.rstrip("*"))
    if not name or (prefix and len(name) < SHORTEST_PREFIX):
        raise TooBroadError(f"{mark}{name}{'*' if prefix else ''} is too short to look for")
    return Pattern((Piece(frozenset({mark + name}), prefix),), handle=mark == "@")


def _written_char(char: str) -> str:
    if "\u0300" <= char <= "\u036f" or unicodedata.category(char) in {"Cf", "Cs"}:
        return ""
    return " " if unicodedata.category(char) == "No" else char


def _piece(word: str, gap: str, *, exact: bool) -> Piece:
    prefix = word.endswith("*")
    word = word.rstrip("*")
    if not prefix and not exact:
        return Piece(word_forms(word), gap=gap)
    folded = fold_word(word)
    if prefix and len(folded) < SHORTEST_PREFIX:
        raise TooBroadError(f"{word}* is too broad: give at least {SHORTEST_PREFIX} letters")
    return Piece(frozenset({folded}), prefix, _comparable(word) if exact else "", gap)


def _symbol(text: str) -> Pattern:
    symbol = fold_word("".join(text.split()))
    if not any(unicodedata.category(char) in {"So", "Sc"} for char in symbol):
        raise TooBroadError(f"{text or 'this'} has no letter, digit or symbol to look for")
    return Pattern((Piece(frozenset({symbol})),))


def _edge(marks: list[str]) -> str:
    return marks[0] if marks and set(marks[0]) <= _EDGE_MARKS else ""


def _comparable(written: str) -> str:
    shown = "".join(char for char in written if unicodedata.category(char) not in {"Cf", "Cs"})
    return unicodedata.normalize("NFC", shown).replace("’", "'").replace("ʼ", "'")


def _stem(word: str) -> str:
    """A word without what is joined to its end: apple's, хауз'а, iphoneом."""
    if "'" in word:
        return word.rpartition("'")[0]
    latin = _LATIN_START.match(word)
    return latin.group() if latin and glued_ending(word, latin.end()) else word


@dataclass(slots=True)
class Words:
    """The words of a folded text, by the order of their starts."""

    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, text: str) -> Words:
        """Find the words of a folded text."""
        spans = [word.span() for word in WORD.finditer(text)]
        return cls([start for start, _ in spans], [end for _, end in spans])


def gap_fits(gap: str, wanted: str, before: str) -> bool:
    """Whether what stands between two words lets them be neighbours in a phrase.

    Spaces, quotes, one line break and a hyphen do; a full stop does after an abbreviation («Dr.»)
    or where the query has one too; other punctuation must be the same as in the query.
    """
    if len(gap) > _LONGEST_GAP or gap.count("\n") > 1:
        return False
    marks = gap.translate(_SOFT)
    if marks == wanted:
        return bool(wanted) or len(gap) == 1 or not any(dash in gap for dash in _DASHES)
    if wanted == ".":
        return not marks
    return not wanted and marks == "." and len(before) <= _ABBREVIATION


def shows_exactly(piece: Piece, folded: Folded, span: Span) -> bool:
    """Whether the original letters at a folded span are those the user asked for."""
    start, end = folded.span(*span)
    shown = _comparable(folded.original[start:end])
    return shown.startswith(piece.exact) if piece.prefix else shown == piece.exact


def continues_handle(text: str, end: int) -> bool:
    """Whether `@name` ending here is only the beginning of a longer handle or address."""
    return text[end : end + 1] in {".", "-", "@"} and end + 1 < len(text) and JOINS[text[end + 1]]
