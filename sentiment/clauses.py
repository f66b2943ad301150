"""Splitting a text into the clauses that can each hold one opinion.

Sentences come from sentencex (rules for both languages, with offsets). What it leaves is done
here: sentences glued together or cut at an abbreviation, lines and lists, a smiley in place of a
full stop, and the contrast inside a sentence ("tasty, but we waited an hour"), where praise ends
and a complaint begins. Offsets are characters of the text as given.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from sentencex import get_sentence_boundaries

from sentiment.denial import both_judge

LONGEST = 280
"""Characters after which a run-on clause is cut at the last comma, conjunction or space."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` (inclusive) to `end` (exclusive) of a text."""

    start: int
    end: int


# Half characters, and wide spaces: sentencex panics at "A\xa0.".
_UNFIT = re.compile(r"[\ud800-\udfff\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = re.compile(r"\w[\w'’-]+")
_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]{1,40}\.[a-z]{2,6}/\S+", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s*")
_SAYING = 2  # words of two letters or more that both sides of a comma must have
_SAYING_JOINED = 3  # the same for "and" or a dash, which join single things more often
_TAIL = 16  # characters before a cut that decide whether it is one
_NEAR = 100  # the same for words counted on either side, and for names and brackets
# sentencex knows most of these, but not before a lower-case word.
_ABBREVIATION = re.compile(
    r"(?i)(?:^|[\s(«\"])(?:т\.\s?[екдп]|и\s(?:т\.\s?[дп]|др|пр)|[тг]\.\s?ч|ул|руб|коп|тыс|млн|млрд|"
    r"стр|см|мин|сек|чел|кв|пр|просп|пер|корп|обл|тел|им|гг?|д|approx|incl|vs|etc|e\.\s?g|i\.\s?e|"
    r"[ap]\.\s?m|no|st|ave|min|hrs?|mr|mrs|ms|dr)\.\s*$"
)
# A name follows these; sentencex takes some names for the first word of a sentence.
_NAMED = re.compile(r"(?:^|[\s(«\"])(?:Dr|Mrs?|Ms|им|пос|наб|пл|бул|св|мкр|ст|ш|зам|зав|гл)\.\s*$")
_CAPITAL = r"(?=[\"«(]?[A-ZА-ЯЁ])"
# Where the next sentence begins at once. (Possessive, from the start of a run: it stays linear.)
_GLUED = re.compile(
    r"[.!?…)(:;](?:(?<=[^\W\d_]{3}[.!?…])[.!?…]*+(?=[A-ZА-ЯЁ][a-zа-яё])"
    r"|(?<=[!?…])(?<![!?…]{2})[!?…]*+(?=[^\W\d_])|(?<=;)\s++(?=\w)"
    rf"|(?:(?<=\.)(?<!\.\.)\.\.++|(?<=…)|(?<=[)(])(?<![)(].)[)(]++|(?<=:)[)(])\s++{_CAPITAL})"
)
# The stop of an abbreviation that may end a sentence, before a capital: of a unit, of "etc.".
_ENDED = re.compile(rf"\.[»\"”)]?\s++{_CAPITAL}")
_UNIT = r"(?:ч|час|мин|сек|т\.\s?р|руб|р|коп|тыс|мл[нд]|млрд|шт|чел|кг|км|hrs?|mins?|secs?|lbs?|oz)"
_LAST = re.compile(
    rf"(?:\d\s?(?:{_UNIT}\.?\s){{0,2}}{_UNIT}|\b(?:руб|коп|мин|сек|т\.\s?[дп]|и\s(?:др|пр)|etc)"
    r"|[^\W\d_]{3}\s(?:с|от|до)\s(?:19|20)\d\d\s?г)$"
)
# What may stand for a full stop, also before a small letter: a smiley, an emoji, an ellipsis.
_PICTURE = r"\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\u200d"
_SIGNS = rf"[.…!?:;)({_PICTURE}]"
_FELT = re.compile(rf"{_SIGNS}(?<!{_SIGNS}{{2}}){_SIGNS}*+\s*+(?:{_CAPITAL}|(?=[a-zа-яё]))")
_SIGN = re.compile(rf"(.*[{_PICTURE}].*)|(?:(\.{{3,}}|…)|[!?]{{2,}}|[.!?:;]*[)(]+)\s+")
_HEART = r"❤♥💓-💟🖤🧡\ufe0f"
# Neither a face nor a hand nor a heart, so it may stand for a word.
_THING = re.compile(rf"[{_PICTURE}](?<![{_HEART}☹☺👍-👏😀-🙏♀♂🤌-🤰🥰-🥺🧐🫠-🫨🏻-🏿\u200d])")
_LOVED = re.compile(rf"[{_HEART}]+\s*(?:the|this|my|you|our|эт\w+|[вн]а[сш])")
# Words after which, or before which, a phrase goes on: "the 🔥 pizza", «спасибо за ☕ и булочку».
_HANGING = re.compile(
    r"(?i)\b(?:an?|the|th[eo]se|my|your|our|their|i|we|they|so|very|such|and|or|but|of|at|to|for|with"
    r"|from|by|as|is|are|was|were|be|just|like|я|мы|они|мо[йяюи]|ваш\w?|наш\w?|эт\w\w?|так\w\w|очень"
    r"|сам\w\w|был[аио]?|просто|как|и|или|но|во?|на|за|со?|к|от|из|для|до|об?|не)\W*$|[«“(]\s*$"
)
_LEANING = re.compile(
    r"(?:and|or|of|in|on|at|to|for|with|from|by|и|или|во?|на|за|со?|к|от|из|для|по|до|об?|(?:again"
    r"|too|also|lol|xd|guys|(?:a?ha)+h?|опять|снова|тоже|очень|лол|а?(?:ха)+х?)\W*$)(?!\w)"
)
# What begins, or ends, the items of a list in one line.
_MARK = re.compile(
    r"[•▪●◦✅❌✔✓☑👍👎1-9](?:(?<!\d)[✅❌✔✓☑👍👎\ufe0f🏻-🏿]*|(?<!\S.)[.)](?=\s*[^\W\d_]))\s*"
)
_LINE = re.compile(r"\n\s*")
_BULLET = re.compile(r"[ \t]*(?:[-–—*•·▪✓✔✅❌]|\d{1,2}[.)])[ \t]")
_CONTRAST = re.compile(
    r"(?i)(?:(?<=[\s,;)—–-])|^)(?:(?:"
    r"but|however(?!\s+(?:much|many|long)\b)|although|(?<!\bas )though|even though|whereas|"
    r"но|однако|зато|хотя(?!\s+бы\b)|правда,|(?<=, )а(?!\s+(?:то|также|именно|значит|если)\b)"
    r")(?=[\s,])|(?P<except>(?:apart|aside) from|with the exception of|за исключением|не считая|"
    r"except(?= (?:for|that|when|if|maybe|the|my|our|this|it|they|i|we|one)\b)|если не считать|"
    r"кроме(?!\s+(?:того|этого|как|вых\w+|суббот\w*|воскр\w+)\b))\s)"
)
_ALL_BUT = re.compile(
    r"(?i)\b(?:nothing|anything|everything|all|none|nobody|anyone|everyone|last|first|help|choice"
    r"|option)\s*,?\s*$|^\W*(?:yes|yeah|no|sorry|maybe|да|нет|извините|простите)\W*$"
)
# "Everyone except for me", "all the staff except for Anna": who is meant, not what is wrong.
_OF_ALL = re.compile(
    r"(?i)\bsets?(?:\s\w+){1,3}\s$|\b(?:every\w*|all|any\w*|no(?:thing|ne|body| one)|each|who|кто"
    r"|\w+-нибудь|вс[её]х?|всем|кажд\w+|люб\w+|ни(?:кто|кого|чего))(?:\s(?:the|of|my|our))*(?:\s(?!"
    r"(?:good|great|fine|ok|perfect|lovely|well|works|супер|норм|работает|\w+о(?:сь)?)\b)\w+)?[\s,]*$"
)
_BUT_ALSO = re.compile(r"(?:но\s+(?:ещё\s+|еще\s+)?и|but\s+also)\b", re.IGNORECASE)
_NOT_ONLY = re.compile(r"\b(?:not (?:only|just)|не (?:только|просто))\b", re.IGNORECASE)
_CONCESSION = re.compile(r"(?i)\W*(?:(?:al|even )?though|despite|in spite|хотя|хоть|несмотря)\b")
# Not "so slow", nor "cancelled so many times".
_SO = (
    r"so(?<!\b(?:is|be|am) so)(?<!\b(?:was|are|not|got|get) so)(?<!\b(?:were|been|felt|look) so)"
    r"(?<!['’][sm] so)(?! (?:many|much|few|far|long|late|early|badly|hard|\w+ly|\w+ that)\b)"
)
_JOINED = re.compile(
    r"(?i)[\s,](?:(?:(?<=,)\s++|(?<=[^\W\d_],)(?=[^\W\d_]{2}))"
    r"(?!т\.\s?[екдп]|[ei]\.\s?[ge]|(?:д|кв|корп|стр|оф|эт)\.\s?\d)|(?<=\s)[-–—]\s"
    r"|(?<=\s)(?<!\s\s)(?<!\bно\s)(?<!\bтак\s)\s*+"
    rf"(?=(?:and|{_SO}|because|и(?!\s(?:т\.|др\.|пр\.))|да|потому|поэтому)\s))"
)
_LINKED = re.compile(r"[@#/:.=&_\d]\S*$")
# "I would not say" denies what follows, so both stay together.
_DENIED_SAYING = re.compile(
    r"(?i)\b(?:(?:не|нельзя)\s+(?:\w+\s+)?сказать|не\s+скажу|не\s+сказал[аи]?\s+бы|"
    r"бы\s+не\s+сказал[аи]?|не\s+(?:было|бывало|случалось)\s+(?:\w+\s+)?(?:такого|случая)),\s+$"
)
_THAT = re.compile(r"(?:что|чтоб\w*|будто)\b", re.IGNORECASE)
_SOFT_CUT = re.compile(r"(?i)[,:]\s+|\s+(?=(?:and|so|because|then|и|потому|поэтому|потом)\s)")
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
    """Whether a clause opens with a word such as "but" or «кроме», or with a concession."""
    return bool(_CONTRAST.match(clause) or _CONCESSION.match(clause))


