"""Splitting a text into the clauses that can each hold one opinion.

Sentences come from sentencex (rules for both languages, with offsets). What it leaves is done
here: sentences glued together or cut at an abbreviation, lines and lists, a smiley in place of a
full stop, and the contrast inside a sentence ("tasty, but we waited an hour"), where praise ends
and a complaint begins. Offsets are characters of the text as given.
"""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator, Sequence
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
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z\d]{1,30});")
_ESCAPED = 3  # times a feed may have escaped its text
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
    r"|(?<=[^\W\d_]{2};)(?=[^\W\d_]{2})(?!(?:ll|[rv]e)\b)"
    rf"|(?:(?<=\.)(?<!\.\.)\.\.++|(?<=…)|(?<=[)(])(?<![)(].)[)(]++|(?<=:)[)(])\s++{_CAPITAL})"
)
# The stop of an abbreviation that may end a sentence, before a capital: of a unit, of "etc.", of an
# hour (unless it opens the sentence, "At 5 p.m. John called", or its day or zone follows).
_WHEN = (
    r"(?:(?:Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day|[A-Z]{1,3}T|UTC|MSK|Eastern|Central|Pacific"
    r"|(?!This|Last|Next|Any|Every)[A-Z]\w+\s[Tt]ime|(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sep|Oct|Nov|Dec)\w*\.?\s\d+)s?\b"
)
_HOUR = re.compile(rf"\d\s?[apAP]\.\s?[mM]\.\s+(?={_WHEN})")
_ENDED = re.compile(rf"\.[»\"”)]?\s++(?!{_WHEN}){_CAPITAL}")
_UNIT = r"(?:ч|час|мин|сек|т\.\s?р|руб|р|коп|тыс|мл[нд]|млрд|шт|чел|кг|км|hrs?|mins?|secs?|lbs?|oz)"
_LAST = re.compile(
    rf"(?:\d\s?(?:{_UNIT}\.?\s){{0,2}}{_UNIT}|\b(?:руб|коп|мин|сек|т\.\s?[дп]|и\s(?:др|пр)|etc)"
    r"|[^\W\d_]{3}\s(?:с|от|до)\s(?:19|20)\d\d\s?г"
    r"|(?<![\d:])(?<!\bAt )(?<!\bBy )(?<!\bOn )(?<!From )(?<!Since )(?<!Until )(?<!After )"
    r"(?<!Before )(?<!Around )(?:\d?\d:)?\d?\d\s?[apAP]\.\s?[mM])$"
)
# What may stand for a full stop, also before a small letter: a smiley, an emoji, an ellipsis.
_PICTURE = r"\u2600-\u27bf\U0001f300-\U0001faff\ufe0f\u200d"
_SIGNS = rf"[.…!?:;)({_PICTURE}]"
_FELT = re.compile(rf"{_SIGNS}(?<!{_SIGNS}{{2}}){_SIGNS}*+\s*+(?:{_CAPITAL}|(?=[a-zа-яё]))")
_SIGN = re.compile(rf"(.*[{_PICTURE}].*)|(?:(\.{{3,}}|…)|[!?]{{2,}}|[.!?:;]*[)(]+)\s+")
_HEART = r"❤♥💓-💟🖤🧡\ufe0f"
# Neither a face nor a hand nor a heart, so it may stand for a word.
_THING = re.compile(rf"[{_PICTURE}](?<![{_HEART}☹☺👍-👏😀-🙏♀♂🤌-🤰🥰-🥺🧐🫠-🫨🏻-🏿\u200d])")
# Pictures of a mood; who laughs until they cry may do either.
_GLAD = re.compile(
    rf"[{_HEART}😀😁😃😄😆😇😉-😎😗-😚😸😺😻🙂🙌👌👍👏💪💯🔥🤗🤩🤤🥰🥳☺🎉](?<![\ufe0f💔])"
)
_CROSS = re.compile("[😒-😖😞-😩😫😾😿🙁🙄☹👎💔💩🖕👿🤡🤢🤦🤬🤮]")
_RUN = re.compile(rf"[{_PICTURE}][{_PICTURE}\s]*+[,;]?\s*+")
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
_NUMERAL = "1-9a-hа-зA-HА-З"
_BULLETS = "•▪●◦✅❌✔✓☑👍👎"
_MARK = re.compile(
    rf"[({_BULLETS}{_NUMERAL}](?:(?<=[{_BULLETS}])[✅❌✔✓☑👍👎\ufe0f🏻-🏿]*"
    rf"|(?:(?<!\S.)(?:(?<=\d)\.|(?<=[{_NUMERAL}])\)|(?<=\()[{_NUMERAL}]\))"
    r"|(?<=\d)(?<!\d.)\ufe0f?\u20e3)(?=\s*[^\W\d_]))\s*"
)
_ORDER = ("123456789", "abcdefgh", "абвгдежз")
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
    r"(?!т\.\s?[екдп]|[ei]\.\s?[ge]|(?:д|кв|корп|стр|оф|эт)\.\s?\d)|(?<=\s)[-–—/]\s"
    r"|(?<=\s)(?<!\s\s)(?<!\bно\s)(?<!\bтак\s)\s*+"
    rf"(?=(?:and|{_SO}|because|и(?!\s(?:т\.|др\.|пр\.))|да|потому|поэтому)\s))"
)
# What a writer says aside, between commas: it parts no verb from its object.
_PLEASE = r"(?:пожалуйста|плиз|please|pls|plz)"
_ASIDE = (
    rf"(?:{_PLEASE}|however|однако|кстати(?:\sговоря)?|между\sпрочим|к\s(?:(?:не)?счастью|слову)"
    r"|к\sсожалению|увы"
    r"|наверное?|видимо|похоже|кажется|возможно|вероятно|может(?:\sбыть)?|пожалуй|судя\sпо\sвсему"
    r"|(?:по|на)\s(?:моему\sмнению|мой\sвзгляд)|по-моему|конечно(?:\sже)?|разумеется|естественно"
    r"|безусловно|например|вообще-то|в\s(?:общем|принципе|целом)|как\s(?:всегда|обычно|правило)"
    r"|(?:если\s)?честно(?:\sговоря)?|(?:мягко|короче)\sговоря|по\sкрайней\sмере|by\sthe\sway|btw"
    r"|(?:un)?fortunately|sadly|luckily|thankfully|honestly|frankly|to\sbe\s(?:honest|fair|frank)|tbh"
    r"|in\smy\s(?:humble\s)?opinion|imh?o|apparently|perhaps|maybe|obviously|of\scourse|in\sfact"
    r"|for\s(?:example|instance)|i\s(?:think|guess|believe|suppose)|as\s(?:always|usual|a\srule))"
)
_PLEADS = re.compile(rf"(?i){_PLEASE}")
_OPENS_ASIDE = re.compile(rf"(?i){_ASIDE}\s?,\s*(?P<rest>(?:(?!\b(?:and|so|и|да|а)\s)[^,;:()–—])*)")
_CLOSES_ASIDE = re.compile(
    rf"(?i)(?:(?:^|,)\s*(?:(?:но|а|и|да|хотя|but|and|so|or)\s)?{_ASIDE}|^\W*\w+\s{_PLEASE}"
    r"|\s(?:however|однако))\s?$"
)
# Where the next clause begins all the same.
_AFTER_ASIDE = re.compile(r"(?i)(?:and|so|because|(?<!может, )и|а|да|потому|поэтому)\s")
_SUBJECT = re.compile(r"(?i)(?:i|we|it|they|s?he|you|there|я|мы|ты|вы|он[аио]?)(?:['’]\w+)?\s\w")
# A subject or an auxiliary that waits for its verb.
_WAITING = re.compile(
    r"(?i)\b(?:i|you|we|they|s?he|it|this|that|wh\w+|is|are|was|were|be|ha[sd]|have|do|does|did|will"
    r"|would|can|could|should|must|not|to|and|я|ты|вы|мы|он[аио]?|это|что|котор\w+|был[аио]?|будет"
    r"|мне|нам|вам|им|ему|ей|мо[гж]\w+|не|и)\s?$"
)
_VERBS = (
    r"(?:is|are|was|were|ha[sd]|have|d[oi]d?|does|will|would|can|could|should|must|went|got|came|said"
    r"|told|took|made|gave|left|paid|lost|need|want|works?|keeps?|crashes|\w{2,}ed|\w+n['’]t"
    r"|\w+['’](?:re|ve|ll|m)|(?:it|s?he|that|there)['’]s|нет|есть|нельзя|можно|надо|нужно"
    r"|(?!персонал|интернет|кредит|билет|пакет|минут|ответ|канал|филиал|терминал|отдел|если|или|мало"
    r"|лет\b|сайте|дело\b|сил\w\b)\w+(?:[аеиоуыяё]л[аои]?|[аеёиуюя]т|[её]шь|ишь|[иьй]те)(?:с[ья])?)\b"
)
_VERB = re.compile(rf"(?i)\b{_VERBS}")
_BEFORE_VERB = re.compile(rf"(?i)(?:(?<=however)|(?<=однако)),\s*{_VERBS}")
# "staff: rude / food: cold".
_LABELLED = re.compile(r"[^\W\d_]\s?:(?!//)\s*\w")
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
    """Split `text` into clauses: in order, apart, trimmed, together holding every letter shown.

    A piece without letters (a row of emoji, a number) stays with the clause before it. A text
    without any letter is one span; a blank text gives none.
    """
    shown, places = _shown(text)
    pieces = [Span(a, b) for a, b in itertools.pairwise([0, *_cuts(shown), len(shown)]) if a < b]
    spans = [span for piece in _with_letters(shown, pieces) if (span := _trim(shown, piece))]
    return [Span(places[span.start], places[span.end]) for span in spans]


