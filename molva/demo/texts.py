"""Turns the authored lines of `texts/*.toml` into posts' texts, none of them ever twice."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any

from molva.demo.posts import Mood

BRANDS: Mapping[str, Mapping[str, str]] = {
    "ottepel": {
        "B": "Ottepel",
        "и": "Оттепель",
        "р": "Оттепели",
        "д": "Оттепели",
        "в": "Оттепель",
        "т": "Оттепелью",
        "п": "Оттепели",
    },
    "snegir": {
        "B": "Snegir",
        "и": "Снегирь",
        "р": "Снегиря",
        "д": "Снегирю",
        "в": "Снегирь",
        "т": "Снегирём",
        "п": "Снегире",
    },
}
"""The brands' names; the Russian ones by grammatical case."""

_WORD = re.compile(r"\w+")
_SLOT = re.compile(r"\{(\w+)\}")
_CASES = frozenset("ирдвтп")
_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One authored line with what its group says of it."""

    lang: str
    mood: Mood
    cause: str
    text: str
    brands: tuple[str, ...] = ()
    place: str = ""
    only: str = ""


@cache
def load(name: str) -> dict[str, Any]:
    """Return one data file of `molva/demo/texts/` by its stem."""
    text = resources.files("molva.demo").joinpath("texts", f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def split(block: str) -> list[str]:
    """Return the lines of a block, with ¶ made a line break."""
    return [line.replace("¶", "\n") for line in block.strip().splitlines()]


def lines_of(groups: Sequence[Mapping[str, Any]], lang: str = "") -> list[Line]:
    """Return the lines of `[[group]]` tables, in the file's order."""
    return [
        Line(
            lang=group.get("lang", lang),
            mood=group.get("mood", "none"),
            cause=group.get("cause", ""),
            text=text,
            brands=tuple(group.get("brands", ())),
            place=group.get("place", ""),
            only=group.get("only", ""),
        )
        for group in groups
        for text in split(group["texts"])
    ]


class Writer:
    """Fills authored lines, the least used first, and never writes the same text twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._slots = load("slots")
        self._written: set[str] = set()
        self._uses: Counter[str] = Counter()
        self._everyday: dict[tuple[str, str], list[Line]] = defaultdict(list)
        for lang in ("en", "ru"):
            for line in lines_of(load(f"everyday_{lang}")["group"], lang):
                self._everyday[lang, line.mood].append(line)

    def everyday(self, lang: str, mood: Mood, brand: str) -> tuple[Line, str] | None:
        """Return a line and its text for an ordinary day, or `None` when all are used up."""
        lines = [one for one in self._everyday[lang, mood] if one.only in {"", brand}]
        return self.pick(lines, brand)

    def pick(self, lines: Sequence[Line], brand: str, **given: str) -> tuple[Line, str] | None:
        """Fill one of `lines`, preferring those used least."""
        ranked = sorted(lines, key=lambda line: (self._uses[line.text], self._random.random()))
        for line in ranked[:_ATTEMPTS]:
            text = self.unique(line.text, line.lang, brand, **given)
            # A line that has nothing new to give counts as used, or it would block the others.
            self._uses[line.text] += 1
            if text:
                return line, text
        return None

    def unique(self, template: str, lang: str, brand: str, **given: str) -> str:
        """Fill a template so that nobody has written it before; empty if that cannot be."""
        for _ in range(_ATTEMPTS):
            text = self.fill(template, lang, brand, **given)
            # Quotes and marks aside: two such posts would be taken for one story.
            said = " ".join(_WORD.findall(text.casefold()))
            if said not in self._written:
                self._written.add(said)
                return text
        return ""

    def fill(self, template: str, lang: str, brand: str, **given: str) -> str:
        """Replace every slot of a template; the same slot twice gets the same word."""
        chosen = dict(given)
        manner = self._random.random()

        def word(match: re.Match[str]) -> str:
            slot = match[1]
            if slot == "B":
                return BRANDS[brand]["B"]
            if slot in _CASES:
                name = BRANDS[brand][slot]
                return f"«{name}»" if manner < 0.55 else name.lower() if manner > 0.96 else name
            if slot not in chosen:
                chosen[slot] = self._random.choice(self._slots[lang][slot])
            return chosen[slot]

        text = _SLOT.sub(word, template)
        return text[0].upper() + text[1:] if template.startswith("{") else text
