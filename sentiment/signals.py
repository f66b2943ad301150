"""What a clause tells besides its cause: stage of the journey, expectation, severity, intents.

Each is a classifier fitted on the examples of `signals.toml` (`sentiment.classifier`), read from
the same pooled clause as the causes: a few matrix products for a chunk, no second encoder pass.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from sentiment import denials, unsaid
from sentiment.classifier import Classifier, fit, softmax, unit
from sentiment.clauses import Span, split_clauses
from sentiment.denial import plain
from sentiment.encoder import Encoder
from sentiment.features import Features
from sentiment.interface import Expectation, Intent, IntentLink, Polarity, Stage
from sentiment.language import languages_of
from sentiment.learn import embed
from sentiment.passages import Clauses
from sentiment.rival import rival_in
from sentiment.taxonomy import Taxonomy
from sentiment.terms import term_pattern
from sentiment.words import word_rows

EXAMPLES = Path(__file__).with_name("signals.toml")
SHIPPED_FIT = Path(__file__).with_name("signals.npz")
"""The fit on the shipped model, written by `python -m sentiment.training.fit_causes`."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "stage": get_args(Stage),
    "expectation": get_args(Expectation),
    "severity": ("1", "2", "3", "4"),
    "intent": get_args(Intent),
    "denial": ("complaint", "praise"),
    "saying": ("unsaid", "said"),
}
"""The classes of each group, in the order of its classifier; of "denial", what is denied."""

WORDED = ("intent", "denial", "saying")
"""The groups with examples enough to learn by their words as well."""

LEAST_STAGE = 0.35
"""Below this probability a stage is not named."""
LEAST_EXPECTATION = 0.5
LEAST_INTENT: Mapping[str, float] = {"leaving": 0.87, "switched": 0.84}
"""Below this probability an intent is not told, the others below a half: PR acts on who leaves."""

RULES = 6
"""The number of the rules that split clauses, hear intents, rivals, whose a cause is and what a
taxonomy excludes."""

LONGEST_DENIAL = 2
"""Clauses of a text that teaches what a denial is."""

