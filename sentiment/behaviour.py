"""Behavioural tests: what must not change a label, what must, and what must be understood at all.

After CheckList (Ribeiro et al. 2020). The texts are our own, in `training/own_checks*.jsonl`; no
model is trained or tuned on them, and they were written before a model was asked.

- *Same label*: a brand's or a person's name is exchanged for another, or noise is added.
- *Direction*: the balance of a text, P(positive) - P(negative), must move by `MOVE` or more the
  way the change points; or the changed text has the class the change points to, and the balance
  has not moved the other way by more than `SLACK` (a text already sure of its class has no room).
- *Right label*: texts of one kind have their written label.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import Encoder
from sentiment.evaluate import Example, predict
from sentiment.judge import Judge, ShippedJudge

FOLDER = Path(__file__).parent / "training"
CHECKS = FOLDER / "own_checks.jsonl"
PAIRS = FOLDER / "own_checks_pairs.jsonl"
KINDS = FOLDER / "own_checks_kinds.jsonl"
TEMPLATES = FOLDER / "own_checks_templates.jsonl"
CHANGES = FOLDER / "own_checks_changes.jsonl"

MOVE = 0.1
SLACK = 0.05

BRANDS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Starbucks", "Ryanair", "Apple", "Wells Fargo", "Lidl", "Comcast", "Lego", "Facebook",
        "Patagonia", "Shell", "Costco", "Quantorra", "Zorvex", "Bluepine",
    ),
    "ru": (
        "Сбер", "Билайн", "Яндекс", "Аэрофлот", "Пятёрочка", "Почта России", "ВкусВилл",
        "Ростелеком", "Газпром", "Тинькофф", "IKEA", "Лемерия", "Зорвекс", "Ромашка",
    ),
}  # fmt: skip
"""Loved, hated and made-up names: a label must not depend on which. The last is made up."""

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Emily", "Greg", "Lakisha", "Jamal", "Mohammed", "Fatima", "Wei", "Priya", "José",
        "Olga", "Ngozi", "Bartholomew",
    ),
    "ru": (
        "Анна", "Сергей", "Магомед", "Гульнара", "Армен", "Снежана", "Ахмед", "Тамара",
        "Рустам", "Оксана", "Эсмеральда", "Иннокентий",
    ),
}  # fmt: skip

_POLES = {"negative": 0, "positive": 2}
_DIRECTIONS = {
    "not": "“not” added",
    "but": "“but” and a complaint added",
    "thanks": "“thanks, solved” added",
}
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_END = re.compile(r"[.!?…]+$")

Ask = Callable[[Sequence[Example]], NDArray[np.float64]]
"""Probabilities [n, 3] of examples."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of `n` tests of one kind held, and the texts of those that did not."""

    name: str
    n: int
    held: int
    failures: tuple[str, ...]
    note: str = ""

    @property
    def share(self) -> float:
        """The share that held, 0 to 1."""
        return self.held / max(self.n, 1)


@dataclass(frozen=True, slots=True)
class _Case:
    lang: str
    held: bool
    shown: str


def all_checks(encoder: Encoder, judge: Judge | None = None) -> list[Outcome]:
    """Every behavioural test, in the languages the judge (or the shipped head) knows."""
    judge = judge or ShippedJudge(encoder)
    return run_checks(partial(predict, encoder, judge=judge), judge.languages)


def run_checks(ask: Ask, langs: Iterable[str] = ("en", "ru")) -> list[Outcome]:
    """Every behavioural test of whatever answers with probabilities."""
    own = frozenset(langs)
    found = [
        two_brands(ask, own, CHECKS, "towards one of two brands"),
        two_brands(ask, own, PAIRS, "towards one of two brands, told at length"),
    ]
    found += [*name_swaps(ask, own), *noise(ask, own), *changes(ask, own)]
    return [outcome for outcome in [*found, *kinds(ask, own)] if outcome.n]