def _cuts(text: str) -> list[int]:
    """Where the text is cut, ascending, each strictly inside the text."""
    lines = sorted({0, *_line_starts(text), len(text)})
    cuts = set(lines)
    for begin, end in itertools.pairwise(lines):
        cuts.update(_sentence_starts(text, begin, end))
        for item, inside in _items(text, begin, end):
            cuts.discard(inside)
            cuts.add(item)
    cuts.update(match.end() for match in _GLUED.finditer(text))
    for stop in _ENDED.finditer(text):
        if _LAST.search(text, max(0, stop.start() - _TAIL), stop.start()):
            cuts.add(stop.end())
    for link in _URL.finditer(text):
        cuts.difference_update(range(link.start() + 1, link.end()))
    for more in (_felt, _contrasts, _joints, _soft_cuts):
        for begin, end in itertools.pairwise(sorted(cuts)):
            cuts.update(more(text, begin, end))
    return sorted(cuts - {0, len(text)})


def _line_starts(text: str) -> Iterator[int]:
    """Starts of lines that begin something new; a long line simply wrapped does not."""
    begin = 0
    for match in _LINE.finditer(text):
        before, after = text[begin : match.start()].rstrip(), text[match.end() : match.end() + 1]
        wrapped = len(before) >= 50 and after.islower() and before[-1:].isalpha()
        begin = match.end()
        if not wrapped or match.group().count("\n") > 1 or _BULLET.match(text, match.end()):
            yield match.end()


