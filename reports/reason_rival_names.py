"""One rival in all its spellings: letter case, `ё`, endings of cases; and what to call it. Pure.

Two names are one where their words are equal, have equal stems, or are forms of one word of the
dictionary («Перекрёсток», «в Перекрёстке»). What a configured brand goes by is told as that brand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from reports.reason_brands import KnownBrand
from store.words import stem, words

_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_ONE_WORD = re.compile("[а-яё]+", re.IGNORECASE)
_GLUED = re.compile(r"(?<=[A-Za-z]{2})['’-]?[а-яё]{1,3}\b")
"""A Russian ending behind a Latin name: «в Starbucks'е»."""
_POSSESSIVE = re.compile(r"['’]s\b")
_APOSTROPHE = re.compile("['’]")
_DECLINED = frozenset({"NOUN", "ADJF", "PRTF"})
_PERSONS = frozenset({"Name", "Surn", "Patr"})
"""First names, surnames, patronymics (OpenCorpora's grammemes): firms may only sound like them."""

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RivalName:
    """A rival as it is told.

    Attributes:
        brand: its id, if it is a configured brand.
        written: how the texts name it, the commonest first.
    """

    name: str
    brand: str | None
    written: tuple[str, ...]


def rival_names(
    written: Mapping[str, int], brands: Sequence[KnownBrand]
) -> Mapping[str, RivalName]:
    """What each written name is told as.

    A rival has its brand's name, else its nominative where there is but one that it can be, else
    the form that is written most often.

    Args:
        written: names as the texts have them, with the stories that have them.
        brands: the configured ones.
    """
    known: dict[_Key, KnownBrand] = {}
    for brand in brands:
        for name in brand.names:
            for key in _keys(name):
                known.setdefault(key, brand)
    order = sorted(written, key=lambda own: (-written[own], own.islower(), own.isupper(), own))
    of_brands: dict[KnownBrand, list[str]] = {}
    others: list[str] = []
    for own in order:
        brands_of = [known[key] for key in _keys(own) if key in known]
        (of_brands.setdefault(brands_of[0], []) if brands_of else others).append(own)
    told = [RivalName(brand.name, brand.slug, tuple(own)) for brand, own in of_brands.items()]
    told += [RivalName(_called(own), None, tuple(own)) for own in _groups(others)]
    return {own: rival for rival in told for own in rival.written}


def _groups(order: Sequence[str]) -> list[list[str]]:
    """The names that are one, each group in the order given."""
    groups: list[tuple[set[_Key], list[str]]] = []
    for name in order:
        keys, together = set(_keys(name)), [name]
        alike = [group for group in groups if group[0] & keys]
        for group in reversed(alike):
            keys |= group[0]
            together = group[1] + together
        groups = [group for group in groups if group not in alike]
        groups.append((keys, together))
    return [sorted(names, key=order.index) for _, names in groups]


@lru_cache(maxsize=10_000)
def _keys(name: str) -> tuple[_Key, ...]:
    """What the spellings of a name have in common, the surest first."""
    bare = _GLUED.sub("", name)
    spellings = {_APOSTROPHE.sub("", own): None for own in (bare, _POSSESSIVE.sub("", bare))}
    split = [words(own) or [own.casefold()] for own in spellings]
    plain = [("=", *own) for own in split]
    lemmas = [("lemma", *map(_lemma, own)) for own in split]
    return (*plain, *lemmas, *(("stem", *map(_stem, own)) for own in split))


def _stem(word: str) -> str:
    """Of Russian words: an English firm's plural is another name."""
    return stem(word) if _CYRILLIC.search(word) else word


def _lemma(word: str) -> str:
    if not _CYRILLIC.search(word):
        return word
    known = (own.normal_form for own in _declined(word) if own.is_known)
    return _folded(next(known, _stem(word)))


def _called(names: Sequence[str]) -> str:
    if all(map(_ONE_WORD.fullmatch, names)):
        told = _nominative(names)
        return _styled(told, names[0]) if told else names[0]
    upright = [own for own in names if all(map(_may_be_nominative, words(own)))]
    if len({tuple(words(own)) for own in upright}) != 1:
        return names[0]
    split = upright[0].split(), names[0].split()
    return " ".join(map(_styled, *split)) if len(split[0]) == len(split[1]) else upright[0]


def _nominative(names: Sequence[str]) -> str | None:
    """The nominative of one word, where all forms leave but one.

    Of a word that is in no dictionary a single form is not enough: «в Акме» is no «Акм».
    """
    found = [_nominatives(own) for own in names]
    common = set(found[0]).intersection(*found)
    if len(common) != 1:
        return None
    (key,) = common
    sure = any(own[key][1] for own in found) or len({tuple(words(own)) for own in names}) > 1
    return found[0][key][0] if sure else None


def _nominatives(word: str) -> dict[str, tuple[str, bool]]:
    """What a form may be a form of: by folded word, as it is spelt, and whether that is known."""
    found: dict[str, tuple[str, bool]] = {}
    for reading in _declined(word):
        upright = reading.inflect({"nomn", reading.tag.number} - {None})
        if upright is not None:
            known = reading.is_known and not _PERSONS & set(reading.tag.grammemes)
            spelt, sure = found.get(_folded(upright.word), (upright.word, False))
            found[_folded(upright.word)] = spelt, sure or known
    return found


def _may_be_nominative(word: str) -> bool:
    readings = _nominatives(word) if _CYRILLIC.search(word) else {}
    return not readings or word in readings


def _styled(nominative: str, written: str) -> str:
    """A nominative with the capitals that the name was written with."""
    pairs = zip(nominative, written, strict=False)
    told = "".join(own.upper() if other.isupper() else own for own, other in pairs)
    rest = nominative[len(written) :]
    return told + (rest.upper() if written.isupper() else rest)


def _folded(word: str) -> str:
    return word.casefold().replace("ё", "е")


def _declined(word: str) -> Iterator[Any]:
    """The readings of a Russian word as a noun or adjective, the likeliest first."""
    readings = _morphology().parse(word.casefold())
    return (own for own in readings if _DECLINED & set(own.tag.grammemes))


@cache
def _morphology() -> Any:
    # Its dictionaries take half a second to load.
    import pymorphy3  # noqa: PLC0415

    return pymorphy3.MorphAnalyzer()
