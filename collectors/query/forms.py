"""The forms in which one word of a query is met in texts.

Russian words are inflected by pymorphy3, which also predicts words it has never seen, so made-up
names need no list. A word written with a capital, or one the dictionary does not know, is taken
for a name: it gets every case in its own number and gender («Зерно»: зерна, зерну, зерном, but not
the plural «зёрен»). A small-letter word of the dictionary is a common word and gets all of its
forms («кофейня»: кофейни, кофеен; "cup": "cups").

Endings joined to a Latin name by an apostrophe or hyphen (Apple's, IKEA'и, iPhone-ом) need no form:
the matcher sees a word boundary there, and `glued_ending` allows for «iPhoneом».
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from collectors.query.fold import fold_word

_RUSSIAN = re.compile("[а-яёА-ЯЁ]{3,}")
_ACRONYM = re.compile("[А-ЯЁ]{1,5}[БВГДЖЗКЛМНПРСТФХЦЧШЩ]")
_CONSONANT_END = re.compile("[бвгджзклмнпрстфхцчшщ]$", re.IGNORECASE)
_MASCULINE_ENDINGS = ("а", "у", "ом", "е")
_ENGLISH_COMMON = re.compile("[a-z]{2,}[a-rt-z]")
_HISSING = ("x", "z", "ch", "sh")
_NAME_PARTS = {"NOUN", "ADJF", "PRTF"}
_GLUED_ENDING = re.compile(
    "(?:ами|ями|ах|ях|ам|ям|ов|ев|ей|ом|ем|ой|ою|ая|ую|ый|ого|ому|а|я|у|ю|е|ы|и)(?!\\w)"
)


@cache
def _analyzer() -> Any:
    # Loading the dictionary takes a third of a second: a query in English never pays it.
    from pymorphy3 import MorphAnalyzer  # noqa: PLC0415

    return MorphAnalyzer(lang="ru")


@lru_cache(maxsize=65_536)
def word_forms(word: str) -> frozenset[str]:
    """Every folded form under which a word of a query matches, its own first form included.

    Args:
        word: one word as the user wrote it; its capital letter matters.
    """
    forms = {fold_word(word)}
    if "'" in word or "’" in word:
        forms |= {form.replace("'", "") for form in forms}
    elif _RUSSIAN.fullmatch(word):
        inflected = {fold_word(form) for form in _inflected(word)}
        # The dictionary calls СДЭК fixed and «Гош» a form of something else; people write «СДЭКом».
        if _ACRONYM.fullmatch(word) or (not inflected and _CONSONANT_END.search(word)):
            inflected |= {fold_word(word + ending) for ending in _MASCULINE_ENDINGS}
        forms |= inflected
    elif _ENGLISH_COMMON.fullmatch(word):
        forms.add(_plural(word))
    return frozenset(forms)


def glued_ending(text: str, position: int) -> bool:
    """Whether a Russian case ending, and then the word's end, stands at `position` of a text."""
    return _GLUED_ENDING.match(text, position) is not None


def _plural(word: str) -> str:
    if word.endswith(_HISSING):
        return word + "es"
    if word.endswith("y") and word[-2] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def _inflected(word: str) -> set[str]:
    analyzer = _analyzer()
    small = word.lower()
    parses = analyzer.parse(small)
    if word[0].isupper() or not analyzer.word_is_known(small):
        return _name_forms(parses)
    dictionary = [parse for parse in parses if fold_word(parse.normal_form) == fold_word(small)]
    return {form.word for parse in dictionary or parses for form in parse.lexeme}


def _name_forms(parses: list[Any]) -> set[str]:
    named = [parse for parse in parses if parse.tag.POS in _NAME_PARTS and "nomn" in parse.tag]
    singular = [parse for parse in named if parse.tag.number == "sing"]
    return {
        form.word
        for parse in singular or named
        for form in parse.lexeme
        if _agrees(form.tag, parse.tag)
    }


def _agrees(form: Any, name: Any) -> bool:
    grammar = (form.POS, form.number, form.gender)
    superlative = "Supr" in form and "Supr" not in name
    return not superlative and grammar == (name.POS, name.number, name.gender)
