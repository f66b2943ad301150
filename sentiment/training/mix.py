"""Which rows an epoch sees: quotas by set and class, brand names made strange, targets hidden.

Quotas keep every domain and both languages in sight and lean towards negatives without
balancing fully (a fully balanced first trial over-predicted them).
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sentiment.training.rows import Row

QUOTAS: dict[str, tuple[int, int, int]] = {
    "tweeteval": (5200, 5000, 4000),
    "semeval_topic": (1900, 1700, 1500),
    "rusentitweet": (2225, 3000, 1561),
    "sentirueval_banks": (1500, 1900, 536),
    "sentirueval_telecom": (1600, 1600, 900),
    "rureviews_clothes": (600, 500, 500),
    "bank_otzovik": (400, 200, 250),
    "bank_pros_cons": (400, 0, 350),
    "bank_sravni": (300, 0, 150),
    "semeval_absa": (450, 300, 400),
    "m_absa_en": (300, 200, 300),
    "m_absa_ru": (500, 300, 450),
    "romip_news": (350, 250, 300),
    "sxsw": (200, 48, 200),
    "mcdonalds": (300, 0, 0),
    "product_reviews": (70, 27, 80),
}
"""Rows an epoch takes of each set: (negative, neutral, positive); fewer if it has fewer."""

_ENTITIES: dict[str, str] = {
    "сбербанк": r"сбербанк\w*|сбер\b|сбера\b|сбере\b|sberbank\w*",
    "втб": r"втб(?:\s?-?24)?|vtb(?:24)?",
    "альфабанк": r"альфа[\s-]?банк\w*|alfa[\s_-]?bank\w*|альфа\b",
    "россельхозбанк": r"россельхозбанк\w*|рсхб",
    "банкмосквы": r"банк\w{0,2}\s?москвы",
    "газпромбанк": r"газпромбанк\w*|гпб",
    "райффайзенбанк": r"райфф?айзен\w*|raiffeisen\w*",
    "уралсиб": r"уралсиб\w*|uralsib\w*",
    "билайн": r"билайн\w*|beeline\w*|вымпелком\w*",
    "мтс": r"мтс\b|mts\b",
    "мегафон": r"мегафон\w*|megafon\w*",
    "ростелеком": r"ростелеком\w*|rostelecom\w*",
    "теледва": r"теле[\s-]?(?:2|два)|tele[\s-]?2\w*",
    "скайлинк": r"скай[\s-]?линк\w*|sky[\s-]?link\w*",
    "комстар": r"комстар\w*|comstar\w*",
}
"""How each entity of SentiRuEval-2016 is spelt in its tweets."""

_SURFACES = {
    "альфабанк": "Альфа-Банк",
    "банкмосквы": "Банк Москвы",
    "теледва": "Теле2",
    "втб": "ВТБ",
    "мтс": "МТС",
}
_RU_SYLLABLES = "ба ве ги до зу ка ле ми но пу ра се ти фо ху ца ли ром тек лан вит кор дел мар"
_EN_SYLLABLES = "ba ve gi do zu ka le mi no pu ra se ti fo hu tel rom lan vit cor dex mar nov"
_TAILS = ("", "", "", "банк", " Телеком", "маркет", " Групп")

_RENAME_SHARE = 0.35
_HIDE_SHARE = 0.15


def invent_name(rng: random.Random, lang: str) -> str:
    """A made-up brand name: what it means must come from the text alone."""
    syllables = _RU_SYLLABLES if lang == "ru" and rng.random() < 0.75 else _EN_SYLLABLES
    name = "".join(rng.choices(syllables.split(), k=rng.choice((2, 2, 3)))).capitalize()
    return name + (rng.choice(_TAILS) if syllables is _RU_SYLLABLES else "")


def rename(row: Row, rng: random.Random) -> Row:
    """The row with its target (and any known rival) renamed consistently in text and target."""
    if row.target is None:
        return row
    patterns = dict(_ENTITIES) if row.source.startswith("sentirueval") else {}
    patterns.setdefault(row.target, rf"(?<!\w){re.escape(row.target)}(?!\w)")
    text, target = row.text, row.target
    for entity, pattern in patterns.items():
        name = invent_name(rng, row.lang)
        text, found = re.subn(rf"(?<![\w@])(?:{pattern})", name, text, flags=re.IGNORECASE)
        if entity == row.target and found:
            target = name
    return replace(row, text=text, target=target)


def _spell(row: Row, rng: random.Random) -> Row:
    """The row with the target as people write it rather than as the set's label."""
    if row.target in _ENTITIES and rng.random() < 0.8:
        found = re.search(rf"(?<![\w@])(?:{_ENTITIES[row.target]})", row.text, re.IGNORECASE)
        surface = found.group() if found and rng.random() < 0.5 else None
        return replace(row, target=surface or _SURFACES.get(row.target, row.target.capitalize()))
    return row


def single_brand(row: Row) -> bool:
    """Whether a SentiRuEval tweet names one brand, so that its label holds without a target."""
    hits = sum(bool(re.search(p, row.text, re.IGNORECASE)) for p in _ENTITIES.values())
    return hits == 1


def augment(row: Row, rng: random.Random) -> Row:
    """Rename, respell or hide the target of a targeted row, at random."""
    if row.target is None:
        return row
    chance = rng.random()
    if row.source.startswith("sentirueval") and chance < _HIDE_SHARE and single_brand(row):
        return replace(row, target=None)
    return rename(row, rng) if chance > 1 - _RENAME_SHARE else _spell(row, rng)


def epoch_rows(rows: Sequence[Row], epoch: int, seed: int) -> list[Row]:
    """The rows of one epoch, shuffled; rows of a set are taken in turn, so epochs differ."""
    rng = random.Random(f"{seed}-{epoch}")  # noqa: S311 - sampling, not a secret
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.source, row.label].append(row)
    chosen: list[Row] = []
    for (source, label), group in sorted(groups.items(), key=lambda item: item[0]):
        quota = min(QUOTAS.get(source, (len(group),) * 3)[label], len(group))
        own = random.Random(f"{seed}-{source}-{label}")  # noqa: S311 - sampling, not a secret
        order = own.sample(range(len(group)), len(group))
        start = epoch * quota
        chosen += [group[order[(start + step) % len(group)]] for step in range(quota)]
    chosen = [augment(row, rng) for row in chosen]
    rng.shuffle(chosen)
    return chosen
