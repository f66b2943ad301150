"""Texts that say the same thing in other words: they shape the space in which causes are found.

Each set groups its texts by what they complain of, praise or ask (an intent, an aspect with its
polarity, a reason, a cause of our own taxonomy). A batch holds a few themes of one set with a few
texts each, of both languages where the set has both; `train.theme_loss` draws a theme together.
"""

from __future__ import annotations

import ast
import csv
import gzip
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from sentiment.taxonomy import Taxonomy
from sentiment.training.rows import Row, part_of

THEMES_A_BATCH = 8
TEXTS_A_THEME = 4

EVERY = 8
"""One batch in so many is a batch of themes."""


@dataclass(frozen=True, slots=True)
class Themed:
    """A text of a theme; themes of different sets are never compared."""

    group: str
    theme: str
    lang: str
    text: str


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def banking(folder: Path) -> Iterator[Themed]:
    """English questions to a bank by intent."""
    path = folder / "banking77" / "train.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Themed("banking77", row["category"], "en", row["text"])


def reasons(folder: Path) -> Iterator[Themed]:
    """English complaints about restaurants by their only reason."""
    for row in _csv(folder / "mcdonalds_complaints" / "train.csv.gz"):
        if row["reasons"] not in {"", "na"} and "|" not in row["reasons"]:
            yield Themed("mcdonalds", row["reasons"], "en", row["text"])


def issues(folder: Path) -> Iterator[Themed]:
    """English complaints about financial services by issue."""
    for row in _csv(folder / "cfpb_complaints" / "train.csv.gz"):
        yield Themed("cfpb", row["issue"], "en", row["text"])


def residents(folder: Path) -> Iterator[Themed]:
    """Russian praise of a housing service by its only reason."""
    for row in _csv(folder / "housing_service_comments" / "train.csv.gz"):
        if "|" not in row["label"] and row["label"] != "other":
            yield Themed("housing", row["label"], "ru", row["text"])


def aspects(folder: Path) -> Iterator[Themed]:
    """English review sentences by their only category and polarity."""
    for path in sorted((folder / "semeval_absa").glob("*.xml.gz")):
        with gzip.open(path) as file:
            # The folder is the trainer's own choice, not something fetched.
            tree = ElementTree.parse(file)  # noqa: S314
        for sentence in tree.iter("sentence"):
            found = {
                f"{node.get('category')} {node.get('polarity')}"
                for node in sentence.iter()
                if node.get("category") and node.get("polarity")
            }
            text = sentence.findtext("text")
            if len(found) == 1 and text:
                yield Themed(path.name.split("_train")[0], found.pop(), "en", text)


def translated_aspects(folder: Path) -> Iterator[Themed]:
    """Review sentences of seven domains in both languages by their only category and polarity."""
    for lang in ("en", "ru"):
        for path in sorted((folder / "m_absa" / lang).glob("*.txt")):
            group = "m_absa_" + path.stem.split("_")[0]
            for line in path.read_text(encoding="utf-8").splitlines():
                text, _, literal = line.partition("####")
                try:
                    triplets = ast.literal_eval(literal)
                    found = {f"{own[1]} {str(own[2]).strip()[:3].lower()}" for own in triplets}
                except (ValueError, SyntaxError, IndexError):
                    # A dozen lines are not literals (quotes inside terms); the README says so.
                    continue
                if len(found) == 1:
                    yield Themed(group, found.pop(), lang, text)


def own_causes(_: Path) -> Iterator[Themed]:
    """The examples of the shipped taxonomy by cause, in both languages."""
    for cause in Taxonomy.load().causes:
        for lang, texts in cause.examples.items():
            for text in texts:
                yield Themed("taxonomy", cause.id, lang, text)


READERS: dict[str, Callable[[Path], Iterator[Themed]]] = {
    "banking77": banking,
    "mcdonalds_complaints": reasons,
    "cfpb_complaints": issues,
    "housing_service_comments": residents,
    "semeval_absa": aspects,
    "m_absa": translated_aspects,
}


def read_themes(folder: Path) -> dict[str, dict[str, list[Row]]]:
    """Training texts by set and theme; themes of fewer texts than a batch takes are left out.

    Texts that `part_of` holds out (of any use) are not among them.
    """
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _read(folder):
        if part_of(row.text) == "train":
            found[row.group][row.theme].append(Row("themes", row.lang, row.text, 0))
    full = {group: _full(themes) for group, themes in found.items()}
    return {group: themes for group, themes in full.items() if len(themes) > 1}


def _read(folder: Path) -> Iterator[Themed]:
    yield from own_causes(folder)
    for name, reader in READERS.items():
        if (folder / name).is_dir():
            yield from reader(folder)


def _full(themes: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    return {theme: own for theme, own in themes.items() if len(own) >= TEXTS_A_THEME}


def draw(
    sets: Mapping[str, Mapping[str, Sequence[Row]]], count: int, rng: random.Random
) -> Iterator[list[tuple[Row, int]]]:
    """`count` batches of (text, number of its theme); a set is drawn by the root of its size."""
    groups = list(sets)
    sizes = [sum(len(own) for own in sets[group].values()) ** 0.5 for group in groups]
    for group in rng.choices(groups, sizes, k=count) if groups else ():
        themes = sets[group]
        names = rng.sample(list(themes), min(THEMES_A_BATCH, len(themes)))
        share = THEMES_A_BATCH * TEXTS_A_THEME // len(names)
        yield [
            (row, number)
            for number, name in enumerate(names)
            for row in rng.sample(themes[name], min(share, len(themes[name])))
        ]
