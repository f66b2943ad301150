"""Splitting a text into the clauses that can each hold one opinion.

Sentences come from sentencex (rules for both languages, with offsets). What it leaves is done
here: sentences glued together or cut at an abbreviation, lines and lists, and the contrast inside
a sentence ("tasty, but we waited an hour"), where praise ends and a complaint begins. Offsets are
characters of the text as given.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentencex import get_sentence_boundaries

LONGEST = 280
"""Characters after which a run-on clause is cut at the last comma, conjunction or space."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (inclusive) to `end` (exclusive) of a text."""

    start: int
    end: int


_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"\w[\w'’-]+")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s*")
_SAYING = 2  # words of two letters or more that both sides of a comma must have
_SAYING_JOINED = 3  # the same for "and" or a dash, which join single things more often
_TAIL = 16  # characters before a cut that decide whether it is one
# sentencex knows most of these, but not before a lower-case word.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(«\"])(?:т\.\s?[екдп]|и\s(?:т\.\s?[дп]|др|пр)|[тг]\.\s?ч|ул|руб|коп|тыс|млн|млрд|стр|"
    r"см|мин|сек|чел|кв|пр|просп|пер|корп|обл|тел|им|гг?|д|approx|incl|vs|etc|e\.\s?g|i\.\s?e|"
    r"[ap]\.\s?m|no|st|ave|min|hrs?|mr|mrs|ms|dr)\.\s*$",
    re.IGNORECASE,
)
# A full stop, a smiley or an emoji after which the next sentence begins with a capital.
_GLUED = re.compile(
    r"(?<=[^\W\d_]{3})[.!?…]+(?=[A-ZА-ЯЁ][a-zа-яё])"
    r"|[!?…]+(?=[^\W\d_])"
    r"|(?:\.{3,}|…|[)(]{2,}|:\)|:\(|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\u200d]+)\s+"
    r"(?=[\"«(]?[A-ZА-ЯЁ])"
    r"|\bт\.\s?[дп]\.\s+(?=[А-ЯЁ])"
    r"|;\s+(?=\w)"
)
_LINE = re.compile(r"\s*\n\s*")
_BULLET = re.compile(r"[ \t]*(?:[-–—*•·▪✓✔✅❌]|\d{1,2}[.)])[ \t]")
_CONTRAST = re.compile(
    r"(?:(?<=[\s,;)—–-])|^)(?:"
    r"but|however|although|though|even though|whereas|"
    r"но|однако|зато|хотя(?!\s+бы\b)|правда,|(?<=, )а(?!\s+(?:то|также|именно|значит|если)\b)"
    r")(?=[\s,])",
    re.IGNORECASE,
)
_ALL_BUT = re.compile(
    r"\b(?:nothing|anything|everything|all|none|nobody|anyone|everyone|last|first|help)\s*,?\s*$",
    re.IGNORECASE,
)
_NOT_ONLY = re.compile(r"\b(?:not (?:only|just)|не (?:только|просто))\b", re.IGNORECASE)
_CONCESSION = re.compile(
    r"\W*(?:although|though|even though|despite|in spite of|хотя|хоть|несмотря на)\b", re.IGNORECASE
)
_JOINED = re.compile(
    r",\s+(?!т\.\s?[екдп]|[ei]\.\s?[ge])|\s+(?=(?:and|so|because|и|да|потому|поэтому)\s)|\s[-–—]\s",
    re.IGNORECASE,
)
# "I would not say" denies what follows, so both stay together.
_DENIED_SAYING = re.compile(
    r"\b(?:(?:не|нельзя)\s+(?:\w+\s+)?сказать|не\s+скажу|не\s+сказал[аи]?\s+бы|бы\s+не\s+сказал[аи]?"
    r"|не\s+(?:было|бывало|случалось)\s+(?:\w+\s+)?(?:такого|случая)),\s+$",
    re.IGNORECASE,
)
_THAT = re.compile(r"(?:что|чтоб\w*|будто)\b", re.IGNORECASE)
_SOFT_CUT = re.compile(
    r"[,:]\s+|\s+(?=(?:and|so|because|then|и|потому|поэтому|потом)\s)", re.IGNORECASE
)
_EDGE = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u200b\ufeff,;—–•·▪*-"


def split_clauses(text: str) -> list[Span]:
    """Split `text` into clauses: in order, apart, trimmed, together holding every letter.

    A piece without letters (a row of emoji, a number) stays with the clause before it. A text
    without any letter is one span; a blank text gives none.
    """
    cuts = _cuts(text)
    pieces = [Span(a, b) for a, b in itertools.pairwise([0, *cuts, len(text)]) if a < b]
    return [span for piece in _with_letters(text, pieces) if (span := _trim(text, piece))]


