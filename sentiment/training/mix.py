"""Which rows an epoch sees: quotas by set and class, pairs of brands, templates, hidden targets.

Quotas keep every domain and both languages in sight and lean towards negatives without
balancing fully (a fully balanced first trial over-predicted them).
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sentiment.target import mention_pattern, names_in
from sentiment.training.compose import composed, two_names
from sentiment.training.entities import ENTITIES, named_in
from sentiment.training.rows import OWN_EXAMPLES, UNLABELLED, Row, read_rows

QUOTAS: dict[str, tuple[int, int, int]] = {
    "tweeteval": (6600, 8500, 7500),
    "semeval_topic": (3200, 3000, 3000),
    "rusentitweet": (2225, 3600, 1561),
    "sentirueval_banks": (1500, 2000, 536),
    "sentirueval_telecom": (1800, 1700, 900),
    "rureviews_clothes": (500, 500, 450),
    "bank_otzovik": (300, 200, 200),
    "bank_pros_cons": (300, 0, 250),
    "bank_sravni": (200, 0, 130),
    "semeval_absa": (400, 300, 400),
    "m_absa_en": (250, 200, 250),
    "m_absa_ru": (400, 300, 400),
    "romip_news": (350, 350, 300),
    "sxsw": (150, 48, 150),
    "mcdonalds": (200, 0, 0),
    "product_reviews": (70, 27, 80),
    "cedr": (800, 900, 600),
    "emotion": (600, 0, 400),
    UNLABELLED: (0, 14_000, 0),
}
"""Rows an epoch takes of each set: (negative, neutral, positive); fewer if it has fewer."""

PAIRS = {"en": 2200, "ru": 2600}
"""Texts of two brands an epoch joins from two texts of one brand each."""

OWN_REPEAT = 2
PAIR_REPEAT = 3
"""How often our own sentences about two brands are shown, each time with other names."""
COMPOSED = 450
"""Texts of two clauses put together for each language, each time our own rows are drawn."""

TEMPLATES = {lang: Path(__file__).parent / f"own_templates_{lang}.jsonl" for lang in ("en", "ru")}

PAIR_FILES = {lang: Path(__file__).parent / f"own_pairs_{lang}.jsonl" for lang in ("en", "ru")}

_KNOWN_EN = "Starbucks Ryanair Apple Lidl Comcast Uber Delta Amazon Vodafone Chase Nike KFC"
_KNOWN_RU = "Сбер Билайн Яндекс МТС Озон Аэрофлот Тинькофф Ростелеком ВкусВилл Теле2 ВТБ KFC"
_RU_SYLLABLES = "ба ве ги до зу ка ле ми но пу ра се ти фо ху ца ли ром тек лан вит кор дел мар"
_EN_SYLLABLES = "ba ve gi do zu ka le mi no pu ra se ti fo hu tel rom lan vit cor dex mar nov"
_TAILS = ("", "", "", "банк", " Телеком", "маркет", " Групп")
_JOINS = (" ", " ", ". ", "\n", " / ", " — ")

_HIDE_SHARE = 0.2
_HELD_SHARE = 0.5
"""Of what an epoch takes of the sets, what is shown where their answers are only to be kept."""
_CASE_SHARE = 0.05
"""Of all rows, those shown in capitals; as many are shown without any."""
_TYPO_SHARE = 0.06
"""Of all rows, those in which a thumb slips once or twice."""
_LONGEST_HALF = 160


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence of our own with a slot for a brand, and perhaps one for its rival.

    One without a slot is shown towards a brand that it does not name.
    """

    lang: str
    text: str
    label: int
    rival: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence with slots for brands `{x}` and `{y}` and its label towards each."""

    lang: str
    text: str
    x: int
    y: int


def read_templates() -> list[Template]:
    """The templates of both languages."""
    found = []
    for lang, path in TEMPLATES.items():
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found.append(Template(lang, entry["text"], entry["label"], entry.get("rival")))
    return found


def invent_name(rng: random.Random, lang: str) -> str:
    """A made-up brand name: what it means must come from the text alone."""
    syllables = _RU_SYLLABLES if lang == "ru" and rng.random() < 0.75 else _EN_SYLLABLES
    name = "".join(rng.choices(syllables.split(), k=rng.choice((2, 2, 3)))).capitalize()
    return name + (rng.choice(_TAILS) if syllables is _RU_SYLLABLES else "")


def any_name(rng: random.Random, lang: str) -> str:
    """A known or a made-up brand name."""
    known = (_KNOWN_RU if lang == "ru" else _KNOWN_EN).split()
    return rng.choice(known) if rng.random() < 0.3 else invent_name(rng, lang)


def fill(template: Template, rng: random.Random) -> Iterator[Row]:
    """Rows of a template with random names: towards the brand, its rival, or nobody."""
    brand, rival = any_name(rng, template.lang), any_name(rng, template.lang)
    while rival == brand:
        rival = invent_name(rng, template.lang)
    text = template.text.replace("{brand}", brand).replace("{rival}", rival)
    row = Row("own", template.lang, text, template.label, brand)
    yield row
    if template.rival is None:
        yield replace(row, target=None)
    else:
        yield replace(row, target=rival, label=template.rival)


def read_pairs() -> list[Pair]:
    """Our own sentences about two brands, of both languages."""
    return [
        Pair(lang, entry["text"], entry["x"], entry["y"])
        for lang, path in PAIR_FILES.items()
        for line in path.read_text(encoding="utf-8").splitlines()
        for entry in [json.loads(line)]
    ]


def fill_pair(pair: Pair, rng: random.Random) -> Iterator[Row]:
    """A sentence with random names, once towards each brand."""
    names = two_names(rng, pair.lang, any_name)
    text = pair.text.replace("{x}", names[0]).replace("{y}", names[1])
    for name, label in zip(names, (pair.x, pair.y), strict=True):
        yield Row("own", pair.lang, text, label, name)


def own_rows(rng: random.Random) -> list[Row]:
    """Our own examples and templates, `OWN_REPEAT` times, each time with other names."""
    chosen = list(read_rows(OWN_EXAMPLES)) * (OWN_REPEAT - 1)
    for _ in range(PAIR_REPEAT):
        chosen += [row for pair in read_pairs() for row in fill_pair(pair, rng)]
    for _ in range(OWN_REPEAT):
        chosen += [row for template in read_templates() for row in fill(template, rng)]
        for lang in TEMPLATES:
            chosen += composed(lang, COMPOSED, rng, any_name)
    return chosen


def rename(row: Row, rng: random.Random) -> Row:
    """The row with its target (and any known rival) renamed consistently in text and target."""
    if row.target is None:
        return row
    patterns = dict(ENTITIES) if row.source.startswith("sentirueval") else {}
    text, name = row.text, invent_name(rng, row.lang)
    own = mention_pattern(row.names)
    if own is not None:
        text = re.sub(own, name, text, flags=re.IGNORECASE)
    for entity, pattern in patterns.items():
        if entity != row.target:
            other = invent_name(rng, row.lang)
            text = re.sub(rf"(?<![\w@])(?:{pattern})", other, text, flags=re.IGNORECASE)
    return replace(row, text=text, target=name, aliases=())


def augment(row: Row, rng: random.Random, share: float = _HIDE_SHARE) -> Row:
    """Hide the target of a share of the rows: its name changed, the text judged as a whole."""
    # A topic of the other sets is not always what its tweet is about: its label needs the target.
    hidable = row.source.startswith("sentirueval") and rng.random() < share
    if not hidable or named_in(row.text) != 1:
        return row
    return replace(rename(row, rng), target=None)


def recase(row: Row, rng: random.Random) -> Row:
    """Some rows shouted, some without capitals: letter case says little of what is meant."""
    chance = rng.random()
    if row.names or chance >= 2 * _CASE_SHARE:
        return row
    return replace(row, text=row.text.upper() if chance < _CASE_SHARE else row.text.lower())


def mistype(row: Row, rng: random.Random) -> Row:
    """Some rows with a letter or two left out, doubled or swapped with the next one."""
    if row.names or rng.random() >= _TYPO_SHARE:
        return row
    letters = list(row.text)
    for _ in range(rng.choice((1, 2))):
        words = [at for at in range(len(letters) - 1) if "".join(letters[at : at + 2]).isalpha()]
        if words:
            at = rng.choice(words)
            first, second = letters[at], letters[at + 1]
            letters[at : at + 2] = rng.choice(
                ([second], [first, first, second], [second, first], [first])
            )
    return replace(row, text="".join(letters))


def join(first: Row, second: Row, rng: random.Random) -> Row:
    """One text about two brands, judged towards the first row's."""
    halves = [first.text.strip(), second.text.strip()]
    rng.shuffle(halves)
    weight = min(first.weight, second.weight)
    return replace(first, text=rng.choice(_JOINS).join(halves), weight=weight)


