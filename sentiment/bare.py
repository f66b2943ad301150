"""Bare dislike: clauses that tell how somebody feels, and not of what.

They are told by their likeness to the phrases below, read by the second readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

BARE: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "I hate this company",
        "hate it, hate this place",
        "worst company ever",
        "the worst experience of my life",
        "never again",
        "I will never come back",
        "they suck",
        "absolute garbage, trash",
        "terrible, awful, horrible",
        "what a disgrace, shame on you",
        "disgusting",
        "ridiculous",
        "what a joke",
        "avoid, stay away from them",
        "do not go there, I do not recommend it to anyone",
        "can't stand them",
        "I despise them",
        "screw you",
        "I am so angry",
        "furious",
        "I am sad and disappointed",
        "it makes me cry",
        "it hurts",
        "I am going elsewhere, I am leaving them",
        "zero stars",
        "useless",
        "stupid idiots",
        "gave up again",
        "not happy at all",
        "so annoying",
    ),
    "ru": (
        "ненавижу эту компанию",
        "ненавижу это место",
        "худшая компания на свете",
        "худший опыт в жизни",
        "никогда больше",
        "больше ни ногой, больше не приду",
        "полный отстой",
        "дно, помойка",
        "ужас, кошмар, жуть",
        "ужасная контора",
        "позор, стыдно",
        "отвратительно, мерзко",
        "безобразие",
        "просто смех",
        "обходите стороной, не ходите туда",
        "никому не советую",
        "терпеть не могу",
        "презираю их",
        "чтоб вы закрылись",
        "я очень зла, бесит",
        "злой как чёрт",
        "мне грустно, обидно, расстроена",
        "хоть плачь",
        "больно смотреть",
        "ухожу от них к другим",
        "ноль звёзд",
        "бесполезная ерунда",
        "глупые идиоты",
        "совсем недоволен",
        "как же они достали",
    ),
}
"""By language: phrases of nothing but dislike, written for Molva."""
