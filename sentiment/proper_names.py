"""What names somebody or something and tells no complaint apart: brands, handles, people, towns.

Such words are taken out of what is compared, and never name a cause. Brands are told by the caller,
handles, hashtags and links by their form. Other names are words that these texts write with a
capital inside a sentence more often than without one; weekdays and months count as names too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from babel.dates import get_day_names, get_month_names

from sentiment.target import mention_pattern
from sentiment.words import stem

WORD: Final = re.compile(r"[^\W\d_]{2,}")
_FORMS: Final = r"https?://\S+|www\.\S+|[@#]\w+"
_INSIDE: Final = re.compile(r"(?<=[\w,;»\"] )[A-ZА-ЯЁ][a-zа-яё]+(?!['’\w])")
"""A word with a capital that does not open a sentence, and is no "I'm"."""
_NAMED: Final = frozenset({"Name", "Surn", "Patr", "Geox"})
"""What pymorphy3 calls first names, surnames, patronymics and places (OpenCorpora's grammemes)."""

Mask = Callable[[str], str]


def mask_of(texts: Sequence[str], names: Sequence[str]) -> Mask:
    """What takes the names out of these texts; `names` are those of brands, in any form."""
    found = _capitalised(texts)
    brands = mention_pattern(tuple(names))
    fixed = re.compile(f"{_FORMS}|{brands}" if brands else _FORMS, re.IGNORECASE)

    def take(word: re.Match[str]) -> str:
        own = folded(word.group())
        return "" if own in found or stem(own) in _calendar() else word.group()

    return lambda text: " ".join(WORD.sub(take, fixed.sub(" ", text)).split()).strip(" ,.;:«»\"'")


def _capitalised(texts: Sequence[str]) -> frozenset[str]:
    """Words with a capital inside a sentence more often than without one."""
    raised: Counter[str] = Counter()
    plain: Counter[str] = Counter()
    for text in texts:
        if not text.istitle():
            raised.update(folded(own) for own in _INSIDE.findall(text))
        plain.update(folded(own) for own in WORD.findall(text) if own.islower())
    return frozenset(own for own, count in raised.items() if count > plain[own])


def folded(word: str) -> str:
    """A word as words are compared: without capitals, `ё` as `е`."""
    return word.casefold().replace("ё", "е")


def is_thing(word: str) -> bool:
    """Whether a word may name a matter: of Russian ones nouns that are no name of somebody.

    Of English words there is no dictionary to ask.
    """
    if not re.search("[а-яё]", word):
        return True
    readings = [own.tag.grammemes for own in _morphology().parse(word)]
    # A name is told only as such: «вера» is faith as often.
    nouns = [own for own in readings if "NOUN" in own]
    return bool(nouns) and not all(_NAMED & set(own) for own in readings)


@cache
def _calendar() -> frozenset[str]:
    """Weekdays and months, stemmed; "May" and "March" are left, being other words too."""
    return frozenset(stem(folded(own)) for own in _dates()) - {"may", "march"}


def _dates() -> Iterator[str]:
    for lang in ("en", "ru"):
        for names in (get_day_names("wide", locale=lang), get_month_names("wide", locale=lang)):
            yield from names.values()
        yield from get_month_names("wide", "stand-alone", locale=lang).values()


@cache
def _morphology() -> Any:
    # Its dictionaries take half a second to load.
    import pymorphy3  # noqa: PLC0415

    return pymorphy3.MorphAnalyzer()