def _rows(path: Path, langs: frozenset[str]) -> list[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [row for line in lines if (row := json.loads(line))["lang"] in langs]


def _outcome(name: str, cases: Iterable[_Case], note: str = "") -> Outcome:
    all_cases = list(cases)
    by_lang = []
    for lang in sorted({case.lang for case in all_cases}):
        own = [case.held for case in all_cases if case.lang == lang]
        by_lang.append(f"{lang} {100 * sum(own) / len(own):.0f} %")
    return Outcome(
        name,
        len(all_cases),
        sum(case.held for case in all_cases),
        tuple(case.shown for case in all_cases if not case.held),
        "; ".join(filter(None, (", ".join(by_lang), note))),
    )


def _right(ask: Ask, name: str, examples: Sequence[Example]) -> Outcome:
    """The label of each text is the written one."""
    guesses = ask(examples).argmax(axis=1).tolist() if examples else []
    return _outcome(
        name,
        (
            _Case(
                own.lang,
                guess == own.label,
                f"{own.target}: {own.text}" if own.target else own.text,
            )
            for own, guess in zip(examples, guesses, strict=True)
        ),
    )


def two_brands(ask: Ask, langs: frozenset[str], checks: Path, name: str) -> Outcome:
    """Sentiment towards the named one of two brands is the written label."""
    examples = [
        Example(row["text"], row["label"], row["lang"], row["target"])
        for row in _rows(checks, langs)
    ]
    return _right(ask, name, examples)


def kinds(ask: Ask, langs: frozenset[str]) -> list[Outcome]:
    """Plain texts, and mixed ones, questions, news, adverts, sarcasm, have their label."""
    plain = [
        Example(row["text"].format(BRANDS[row["lang"]][-1]), row["label"], row["lang"])
        for row in _rows(TEMPLATES, langs)
        if row["slot"] == "brand"
    ]
    groups: dict[str, list[Example]] = {"plain": plain}
    for row in _rows(KINDS, langs):
        example = Example(row["text"], row["label"], row["lang"], row.get("target"))
        groups.setdefault(row["kind"], []).append(example)
    return [_right(ask, f"right label: {kind}", examples) for kind, examples in groups.items()]


def name_swaps(ask: Ask, langs: frozenset[str]) -> list[Outcome]:
    """Any two names in the same text have the same label: every pair is a test."""
    templates = _rows(TEMPLATES, langs)
    return [
        _swaps(ask, name, [row for row in templates if row["slot"] == slot], names, targeted)
        for name, slot, names, targeted in (
            ("same label: another brand", "brand", BRANDS, False),
            ("same label: another brand, judged towards it", "brand", BRANDS, True),
            ("same label: another person", "person", PEOPLE, False),
        )
    ]


def _swaps(
    ask: Ask,
    name: str,
    templates: Sequence[Mapping[str, Any]],
    names: Mapping[str, Sequence[str]],
    targeted: bool,
) -> Outcome:
    groups = [
        [
            Example(row["text"].format(own), row["label"], row["lang"], own if targeted else None)
            for own in names[row["lang"]]
        ]
        for row in templates
    ]
    cases, whole = [], 0
    for group, chances in _asked(ask, groups):
        guesses = chances.argmax(axis=1).tolist()
        whole += len(set(guesses)) == 1
        cases += [
            _Case(group[i].lang, guesses[i] == guesses[j], f"{group[i].text} / {group[j].text}")
            for i, j in combinations(range(len(group)), 2)
        ]
    return _outcome(name, cases, f"all names alike in {whole} of {len(groups)} texts")


def noise(ask: Ask, langs: frozenset[str]) -> list[Outcome]:
    """The label of a text stays when something is added or lost that says nothing."""
    texts = [
        (row["text"].format(BRANDS[row["lang"]][-1]), row["lang"])
        for row in _rows(TEMPLATES, langs)
        if row["slot"] == "brand"
    ]
    found = []
    for kind, disturb in NOISE.items():
        groups = [
            [Example(variant, 1, lang) for variant in (text, *disturb(text))]
            for text, lang in texts
        ]
        cases = []
        for group, chances in _asked(ask, groups):
            first, *others = chances.argmax(axis=1).tolist()
            cases += [
                _Case(own.lang, guess == first, own.text)
                for own, guess in zip(group[1:], others, strict=True)
            ]
        found.append(_outcome(f"same label: {kind}", cases))
    return found


def _typos(text: str) -> Iterator[str]:
    """A letter lost in the longest word, two letters exchanged in the next one."""
    words = sorted(_LONG_WORD.finditer(text), key=lambda word: (-len(word.group()), word.start()))
    for number, word in enumerate(words[:2]):
        at = word.start() + len(word.group()) // 2
        if number == 0:
            yield text[:at] + text[at + 1 :]
        else:
            yield text[: at - 1] + text[at] + text[at - 1] + text[at + 1 :]


def _endings(text: str) -> Iterator[str]:
    plain = _END.sub("", text)
    yield plain
    yield f"{plain}…"


NOISE: Mapping[str, Callable[[str], Iterable[str]]] = {
    "typos": _typos,
    "a link": lambda text: (f"https://example.org/a?b=c {text}", f"{text} https://example.org/x"),
    "a handle": lambda text: (f"@someone {text}", f"{text} @shop_help"),
    "case": lambda text: (text.lower(), text.upper()),
    "punctuation at the end": _endings,
    "an emoji that says nothing": lambda text: (f"📱 {text}", f"{text} 📦"),
}
"""Variants of a text by the kind of noise in them; the same text gives the same ones."""


def changes(ask: Ask, langs: frozenset[str]) -> list[Outcome]:
    """A negation, a complaint after "but", and thanks at the end move the label their way."""
    templates = [row for row in _rows(TEMPLATES, langs) if row["slot"] == "brand"]
    pairs: dict[str, list[tuple[str, str, str, int]]] = {kind: [] for kind in _DIRECTIONS}
    for row in _rows(CHANGES, langs):
        lang, pole = row["lang"], _POLES[row["toward"]]
        if row["kind"] == "not":
            pairs["not"].append((lang, row["before"], row["after"], pole))
            continue
        for template in templates:
            if template["lang"] == lang and template["label"] == 2 - pole:
                text = template["text"].format(BRANDS[lang][-1])
                start = _END.sub("", text) if row["kind"] == "but" else text
                pairs[row["kind"]].append((lang, text, start + row["tail"], pole))
    return [
        _outcome(f"direction: {_DIRECTIONS[kind]}", _moved(ask, own)) for kind, own in pairs.items()
    ]


def _moved(ask: Ask, pairs: Sequence[tuple[str, str, str, int]]) -> Iterator[_Case]:
    groups = [
        [Example(before, 1, lang), Example(after, 1, lang)] for lang, before, after, _ in pairs
    ]
    for (lang, before, after, pole), (_, chances) in zip(pairs, _asked(ask, groups), strict=True):
        yield _Case(lang, moved(chances[0], chances[1], pole), f"{before} → {after}")


def moved(before: NDArray[np.float64], after: NDArray[np.float64], pole: int) -> bool:
    """Whether probabilities [3] went towards the class `pole` (0 or 2), as the module says."""
    balance = (after[2] - after[0]) - (before[2] - before[0])
    way = float(balance if pole == 2 else -balance)
    return way >= MOVE or (int(after.argmax()) == pole and way >= -SLACK)


def _asked(
    ask: Ask, groups: Sequence[Sequence[Example]]
) -> Iterator[tuple[Sequence[Example], NDArray[np.float64]]]:
    """Every group with the probabilities [texts, 3] of its texts; all are asked for at once."""
    chances = ask([example for group in groups for example in group]) if groups else np.empty(0)
    at = 0
    for group in groups:
        yield group, chances[at : at + len(group)]
        at += len(group)