def contrasts(clause: str) -> bool:
    """Whether a clause opens with a word such as "but" or «кроме», or with a concession."""
    return bool(_CONTRAST.match(clause) or _CONCESSION.match(clause))


def _shown(text: str) -> tuple[str, Sequence[int]]:
    """The text with the signs that HTML entities stand for, and the place of each in `text`."""
    places: Sequence[int] = range(len(text) + 1)
    for _ in range(_ESCAPED):
        parts: list[str] = []
        kept: list[int] = []
        done = 0
        for match in _ENTITY.finditer(text):
            sign = html.unescape(match[0])
            if not sign.endswith(";"):  # It is known.
                parts += text[done : match.start()], sign[:1] or " "
                kept += places[done : match.start() + 1]
                done = match.end()
        if not done:
            break
        text, places = "".join([*parts, text[done:]]), [*kept, *places[done:]]
    return text, places


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
    for hour in _HOUR.finditer(text):
        cuts.discard(hour.end())
    for link in _URL.finditer(text):
        cuts.difference_update(range(link.start() + 1, link.end()))
    for more in (_moods, _felt, _contrasts, _joints, _soft_cuts):
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
        if _ordinal(match[0]) in (0, len(marks) + 1):
            marks.append(match)
    if len(marks) < 2:
        return
    before = text[begin : marks[0].start()].strip()
    leading = before[-1:] in ("", ":")
    # "I left because a) it was dirty b) …", but not «(вариант а) или вариант б)».
    leading |= ")" in marks[0][0] and before.count("(") <= before.count(")")
    for mark in marks:
        at, after = mark.span()
        if leading or text[at] in "•▪●◦" or "\u20e3" in mark[0]:
            yield at, after
        elif text[at] > "я" and text[at - 1] not in "«“(" and text[after:end][:1].isalpha():
            yield after, at


