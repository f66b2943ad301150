"""Texts put together from our own clauses: two brands, repaired trouble, sarcasm, mixed verdicts.

A sentence about two brands has two labels, and no set has enough of them. Joining a clause about
one brand with a clause about another gives as many as are wanted, each label known by its clause.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from sentiment.training.rows import Row

CLAUSES = {lang: Path(__file__).parent / f"own_clauses_{lang}.json" for lang in ("en", "ru")}

_LABELS = {"bad": 0, "plain": 1, "good": 2}
_WHOLE = {"sarcasm": 0, "mixed_bad": 0, "mixed_even": 1, "mixed_good": 2}
_JOINS: dict[str, dict[str, tuple[str, ...]]] = {
    "same": {"en": (" and ", ", ", ". ", "; "), "ru": (" и ", ", ", ". ", "; ")},
    "other": {
        "en": (", but ", " while ", ", ", ". ", " whereas ", "; ", " and ", ", at least "),
        "ru": (", а ", ", но ", ", зато ", ". ", "; ", " — ", ", при этом "),
    },
}
_ENDS = ("", "", ".", ".", "!", "...")

Namer = Callable[[random.Random, str], str]
"""A brand name at random, for a language."""


def read_clauses(lang: str) -> dict[str, list[str]]:
    """The clauses of a language by kind; slots `{b}`, or `{x}` and `{y}`."""
    found: dict[str, list[str]] = json.loads(CLAUSES[lang].read_text(encoding="utf-8"))
    return found


def composed(lang: str, count: int, rng: random.Random, name: Namer) -> Iterator[Row]:
    """About four times `count` rows: `count` texts of two clauses, and every whole sentence.

    Rows of a text with two brands come in twos, one towards each.
    """
    clauses = read_clauses(lang)
    for _ in range(count):
        yield from _two_clauses(lang, clauses, rng, name)
    for kind, labels in (("better", (2, 0)), ("left", (2, 0)), ("nearby", (1, 1))):
        for clause in clauses[kind]:
            yield from _two_names(lang, clause, labels, rng, name)
    for kind, label in (_LABELS | _WHOLE).items():
        for clause in clauses[kind]:
            brand = name(rng, lang)
            text = _sentence(clause.replace("{b}", brand), rng)
            yield Row("own", lang, text, label, brand)
            yield Row("own", lang, text, label)
    for clause in clauses["solved"]:
        trouble = _sentence(rng.choice(clauses["bad"]), rng).rstrip(".!")
        brand = name(rng, lang)
        text = f"{trouble}. {_sentence(clause, rng)}".replace("{b}", brand)
        yield Row("own", lang, text, 2, rng.choice((brand, None)), 0.7)


def _two_clauses(
    lang: str, clauses: dict[str, list[str]], rng: random.Random, name: Namer
) -> Iterator[Row]:
    any_two = rng.choices(list(_LABELS), k=2)
    kinds = rng.choice((["bad", "good"], ["good", "bad"], any_two))
    brands = two_names(rng, lang, name)
    parts = [
        rng.choice(clauses[kind]).replace("{b}", brand)
        for kind, brand in zip(kinds, brands, strict=True)
    ]
    join = rng.choice(_JOINS["same" if kinds[0] == kinds[1] else "other"][lang])
    if join.startswith("."):
        parts[1] = parts[1][:1].upper() + parts[1][1:]
    text = _sentence(join.join(parts), rng)
    for kind, brand in zip(kinds, brands, strict=True):
        yield Row("own", lang, text, _LABELS[kind], brand)


def _two_names(
    lang: str, clause: str, labels: tuple[int, int], rng: random.Random, name: Namer
) -> Iterator[Row]:
    brands = two_names(rng, lang, name)
    text = clause.replace("{x}", brands[0]).replace("{y}", brands[1]).replace("{b}", brands[0])
    text = _sentence(text, rng)
    for brand, label in zip(brands, labels, strict=True):
        if brand in text:
            yield Row("own", lang, text, label, brand)


def two_names(rng: random.Random, lang: str, name: Namer) -> tuple[str, str]:
    """Two names at random that do not begin alike."""
    first = second = name(rng, lang)
    while second.casefold().startswith(first.casefold()[:3]):
        second = name(rng, lang)
    return first, second


def _sentence(text: str, rng: random.Random) -> str:
    """The text as somebody types it: with or without a capital and a full stop."""
    if rng.random() < 0.6:
        text = text[:1].upper() + text[1:]
    return text if text[-1:] in ".!?)…" else text + rng.choice(_ENDS)
