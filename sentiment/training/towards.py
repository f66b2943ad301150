"""What the branch that judges a target is trained on.

Rows with a target of the targeted sets, texts of two brands joined from them, general texts told
of a brand that they do not name, and our own: examples, templates, composed clauses, and above all
sentences about two brands, shown towards each with other names every time.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sentiment.target import mention_pattern
from sentiment.training import mix
from sentiment.training.compose import composed
from sentiment.training.rows import OWN_EXAMPLES, Row, read_rows

TARGETED = {"sentirueval_banks": 5000, "sentirueval_telecom": 4500, "sxsw": 900}
TOPICS = (3200, 3200, 3000)
"""Rows of SemEval topics by class."""

NAMELESS = {
    "tweeteval": 1500,
    "rusentitweet": 1200,
    "rureviews_clothes": 300,
    "bank_otzovik": 250,
    "bank_sravni": 150,
    "semeval_absa": 300,
    "m_absa_en": 250,
    "m_absa_ru": 350,
    "romip_news": 300,
    "mcdonalds": 100,
}
"""Rows of general sets, judged towards a brand that the text does not name."""

JOINED = {"en": 2200, "ru": 2600}
NEWEST = 3000
"""Our sentences about two brands in each language, the last of each file, that a shipped branch
sees twice when it goes on; the older ones it has learnt already."""

TITLE_SHARE = 0.12
"""Of all rows, those under a title that says nothing: a mention is read with its post's title."""

TITLES = {
    "en": (
        "Post",
        "Review",
        "My experience",
        "Thoughts?",
        "Honest opinion",
        "Question",
        "Update",
        "Feedback",
        "Just my two cents",
        "General discussion",
        "What happened today",
        "About {brand}",
        "{brand}",
        "{brand} review",
        "Re: {brand}",
        "Customer comment",
    ),
    "ru": (
        "Пост",
        "Отзыв",
        "Мой опыт",
        "Что думаете?",
        "Мнение",
        "Вопрос",
        "Новости",
        "Обсуждение",
        "Комментарий клиента",
        "Запись",
        "Что было сегодня",
        "Про {brand}",
        "{brand}",
        "{brand}: отзыв",
        "Re: {brand}",
        "Отзыв о компании",
    ),
}


def branch_rows(train: Sequence[Row], seed: int, *, on: bool = False) -> list[Row]:
    """The rows of every epoch of the branch, worn as posts are.

    One that goes `on` has learnt most of them: it sees every second row of the sets.
    """
    rng = random.Random(f"{seed}-towards")  # noqa: S311 - sampling, not a secret
    sets: dict[str, list[Row]] = defaultdict(list)
    for row in train:
        sets[row.source].append(row)
    topics = [[row for row in sets["semeval_topic"] if row.label == label] for label in range(3)]
    targeted = [row for name, count in TARGETED.items() for row in some(sets[name], count, rng)]
    targeted += [row for n, own in zip(TOPICS, topics, strict=True) for row in some(own, n, rng)]
    nameless = [row for name, count in NAMELESS.items() for row in some(sets[name], count, rng)]
    joined = [row for lang, n in JOINED.items() for row in mix.joined(targeted, lang, n, rng)]
    general = [*targeted, *(told(row, rng) for row in nameless), *joined]
    chosen = [*(general[::2] if on else general), *own_rows(rng, on=on)]
    return [worn(row, rng) for row in chosen]


def own_rows(rng: random.Random, *, on: bool = False) -> list[Row]:
    """Our own rows, each with a target."""
    chosen = [told(row, rng) for row in read_rows(OWN_EXAMPLES)]
    chosen += [row for own in mix.read_templates() for row in mix.fill(own, rng) if row.names]
    for lang in mix.TEMPLATES:
        chosen += composed(lang, mix.COMPOSED, rng, mix.any_name)
    pairs = mix.read_pairs()
    for shown in (pairs, newest(pairs) if on else pairs):
        chosen += [row for pair in shown for row in mix.fill_pair(pair, rng)]
    return [told(row, rng) for row in chosen]


def newest(pairs: Sequence[mix.Pair]) -> list[mix.Pair]:
    """The last `NEWEST` of each language."""
    by_language = ([pair for pair in pairs if pair.lang == lang] for lang in JOINED)
    return [pair for own in by_language for pair in own[-NEWEST:]]


def some(rows: Sequence[Row], count: int, rng: random.Random) -> list[Row]:
    """`count` of the rows, or all if there are fewer."""
    return rng.sample(rows, min(count, len(rows)))


def told(row: Row, rng: random.Random) -> Row:
    """The row towards its target, or towards a brand that it does not name."""
    return row if row.names else replace(row, target=mix.any_name(rng, row.lang))


def worn(row: Row, rng: random.Random) -> Row:
    """The row as posts come: some under a title, shouted or mistyped, its names left whole."""
    # `mix` leaves rows with a target alone; here their names are kept apart instead.
    bare = replace(row, target=None, aliases=())
    text = mix.recase(bare, rng).text
    pattern = mention_pattern(row.names)
    pieces = re.split(f"({pattern})", text, flags=re.IGNORECASE) if pattern else [text]
    between = max(range(0, len(pieces), 2), key=lambda at: len(pieces[at]))
    pieces[between] = mix.mistype(replace(bare, text=pieces[between]), rng).text
    text = "".join(pieces)
    if rng.random() < TITLE_SHARE:
        title = rng.choice(TITLES[row.lang]).replace("{brand}", row.target or "")
        text = f"{title}\n{text}"
    return replace(row, text=text)
