"""Texts on which causes are measured: our own checks, and held-out rows of the labelled sets."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from sentiment.taxonomy import Cause, Taxonomy
from sentiment.training.rows import part_of
from sentiment.training.themes import Themed, aspects, issues, multi_reasons, translated_aspects
from sentiment.training.trades import CHECKED, trades
from sentiment.words import stem

FOLDER = Path(__file__).parent
SHOTS = 8
"""Examples of each intent of BANKING77, drawn from its training rows."""

DRAWS = 4
FEW = 6
"""How often texts are drawn to teach a taxonomy, and how many of a cause."""

_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A text with the groups of causes it names."""

    text: str
    lang: str
    gold: frozenset[str]
    row: Mapping[str, Any] = field(default_factory=dict)
    """The whole row of our own checks."""


@dataclass(frozen=True, slots=True)
class Task:
    """Texts to ask with a taxonomy; `groups` joins causes that a set does not tell apart.

    Attributes:
        name: tasks of one name are measured as one.
        kind: `top` has one cause a text, `many` any number.
        seen: whether other rows of the set were in the training of the shared space.
    """

    name: str
    taxonomy: Taxonomy
    texts: Sequence[Asked]
    kind: Literal["top", "many"]
    groups: Mapping[str, str] | None = None
    seen: bool = True


ISSUES = {
    "Incorrect information on your report": "incorrect_report",
    "Problem with a credit reporting company's investigation into an existing problem": (
        "investigation"
    ),
    "Attempts to collect debt not owed": "debt_not_owed",
    "Improper use of your report": "improper_use",
    "Trouble during payment process": "payment_process",
    "Written notification about debt": "debt_notice",
    "Managing an account": "account_managing",
    "Struggling to pay mortgage": "struggling_mortgage",
    "Communication tactics": "tactics",
}

GROUPS = {
    **dict.fromkeys(("rude_staff", "long_wait", "no_answer", "service_mistake"), "service -"),
    **dict.fromkeys(("repeat_problem", "pushy_sales", "refund_trouble"), "service -"),
    **dict.fromkeys(("kind_staff", "fast_service", "put_right"), "service +"),
    **dict.fromkeys(("high_price", "billing_error"), "price -"),
    "good_value": "price +",
    **dict.fromkeys(("dirty_place", "unsafe"), "place -"),
    "pleasant_place": "place +",
    **dict.fromkeys(("poor_product", "app_failure", "confusing"), "product -"),
    **dict.fromkeys(("quality_product", "easy"), "product +"),
    **dict.fromkeys(("delivery_trouble",), "delivery -"),
    "reliable_delivery": "delivery +",
    "unavailable": "choice -",
    "wide_choice": "choice +",
}
"""Causes as review aspects; those left out count as `other`, which no review sentence names."""

_ASPECTS = (
    (re.compile(r"price|cost|value", re.IGNORECASE), "price"),
    (re.compile(r"service|support|staff|seller|attitude", re.IGNORECASE), "service"),
    (re.compile(r"ambien|clean|comfort|room|facilit|design|location", re.IGNORECASE), "place"),
    (re.compile(r"shipping|logistics|delivery", re.IGNORECASE), "delivery"),
    (re.compile(r"option|choice", re.IGNORECASE), "choice"),
    (
        re.compile(r"quality|food|drink|operation|performance|usab|camera|battery", re.IGNORECASE),
        "product",
    ),
)
_DOMAINS = ("restaurant", "hotel", "food", "phone", "laptop")
_DEVICES = ("phone", "laptop")
_DINING = {"Food": "product", "Service": "service", "Interior": "place", "Price": "price"}
_SIGNS = {"positive": "+", "negative": "-"}
_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…)\s]*")


def own_texts(lang: str) -> list[Asked]:
    """Our own checked texts of a language, each with its causes."""
    return [Asked(row["text"], lang, _linked(row), row) for row in _rows(lang, lang)]


def fresh_texts(lang: str) -> list[Asked]:
    """Posts with their causes, by a hand that saw neither our examples nor our checks."""
    return [Asked(row["text"], lang, _linked(row), row) for row in _rows("fresh", lang)]


def plain_texts(lang: str) -> list[Asked]:
    """One to six words about one cause, by a hand that saw no text of ours."""
    rows = _rows("plain", lang)
    return [Asked(row["text"], lang, frozenset({row["cause"]}), row) for row in rows]


def denial_texts(lang: str) -> list[Asked]:
    """Texts that deny a cause, and some that only look so; gold is empty where it is denied."""
    return [
        Asked(row["text"], lang, frozenset({row["cause"]} if row["named"] else ()), row)
        for row in _rows("negation", lang)
    ]


def leaver_texts(lang: str) -> list[Asked]:
    """Posts of those who leave, have switched or do neither, by hands that saw no text of ours."""
    return [Asked(row["text"], lang, frozenset(), row) for row in _rows("leaving", lang)]


def saying_texts(lang: str) -> list[Asked]:
    """Texts that only mention a cause, and some of like form that say it."""
    rows = _rows("unsaid", lang)
    return [Asked(row["text"], lang, frozenset({row["cause"]} - {None}), row) for row in rows]