def _ordinal(mark: str) -> int:
    """The number of a list item, also of "a)" and «б)»; 0 if its mark has none."""
    sign = mark.lstrip("(")[0].lower()
    return next((row.index(sign) + 1 for row in _ORDER if sign in row), 0)


def _said(text: str, begin: int, at: int, after: int, end: int) -> tuple[int, int]:
    """How many words stand near on either side of a joint, which reaches from `at` to `after`."""
    left = _WORDS.findall(text, max(begin, at - _NEAR), at)
    return len(left), len(_WORDS.findall(text, after, min(end, after + _NEAR)))


def _moods(text: str, begin: int, end: int) -> Iterator[int]:
    """Where pictures of opposite moods end what is said of each thing ("coffee 🔥 staff 💩").

    Only among both moods, as pictures of one may adorn a phrase ("this 😡 app 😡 is 😡 trash 😡").
    """
    runs = list(_RUN.finditer(text, begin, end))
    moods = [bool(_GLAD.search(run[0])) - bool(_CROSS.search(run[0])) for run in runs]
    if len({*moods} - {0}) < 2 or not _LETTER.search(text, begin, runs[0].start()):
        return
    for (run, mood), (following, its_mood) in itertools.pairwise(zip(runs, moods, strict=True)):
        at, after = run.span()
        worded = _LETTER.search(text, after, following.start())
        if not (mood and its_mood and worded and text[after].isalnum()):
            continue
        said = len(_WORDS.findall(text, after, min(following.start(), after + _NEAR)))
        word = _LOVED.match(text, at) or (_THING.search(run[0]) and said > _SAYING_JOINED)
        hanging = _HANGING.search(text, max(begin, at - _TAIL), at)
        if not (word or hanging or _LEANING.match(text, after, following.start())):
            yield after


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
        # "The food, however, was cold."
        amid = _BEFORE_VERB.match(sentence, after) and not _VERB.search(
            sentence, max(0, at - _NEAR), at
        )
        if not (joined or amid) and all(_said(sentence, 0, at, after, len(sentence))):
            yield begin + at


