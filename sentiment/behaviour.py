"""Behavioural tests: what must not change a label, and what must (after CheckList, Ribeiro 2020).

The texts are our own and no model is trained on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sentiment.encoder import Encoder
from sentiment.evaluate import Example, predict, read_examples

CHECKS = Path(__file__).parent / "training" / "own_checks.jsonl"
BRANDS = {
    "en": ("Starbucks", "Ryanair", "Apple", "Wells Fargo", "Lidl", "Comcast", "Zorvex", "Bluepine"),
    "ru": (
        "Сбер",
        "Билайн",
        "Яндекс",
        "Аэрофлот",
        "Пятёрочка",
        "Почта России",
        "Зорвекс",
        "Ромашка",
    ),
}
"""Loved, hated and made-up names: a label must not depend on which."""

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "en": (
        "{} charged me twice and will not answer.",
        "The new {} branch opens on Monday.",
        "{} support fixed it in five minutes, thank you!",
        "Is {} open on Sunday?",
        "I have been waiting for my {} order for three weeks.",
        "{} is honestly the best I have tried.",
    ),
    "ru": (
        "{}: списали деньги дважды и не отвечают.",
        "Новый офис {} откроется в понедельник.",
        "{}: поддержка помогла за пять минут, спасибо!",
        "{} работает в воскресенье?",
        "Третью неделю жду заказ от {}.",
        "{} честно лучшее, что я пробовала.",
    ),
}
_PREFIXES = ("@someone ", "https://example.org/a?b=c ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many of `n` tests of one kind held, and those that did not."""

    name: str
    n: int
    held: int
    failures: tuple[str, ...]


def two_brands(encoder: Encoder, checks: Path = CHECKS) -> Outcome:
    """Sentiment towards the named one of two brands is the written label."""
    examples = list(read_examples(checks))
    guesses = predict(encoder, examples).argmax(axis=1)
    wrong = [
        f"{example.target}: {example.text}"
        for example, guess in zip(examples, guesses, strict=True)
        if guess != example.label
    ]
    return Outcome("two brands in a text", len(examples), len(examples) - len(wrong), tuple(wrong))


def brand_swap(encoder: Encoder) -> Outcome:
    """The label of a text stays when its brand gets another name, with and without target."""
    groups = [
        [
            Example(template.format(brand), 1, lang, brand if targeted else None)
            for brand in BRANDS[lang]
        ]
        for lang, templates in _TEMPLATES.items()
        for template in templates
        for targeted in (False, True)
    ]
    return _same_label(encoder, "another brand name", groups)


def noise(encoder: Encoder) -> Outcome:
    """The label of a text stays when a handle, a link or a lost letter is added."""
    groups = []
    for lang, templates in _TEMPLATES.items():
        for template in templates:
            text = template.format(BRANDS[lang][-1])
            middle = text.index(" ", len(text) // 2) - 1
            variants = [text, *(prefix + text for prefix in _PREFIXES), f"{text} {_PREFIXES[1]}"]
            variants.append(text[:middle] + text[middle + 1 :])
            groups.append([Example(variant, 1, lang) for variant in variants])
    return _same_label(encoder, "a handle, a link, a typo", groups)


def _same_label(encoder: Encoder, name: str, groups: Sequence[Sequence[Example]]) -> Outcome:
    guesses = predict(encoder, [example for group in groups for example in group]).argmax(axis=1)
    held = total = at = 0
    failures = []
    for group in groups:
        own = guesses[at : at + len(group)]
        at += len(group)
        total += len(group) - 1
        held += int((own[1:] == own[0]).sum())
        failures += [group[i].text for i in range(1, len(group)) if own[i] != own[0]]
    return Outcome(name, total, held, tuple(failures))


def all_checks(encoder: Encoder) -> list[Outcome]:
    """Every behavioural test."""
    return [two_brands(encoder), brand_swap(encoder), noise(encoder)]