def _rows(name: str, lang: str) -> list[dict[str, Any]]:
    """The rows of a language of `cause_checks_<name>.jsonl`."""
    text = (FOLDER / f"cause_checks_{name}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    return [row for row in rows if row.get("lang", lang) == lang]


def _linked(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(link["cause"] for link in row["links"])


def tasks(data: Path) -> Iterator[Task]:
    """The held-out tasks of the labelled sets in `data`."""
    restaurant = Taxonomy.load(FOLDER / "taxonomies" / "restaurant.toml")
    rows = [row for row in multi_reasons(data) if part_of(row.text) != "train"]
    texts = [Asked(row.text, "en", frozenset(row.theme.split("|"))) for row in rows]
    yield Task("restaurant chain, 8 reasons, 6 examples each", restaurant, texts, "many")
    finance = Taxonomy.load(FOLDER / "taxonomies" / "finance.toml")
    held = [row for row in issues(data) if row.theme in ISSUES]
    texts = [Asked(row.text, "en", frozenset({ISSUES[row.theme]})) for row in held]
    yield Task("finance, 9 issues, 6 examples each", finance, texts, "top", seen=False)
    yield from with_real_examples("finance, 6 of its own texts each", finance, texts)
    yield from trade_tasks()
    yield banking(data)
    reviews = {"en": list(aspects(data)) + list(translated_aspects(data, ("en",)))}
    reviews["ru"] = list(translated_aspects(data, ("ru",)))
    for lang, found in reviews.items():
        sentences = list(_sentences(found, lang))
        yield Task(f"review sentences, {lang}", Taxonomy.load(), sentences, "many", GROUPS)
    dining = list(_dining(data))
    name = "restaurant reviews, ru native"
    yield Task(name, Taxonomy.load(), dining, "many", GROUPS, seen=False)


def with_real_examples(name: str, taxonomy: Taxonomy, texts: Sequence[Asked]) -> Iterator[Task]:
    """The taxonomy taught by texts themselves, those of a draw in place of its own examples."""
    for seed in range(DRAWS):
        rng = random.Random(seed)  # noqa: S311 - sampling, not a secret
        drawn = {
            cause.id: rng.sample([t.text for t in texts if t.gold == {cause.id}], FEW)
            for cause in taxonomy.causes
        }
        shown = {text for own in drawn.values() for text in own}
        causes = tuple(
            replace(cause, examples={"en": tuple(drawn[cause.id])}) for cause in taxonomy.causes
        )
        others = [own for own in texts if own.text not in shown]
        yield Task(name, replace(taxonomy, causes=causes), others, "top", seen=False)


def trade_tasks() -> Iterator[Task]:
    """Messy posts of eight trades, each asked with its own nine causes of six plain examples."""
    for lang in ("en", "ru"):
        for trade in trades(CHECKED):
            texts = [
                Asked(post.text, lang, frozenset({post.cause}))
                for post in trade.posts
                if post.lang == lang
            ]
            if texts:
                name = f"posts of trades, 9 causes, 6 English examples each, {lang}"
                yield Task(name, trade.taxonomy, texts, "top", seen=False)


def banking(data: Path) -> Task:
    """BANKING77: an intent a text, `SHOTS` examples each."""
    with (data / "banking77" / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rng = random.Random(17)  # noqa: S311 - sampling, not a secret
    known: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if part_of(row["text"]) == "train":
            known[row["category"]].append(row["text"])
    causes = tuple(
        Cause(
            name,
            "negative",
            {"en": name.replace("_", " ")},
            {},
            {"en": tuple(rng.sample(known[name], SHOTS))},
        )
        for name in sorted(known)
    )
    shipped = Taxonomy.load()
    held = [row for row in rows if part_of(row["text"]) != "train"]
    texts = [Asked(row["text"], "en", frozenset({row["category"]})) for row in held]
    return Task(
        "BANKING77, 77 intents, 8 examples each",
        Taxonomy("banking77", causes, shipped.background),
        texts,
        "top",
    )


def _sentences(rows: Sequence[Themed], lang: str) -> Iterator[Asked]:
    for row in rows:
        if part_of(row.text) == "train" or (
            not row.group.rpartition("_")[2].startswith(_DOMAINS)
            and "restaurants" not in row.group
            and "laptops" not in row.group
        ):
            continue
        category, _, polarity = row.theme.rpartition(" ")
        sign = {"pos": "+", "neg": "-"}.get(polarity[:3].lower())
        aspect = next((name for pattern, name in _ASPECTS if pattern.search(category)), None)
        if aspect == "place" and row.group.rpartition("_")[2].startswith(_DEVICES):
            # The design and comfort of a device are the product's.
            aspect = "product"
        if sign and aspect:
            yield Asked(row.text, lang, frozenset({f"{aspect} {sign}"}))


def _dining(data: Path) -> Iterator[Asked]:
    """Sentences of native Russian reviews (SentiRuEval-2015), which nothing was trained on."""
    path = data / "sentirueval2015_restaurants" / "restaurants_train.xml.gz"
    with gzip.open(path) as file:
        # The folder is the measurer's own choice, not something fetched.
        reviews = ElementTree.parse(file).getroot()  # noqa: S314
    for review in reviews:
        text = review.findtext("text") or ""
        marks = [
            (int(mark.get("from", 0)), f"{_DINING[category]} {_SIGNS[sentiment]}")
            for mark in review.iter("aspect")
            if mark.get("mark") == "Rel"
            and (category := mark.get("category", "")) in _DINING
            and (sentiment := mark.get("sentiment", "")) in _SIGNS
        ]
        for own in _SENTENCE.finditer(text):
            gold = frozenset(said for at, said in marks if own.start() <= at < own.end())
            if gold:
                yield Asked(own.group().strip(), "ru", gold)


def stems(text: str) -> set[str]:
    """The stems of the longer words of a text."""
    return set(map(stem, _WORD.findall(text.casefold())))