_SILENT_STAGES = ("use", "paying", "delivery", "first_contact")
"""Stages whose examples show no intent: they teach its "none"."""
_NONE_WEIGHTS = {"intent": 0.1, "expectation": 0.3, "denial": 0.2, "saying": 0.25}
"""What an example of none of a group counts in the fit against one of some."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClauseSignals:
    """What one clause tells.

    Attributes:
        intents: with their probabilities, most probable first.
        denials: how likely it denies a complaint, and denies praise.
        unsaid: how likely it only mentions what it seems to tell.
    """

    stage: Stage | None
    expectation: Expectation | None
    severity: int
    intents: tuple[tuple[Intent, float], ...]
    denials: tuple[float, float]
    unsaid: float

    def expectation_of(self, polarity: Polarity) -> Expectation | None:
        """The expectation, if it suits praise ("wow") or a complaint (the other two)."""
        suits = (self.expectation == "wow") == (polarity == "positive")
        return self.expectation if suits else None


@dataclass(frozen=True, slots=True)
class Signals:
    """Classifiers by group, and the centre [H] of each language.

    Attributes:
        matrix: the weights of all groups side by side [rows' width, classes].
    """

    heads: Mapping[str, Classifier]
    centres: Mapping[str, Floats]
    matrix: Floats = field(init=False)

    def __post_init__(self) -> None:
        width = max(len(head.weights) for head in self.heads.values())
        padded = [np.zeros((width, len(head.bias))) for head in self.heads.values()]
        for own, head in zip(padded, self.heads.values(), strict=True):
            own[: len(head.weights)] = head.weights
        object.__setattr__(self, "matrix", np.hstack(padded))

    @classmethod
    def load(cls, encoder: Encoder) -> Signals:
        """The shipped fit if it is of this model, else a new one (half a minute, once)."""
        return shipped(encoder) or learnt(encoder)

    def _chances(self, clauses: Clauses) -> dict[str, Floats]:
        """By group, the probabilities [n, classes + 1] of its classes and of none."""
        seen = Features.of(clauses.embeddings, clauses.langs, self.centres, clauses.words)
        logits = seen.times(self.matrix)
        ends = np.cumsum([len(head.bias) for head in self.heads.values()])
        parts = np.split(logits, ends[:-1], axis=1)
        own = zip(self.heads.items(), parts, strict=True)
        return {name: softmax(part + head.bias) for (name, head), part in own}

    def read(self, clauses: Clauses) -> list[ClauseSignals]:
        """What each clause tells."""
        chances = self._chances(clauses)
        levels = chances["severity"] @ np.arange(1, 5)
        return [
            ClauseSignals(
                cast("Stage | None", _likeliest("stage", chances["stage"][at], LEAST_STAGE)),
                cast(
                    "Expectation | None",
                    _likeliest("expectation", chances["expectation"][at], LEAST_EXPECTATION),
                ),
                round(float(levels[at])),
                _intents(chances["intent"][at], plain(clauses.texts[at])),
                (float(chances["denial"][at, 0]), float(chances["denial"][at, 1])),
                float(chances["saying"][at, 0]),
            )
            for at in range(len(clauses))
        ]


def intents(
    text: str, spans: Sequence[Span], signals: Sequence[ClauseSignals]
) -> tuple[IntentLink, ...]:
    """The intents of a text, each with the clause that says it best; most probable first.

    Who has switched has left: that is told once, with the rival.
    """
    best: dict[Intent, IntentLink] = {}
    for span, own in zip(spans, signals, strict=True):
        evidence = text[span.start : span.end]
        for intent, chance in own.intents:
            rival = rival_in(evidence) if intent == "switched" else None
            if intent == "switched" and rival is None:
                # A switch to nobody in particular tells PR nothing, and is often no switch at all.
                continue
            if intent not in best or chance > best[intent].probability:
                best[intent] = IntentLink(intent, chance, evidence, span.start, span.end, rival)
    if "switched" in best:
        best.pop("leaving", None)
    return tuple(sorted(best.values(), key=lambda link: -link.probability))


def _likeliest(group: str, chances: Floats, least: float) -> str | None:
    """The likeliest class of a group if it is likely enough and not "none"."""
    at = int(chances.argmax())
    names = GROUPS[group]
    return names[at] if at < len(names) and chances[at] >= least else None


def _intents(chances: Floats, clause: str) -> tuple[tuple[Intent, float], ...]:
    """The likely intents whose words stand in the clause: likeness alone hears too many."""
    known = cast("tuple[Intent, ...]", GROUPS["intent"])
    likely = [
        (intent, float(chance))
        for intent, chance in zip(known, chances, strict=False)
        if chance >= LEAST_INTENT.get(intent, 0.5)
    ]
    heard = [(intent, chance) for intent, chance in likely if _spoken(intent, clause)]
    return tuple(sorted(heard, key=lambda pair: -pair[1]))


def _spoken(intent: str, clause: str) -> bool:
    needed, barred = _words()[intent]
    return bool(needed.search(clause)) and not barred.search(clause)


@cache
def _words() -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    """By intent: what a clause must hold, and what it must not."""
    raw: dict[str, Any] = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    return {
        entry["id"]: (term_pattern(entry["requires"]), term_pattern(entry["excludes"]))
        for entry in raw["intent"]
    }


@cache
def examples() -> dict[str, dict[str, list[str]]]:
    """The texts of `signals.toml` by group and class; those of neither are `none`."""
    raw: dict[str, Any] = tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))
    found = {
        group: {entry["id"]: _both(entry["examples"]) for entry in raw[group]}
        for group in GROUPS
        if group in raw
    }
    none = {"none": _both(raw["none"]["examples"])}
    return found | {"none": none, "denial": _denials(), "saying": unsaid.examples()}


def _denials() -> dict[str, list[str]]:
    """Clauses that deny a complaint or praise, and those that only look so, as `asserted`.

    Texts of more clauses are left out: one may deny what another tells.
    """
    polarity = {cause.id: cause.polarity for cause in Taxonomy.load().findable}
    denied = {"negative": "complaint", "positive": "praise"}
    found: dict[str, list[str]] = {"complaint": [], "praise": [], "asserted": []}
    for own in denials.examples():
        if len(split_clauses(own.text)) <= LONGEST_DENIAL:
            kind = "asserted" if own.named else denied[polarity[own.cause]]
            found[kind].append(own.text)
    return found


def _both(texts: Mapping[str, list[str]]) -> list[str]:
    return [text for lang in ("en", "ru") for text in texts[lang]]


@cache
def version() -> str:
    """A hash of the examples, the rules' number and the stemmers: with others, other signals."""
    stemmers = " ".join(metadata.version(name) for name in ("snowballstemmer", "pystemmer"))
    made_by = f"{examples_version()} {RULES} {stemmers}"
    return hashlib.sha256(made_by.encode()).hexdigest()[:8]


@cache
def examples_version() -> str:
    """A hash of the examples: with other examples, another fit."""
    files = (EXAMPLES, denials.EXAMPLES, unsaid.EXAMPLES)
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:8]


