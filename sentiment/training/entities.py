"""The companies of SentiRuEval-2016 and how its tweets spell them."""

from __future__ import annotations

import re

ENTITIES: dict[str, str] = {
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


def spellings(entity: str, text: str) -> tuple[str, ...]:
    """How `text` spells the entity, in order, each spelling once."""
    pattern = ENTITIES.get(entity)
    if pattern is None:
        return ()
    found = re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", text, re.IGNORECASE)
    return tuple(dict.fromkeys(found))


def named_in(text: str) -> int:
    """How many of the entities a text names."""
    return sum(bool(re.search(pattern, text, re.IGNORECASE)) for pattern in ENTITIES.values())