def _joints(text: str, begin: int, end: int) -> Iterator[int]:
    """Where clauses are joined by a comma, a dash, a slash or "and"."""
    joints = list(_JOINED.finditer(text, begin, end))
    limits = [*(joint.start() for joint in joints[1:]), end]
    inner = begin  # "Compare, please, prices and terms": an "and" joins what follows the aside.
    for joint, limit in zip(joints, limits, strict=False):
        at, after = joint.span()
        since = begin if "," in joint.group() else max(begin, inner)
        if _sides(text, since, joint, limit, end) and not _held(text, begin, at, after):
            if _aside(text, begin, at, after, end):
                inner = after
            else:
                begin = after
                yield begin


def _sides(text: str, begin: int, joint: re.Match[str], limit: int, end: int) -> bool:
    """Whether both sides of a joint (the next is at `limit`) are clauses.

    Each must be long enough to say something, or be an opinion ("dirty tables and rude waiters");
    a slash parts only opinions and what has a label.
    """
    at, after = joint.span()
    slash = "/" in joint.group()
    enough = _SAYING if "," in joint.group() else _SAYING_JOINED
    if not slash and min(_said(text, begin, at, after, end)) >= enough:
        return True
    before, its = text[max(begin, at - _NEAR) : at], text[after : min(limit, after + _NEAR)]
    labelled = slash and _LABELLED.search(before) and _LABELLED.search(its)
    return bool(labelled) or _opinions(before, its)


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


def _aside(text: str, begin: int, at: int, after: int, end: int) -> bool:
    """Whether the comma at `at` only opens or closes what is said aside in one clause."""
    if text[at] != ",":
        return False
    before = text[max(begin, at - _NEAR) : at]
    closed = _CLOSES_ASIDE.search(before[-2 * _TAIL :])
    if closed and not _AFTER_ASIDE.match(text, after):
        return not (_PLEADS.search(closed[0]) and _SUBJECT.match(text, after, end))
    opened = _OPENS_ASIDE.match(text, after, min(end, after + _NEAR))
    if not opened:
        return False
    rest = opened["rest"]
    # Of "fix the app, please, it crashes" the second comma parts, of "you, please, fix it" none.
    if (_PLEADS.match(opened[0]) and _SUBJECT.match(rest)) or _WAITING.search(before):
        return True
    return not ((_VERB.search(before) and _VERB.search(rest)) or both_judge(before, rest))


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
    end = span.end - len(body) + len(body.rstrip(_EDGE).removesuffix(" /").rstrip(_EDGE))
    return Span(start, end) if start < end else None