def learnt(encoder: Encoder) -> Signals:
    """Fit all groups on their examples."""
    own = examples()
    shipped_causes = Taxonomy.load()
    plain_texts = [text for cause in shipped_causes.findable for text in cause.texts()]
    plain_texts += [text for texts in shipped_causes.background.values() for text in texts]
    taught = [text for group in own.values() for every in group.values() for text in every]
    texts = list(dict.fromkeys([*taught, *plain_texts]))
    row_of = {text: row for row, text in enumerate(texts)}
    embeddings, langs = unit(embed(encoder, texts)), languages_of(texts)
    centres = {lang: embeddings[langs == lang].mean(axis=0) for lang in ("en", "ru")}
    features = Features.of(embeddings, langs.tolist(), centres, word_rows(texts))
    rows, wordless = features.dense(), features.without_words()
    silent = [*own["none"]["none"], *(t for s in _SILENT_STAGES for t in own["stage"][s])]
    silent += [text for level in own["severity"].values() for text in level]
    nones = {
        "intent": silent + plain_texts,
        "expectation": silent,
        "denial": own["denial"]["asserted"] + plain_texts,
        "saying": own["denial"]["asserted"] + plain_texts,
    }
    heads = {}
    for group, classes in GROUPS.items():
        pairs = [(row_of[text], at) for at, name in enumerate(classes) for text in own[group][name]]
        if group in nones:
            pairs += [(row_of[text], len(classes)) for text in nones[group]]
        numbers = [at for _, at in pairs]
        weights = _weights(group, np.array(numbers))
        seen = rows if group in WORDED else wordless
        heads[group] = fit(seen[[row for row, _ in pairs]], numbers, weights)
    return Signals(heads, centres)


def _weights(group: str, numbers: NDArray[np.int64]) -> Floats:
    """What each example [n] counts: hundreds of one intent must not drown the others."""
    sizes = np.bincount(numbers)
    weights = np.ones(len(sizes))
    if group == "intent":
        weights = np.sqrt(sizes.min() / sizes)
    if len(sizes) > len(GROUPS[group]):
        weights[-1] = _NONE_WEIGHTS[group]
    found: Floats = weights[numbers]
    return found


def shipped(encoder: Encoder) -> Signals | None:
    """The fit that comes with the package, if it is of this very model and these examples."""
    if not SHIPPED_FIT.is_file():
        return None
    with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
        if str(kept["key"]) != f"{encoder.version} {examples_version()}":
            return None
        heads = {
            group: Classifier(
                kept[f"{group}_weights"], kept[f"{group}_bias"], float(kept[f"{group}_loss"])
            )
            for group in GROUPS
        }
        return Signals(heads, {lang: kept[f"centre_{lang}"] for lang in ("en", "ru")})


def save(signals: Signals, encoder: Encoder) -> None:
    """Write the fit that comes with the package."""
    arrays = {"key": np.array(f"{encoder.version} {examples_version()}")}
    for group, head in signals.heads.items():
        arrays[f"{group}_weights"] = head.weights.astype(np.float32)
        arrays[f"{group}_bias"] = head.bias.astype(np.float32)
        arrays[f"{group}_loss"] = np.array(head.loss)
    for lang, centre in signals.centres.items():
        arrays[f"centre_{lang}"] = centre.astype(np.float32)
    np.savez_compressed(SHIPPED_FIT, allow_pickle=False, **arrays)