def joined(rows: Sequence[Row], lang: str, count: int, rng: random.Random) -> list[Row]:
    """Up to `count` joined texts whose halves have other labels and do not name each other."""
    pool = [
        row
        for row in rows
        if row.lang == lang
        and len(row.text) <= _LONGEST_HALF
        and row.names
        and names_in(row.text, row.names)
    ]
    found: list[Row] = []
    for _ in range(4 * count if len(pool) > 1 else 0):
        first, second = rng.sample(pool, 2)
        apart = not names_in(first.text, second.names) and not names_in(second.text, first.names)
        if apart and first.label != second.label:
            found.append(join(first, second, rng))
            if len(found) == count:
                break
    return found


def epoch_rows(rows: Sequence[Row], epoch: int, seed: int) -> list[Row]:
    """The rows of one epoch, shuffled, and texts of two brands joined from them."""
    rng = random.Random(f"{seed}-{epoch}")  # noqa: S311 - sampling, not a secret
    chosen = in_turn([row for row in rows if row.source != UNLABELLED], epoch, seed)
    pairs = [row for lang, count in PAIRS.items() for row in joined(chosen, lang, count, rng)]
    chosen = [mistype(recase(augment(row, rng), rng), rng) for row in chosen] + pairs
    rng.shuffle(chosen)
    return chosen


def whole_rows(rows: Sequence[Row], epoch: int, seed: int) -> list[Row]:
    """The rows of one epoch that judge a text as a whole, our own among them, shuffled.

    Those without a label are among them, so the answers of another model have to be there too.
    """
    rng = random.Random(f"{seed}-{epoch}-whole")  # noqa: S311 - sampling, not a secret
    taken = in_turn(rows, epoch, seed)
    held = rng.sample(taken, round(len(taken) * _HELD_SHARE))
    shown = [augment(row, rng, share=1.0) for row in held]
    chosen = [mistype(recase(row, rng), rng) for row in shown] + own_rows(rng)
    chosen = [row for row in chosen if not row.names]
    rng.shuffle(chosen)
    return chosen


def in_turn(rows: Sequence[Row], epoch: int, seed: int) -> list[Row]:
    """What an epoch takes of each set; the rows of a set are taken in turn, so epochs differ."""
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
    return chosen