def _sentence_starts(text: str, begin: int, end: int) -> Iterator[int]:
    """Starts of the sentences after the first inside one line."""
    line = _UNFIT.sub(" ", text[begin:end])
    if not line.strip():
        return
    language = "ru" if _CYRILLIC.search(line) else "en"
    for found in get_sentence_boundaries(language, line):
        at = int(found["start_index"])
        before = line[max(0, at - _TAIL) : at]
        cut_off = (_NAMED if line[at].isupper() else _ABBREVIATION).search(before)
        if at and not cut_off and not (at <= _TAIL and _NUMBER.fullmatch(before)):
            yield begin + at


def _items(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Starts of list items in one line ("• cold • rude", "food 👍 staff 👎"), and what is none."""
    marks: list[re.Match[str]] = []
    for match in _MARK.finditer(text, begin, end):
        if not match[0][0].isdigit() or int(match[0][0]) == len(marks) + 1:
            marks.append(match)
    leading = marks and text[begin : marks[0].start()].strip()[-1:] in ("", ":")
    for mark in marks if len(marks) > 1 else ():
        at, after = mark.span()
        if leading or text[at] in "•▪●◦":
            yield at, after
        elif text[at] > "9" and text[at - 1] not in "«“(" and text[after:end][:1].isalpha():
            yield after, at


def _said(text: str, begin: int, at: int, after: int, end: int) -> tuple[int, int]:
    """How many words stand near on either side of a joint, which reaches from `at` to `after`."""
    left = _WORDS.findall(text, max(begin, at - _NEAR), at)
    return len(left), len(_WORDS.findall(text, after, min(end, after + _NEAR)))


def _felt(text: str, begin: int, end: int) -> Iterator[int]:
    """Where a smiley, an emoji or an ellipsis stands for a full stop, not amid a phrase."""
    for match in _FELT.finditer(text, begin, end):
        at, after = match.span()
        sign = _SIGN.fullmatch(match.group())
        if not sign or _HANGING.search(text, max(begin, at - _TAIL), at):
            continue
        picture, dots = sign.groups()
        small, before = text[after].islower(), text[max(0, at - _NEAR) : at]
        bracket = ")" in sign[0] and before.count("(") > before.count(")")
        bracket |= sign[0].rstrip() in ("(", ")") and not before[-3:].isalpha()
        left, right = _said(text, begin, at, after, end)
        if bracket or left < (3 if dots else 1 + small) or right < (3 if dots else 1):
            continue
        word = picture and (_THING.search(picture) or _LOVED.match(text, at))
        if not small or not (word or _LEANING.match(text, after, end)):
            begin = after
            yield begin


def _contrasts(text: str, begin: int, end: int) -> Iterator[int]:
    """Where praise may turn into complaint, or back, inside one sentence."""
    sentence = text[begin:end]
    if _CONCESSION.match(sentence):
        comma = sentence.find(", ")
        if comma > 0 and len(_WORDS.findall(sentence, 0, comma)) > 2:
            yield begin + comma + 2
    for match in _CONTRAST.finditer(sentence):
        at, after = match.span()
        whole = _OF_ALL if match["except"] else _ALL_BUT
        joined = whole.search(sentence[max(0, at - 2 * _TAIL) : at])
        joined = joined or _NOT_ONLY.search(sentence, max(0, at - LONGEST), at)
        if not joined and all(_said(sentence, 0, at, after, len(sentence))):
            yield begin + at


def _joints(text: str, begin: int, end: int) -> Iterator[int]:
    """Where clauses are joined by a comma, a dash or "and".

    Each must be long enough to say something, or be an opinion ("dirty tables and rude waiters").
    """
    joints = list(_JOINED.finditer(text, begin, end))
    limits = [*(joint.start() for joint in joints[1:]), end]
    for joint, limit in zip(joints, limits, strict=False):
        at, after = joint.span()
        enough = _SAYING if "," in joint.group() else _SAYING_JOINED
        said = min(_said(text, begin, at, after, end)) >= enough
        said = said or _opinions(
            text[max(begin, at - _NEAR) : at], text[after : min(limit, after + _NEAR)]
        )
        if said and not _held(text, begin, at, after):
            begin = after
            yield begin


def _opinions(before: str, after: str) -> bool:
    """Whether what is joined are opinions; "friendly and helpful staff" is of one thing."""
    left, right = (len(_WORDS.findall(own.removeprefix("and "))) for own in (before, after))
    return both_judge(before, after) and not left == 1 < right


def _held(text: str, begin: int, at: int, after: int) -> bool:
    """Whether what is joined belongs together: a denial, "not only", a link."""
    before = text[max(begin, after - LONGEST) : after]
    if _THAT.match(text, after):
        return bool(_DENIED_SAYING.search(before))
    if after == at + 1 and text[at] == "," and _LINKED.search(before[-_NEAR:-1]):
        return True
    return bool(_BUT_ALSO.match(text, after) and _NOT_ONLY.search(before))


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
    bare = True  # No letter yet; not searched for again, as there may be thousands of pieces.
    for piece in pieces:
        blank = not _LETTER.search(text, piece.start, piece.end)
        if joined and (bare or blank):
            joined[-1] = Span(joined[-1].start, piece.end)
        else:
            joined.append(piece)
        bare = bare and blank
    return joined


def _trim(text: str, span: Span) -> Span | None:
    """The span without blanks, bullets and commas at its edges; `None` if nothing is left."""
    body = text[span.start : span.end]
    start = span.start + len(body) - len(body.lstrip(_EDGE))
    end = span.end - len(body) + len(body.rstrip(_EDGE))
    return Span(start, end) if start < end else None
