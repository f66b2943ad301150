"""Texts that say the same thing in other words: they shape the space in which causes are found.

Each set groups its texts by what they complain of, praise or ask (an intent, an aspect with its
polarity, a reason, a cause of our own taxonomy). A batch holds a few themes of one set with a few
texts each, of both languages where the set has both; `train.theme_loss` draws a theme together.
Most texts of a batch stand in one sequence with one or two others and are pooled there, because
that is how clauses are read: a clause must mean the same in any company.
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

from sentiment import denials, signals
from sentiment.taxonomy import Taxonomy
from sentiment.training import trades
from sentiment.training.rows import Row, part_of

THEMES_A_BATCH = 8
TEXTS_A_THEME = 4
LONERS = 8
"""Texts of no theme that a batch of our signals has: they are near to a theme and not of it."""

UNKNOWN = -1
"""The label of a text whose sentiment its set does not tell."""

EVERY = 4
"""One batch of themes follows so many of texts."""

FACTORS = {"domain": 3.0, "denial": 2.0, "intent": 2.0}
"""How much oftener than by its size a family of sets is drawn."""


@dataclass(frozen=True, slots=True)
class Themed:
    """A text of a theme; themes of different sets are never compared.

    Attributes:
        theme: empty for a text that is of none.
        label: its sentiment as a class number, or `UNKNOWN`.
    """

    group: str
    theme: str
    lang: str
    text: str
    label: int = UNKNOWN


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def banking(folder: Path) -> Iterator[Themed]:
    """English questions to a bank by intent."""
    path = folder / "banking77" / "train.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Themed("banking77", row["category"], "en", row["text"])


def multi_reasons(folder: Path) -> Iterator[Themed]:
    """English complaints about restaurants by their reasons, joined by "|"."""
    for row in _csv(folder / "mcdonalds_complaints" / "train.csv.gz"):
        if row["reasons"] not in {"", "na"}:
            yield Themed("mcdonalds", row["reasons"], "en", row["text"], 0)


def reasons(folder: Path) -> Iterator[Themed]:
    """English complaints about restaurants by their only reason."""
    return (row for row in multi_reasons(folder) if "|" not in row.theme)


def issues(folder: Path) -> Iterator[Themed]:
    """English complaints about financial services by issue; a domain that training does not see."""
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
                theme = found.pop()
                yield Themed(path.name.split("_train")[0], theme, "en", text, _label(theme))


def translated_aspects(folder: Path, langs: Sequence[str] = ("en", "ru")) -> Iterator[Themed]:
    """Review sentences of seven domains in both languages by their only category and polarity."""
    for lang in langs:
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
                    theme = found.pop()
                    yield Themed(group, theme, lang, text, _label(theme))


def _label(theme: str) -> int:
    """The class number of an aspect's polarity."""
    return {"neg": 0, "neu": 1, "pos": 2}.get(theme.rpartition(" ")[2][:3].lower(), UNKNOWN)


def own_causes(_: Path) -> Iterator[Themed]:
    """The examples of the shipped taxonomy by cause, in both languages."""
    for cause in Taxonomy.load().causes:
        label = 0 if cause.polarity == "negative" else 2
        for lang, texts in cause.examples.items():
            for text in texts:
                yield Themed("taxonomy", cause.id, lang, text, label)


def own_signals() -> Iterator[Themed]:
    """Our own examples of stages, expectations and intents, and those near to an intent."""
    own = signals.examples()
    for group in ("stage", "expectation", "intent"):
        for name, texts in own[group].items():
            for text in texts:
                yield Themed(group, name, "", text)
    for text in own["none"]["none"]:
        yield Themed("intent", "", "", text)


def own_denials() -> Iterator[Themed]:
    """For each cause, our texts that name it against those that deny it."""
    for denial in denials.examples():
        theme = "named" if denial.named else "denied"
        yield Themed(f"denial/{denial.cause}", theme, denial.lang, denial.text)
    for cause in Taxonomy.load().findable:
        for lang, texts in cause.examples.items():
            for text in texts:
                yield Themed(f"denial/{cause.id}", "named", lang, text)


def own_domains() -> Iterator[Themed]:
    """Our own complaints, short and long, of both languages by trade and cause."""
    for row in trades.rows(trades.LEARNT):
        yield Themed(f"domain/{row['domain']}", row["cause"], row["lang"], row["text"])


READERS: dict[str, Callable[[Path], Iterator[Themed]]] = {
    "banking77": banking,
    "mcdonalds_complaints": reasons,
    "housing_service_comments": residents,
    "semeval_absa": aspects,
    "m_absa": translated_aspects,
}


def read_themes(folder: Path) -> dict[str, dict[str, list[Row]]]:
    """Training texts by set and theme; themes of fewer texts than a batch takes are left out.

    Texts that `part_of` holds out (of any use) are not among them. The theme "" is of texts that
    have none.
    """
    found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _read(folder):
        if part_of(row.text) == "train":
            found[row.group][row.theme].append(Row("themes", row.lang, row.text, row.label))
    full = {group: _full(themes) for group, themes in found.items()}
    return {group: themes for group, themes in full.items() if len(themes) > 1}


def _read(folder: Path) -> Iterator[Themed]:
    yield from own_causes(folder)
    yield from own_signals()
    yield from own_denials()
    yield from own_domains()
    for name, reader in READERS.items():
        if (folder / name).is_dir():
            yield from reader(folder)


def _full(themes: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    return {theme: own for theme, own in themes.items() if len(own) >= TEXTS_A_THEME}


def draw(
    sets: Mapping[str, Mapping[str, Sequence[Row]]], count: int, rng: random.Random
) -> Iterator[list[tuple[Row, int]]]:
    """`count` batches of (text, number of its theme); a family is drawn by the root of its size."""
    groups = list(sets)
    for group in rng.choices(groups, shares(sets), k=count) if groups else ():
        themes = sets[group]
        known = [name for name in themes if name]
        names = rng.sample(known, min(THEMES_A_BATCH, len(known)))
        share = THEMES_A_BATCH * TEXTS_A_THEME // len(names)
        batch = [
            (row, number)
            for number, name in enumerate(names)
            for row in rng.sample(themes[name], min(share, len(themes[name])))
        ]
        loners = rng.sample(themes[""], LONERS) if "" in themes else []
        yield batch + [(row, len(names) + at) for at, row in enumerate(loners)]


def shares(sets: Mapping[str, Mapping[str, Sequence[Row]]]) -> list[float]:
    """How often each set is drawn: sets "family/member" share what their family is due."""
    sizes = {group: sum(map(len, themes.values())) for group, themes in sets.items()}
    families: dict[str, int] = defaultdict(int)
    for group, size in sizes.items():
        families[group.partition("/")[0]] += size
    return [
        FACTORS.get(family, 1.0) * families[family] ** 0.5 * size / families[family]
        for group, size in sizes.items()
        for family in [group.partition("/")[0]]
    ]


def packed(count: int, rng: random.Random) -> list[list[int]]:
    """The texts 0 to `count` - 1 of a batch in sequences of one to three, in random order."""
    order = rng.sample(range(count), count)
    sequences = []
    while order:
        size = rng.choice((1, 2, 2, 3))
        sequences.append(order[:size])
        order = order[size:]
    return sequences