def contrasts(clause: str) -> bool:
    """Whether a clause opens with a word such as "but" or «зато», or with a concession."""
    return bool(_CONTRAST.match(clause) or _CONCESSION.match(clause))


def _cuts(text: str) -> list[int]:
    """Where the text is cut, ascending, each strictly inside the text."""
    lines = sorted({0, *_line_starts(text), len(text)})
    cuts = set(lines)
    for begin, end in itertools.pairwise(lines):
        cuts.update(_sentence_starts(text, begin, end))
    cuts.update(match.end() for match in _GLUED.finditer(text))
    for link in _URL.finditer(text):
        cuts.difference_update(range(link.start() + 1, link.end()))
    for begin, end in itertools.pairwise(sorted(cuts)):
        cuts.update(_contrasts(text, begin, end))
    for begin, end in itertools.pairwise(sorted(cuts)):
        cuts.update(_joints(text, begin, end))
    for begin, end in itertools.pairwise(sorted(cuts)):
        cuts.update(_soft_cuts(text, begin, end))
    return sorted(cuts - {0, len(text)})


def _line_starts(text: str) -> Iterator[int]:
    """Starts of lines that begin something new; a long line simply wrapped does not."""
    begin = 0
    for match in _LINE.finditer(text):
        before, after = text[begin : match.start()], text[match.end() : match.end() + 1]
        wrapped = len(before) >= 50 and after.islower() and before[-1:].isalpha()
        begin = match.end()
        if not wrapped or match.group().count("\n") > 1 or _BULLET.match(text, match.end()):
            yield match.end()


def _sentence_starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Starts of the sentences after the first inside one line."""
    line = _SURROGATE.sub("\ufffd", text[begin:end])
    if not line.strip():
        return
    language = "ru" if _CYRILLIC.search(line) else "en"
    for found in get_sentence_boundaries(language, line):
        at = int(found["start_index"])
        before = line[max(0, at - _TAIL) : at]
        cut_off = _ABBREVIATION.search(before) and not line[at].isupper()
        if at and not cut_off and not (at <= _TAIL and _NUMBER.fullmatch(before)):
            yield begin + at


def _contrasts(text: str, begin: int, end: int) -> Iterator[int]:
    """Where praise may turn into complaint, or back, inside one sentence."""
    sentence = text[begin:end]
    if _CONCESSION.match(sentence):
        comma = sentence.find(", ")
        if comma > 0 and len(_WORDS.findall(sentence, 0, comma)) > 2:
            yield begin + comma + 2
    for match in _CONTRAST.finditer(sentence):
        left, right = sentence[: match.start()], sentence[match.end() :]
        joined = _ALL_BUT.search(left[-_TAIL:]) or _NOT_ONLY.search(left)
        if not joined and _WORDS.search(left) and _WORDS.search(right):
            yield begin + match.start()


def _joints(text: str, begin: int, end: int) -> Iterator[int]:
    """Where clauses are joined by a comma, a dash or "and", each long enough to say something."""
    for match in _JOINED.finditer(text, begin, end):
        enough = _SAYING if "," in match.group() else _SAYING_JOINED
        if _THAT.match(text, match.end()) and _DENIED_SAYING.search(text[begin : match.end()]):
            continue
        left = _WORDS.findall(text, begin, match.start())
        if len(left) >= enough and len(_WORDS.findall(text, match.end(), end)) >= enough:
            begin = match.end()
            yield begin


def _soft_cuts(text: str, begin: int, end: int) -> Iterator[int]:
    """Cuts of a run-on clause, so that no piece is much longer than `LONGEST`."""
    while end - begin > LONGEST:
        window = text[begin : begin + LONGEST]
        soft = [m.end() for m in _SOFT_CUT.finditer(window) if m.end() > LONGEST // 4]
        space = window.rfind(" ", LONGEST // 2) + 1
        begin += soft[-1] if soft else space or LONGEST
        yield begin


def _with_letters(text: str, pieces: list[Span]) -> list[Span]:
    """Join pieces that hold no letter to the piece before (the first ones to the one after)."""
    joined: list[Span] = []
    for piece in pieces:
        bare = joined and not _LETTER.search(text, joined[-1].start, joined[-1].end)
        if joined and (bare or not _LETTER.search(text, piece.start, piece.end)):
            joined[-1] = Span(joined[-1].start, piece.end)
        else:
            joined.append(piece)
    return joined


def _trim(text: str, span: Span) -> Span | None:
    """The span without blanks, bullets and commas at its edges; `None` if nothing is left."""
    body = text[span.start : span.end]
    start = span.start + len(body) - len(body.lstrip(_EDGE))
    end = span.end - len(body) + len(body.rstrip(_EDGE))
    return Span(start, end) if start < end else None
