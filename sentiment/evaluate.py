"""How often the labels are wrong: metrics with intervals and the slices they are taken of.

Intervals are 95 % bootstrap intervals over texts; those of plain shares (accuracy, the recall of a
class) are Wilson's, which do not collapse where all are right. Macro metrics are a function of the
confusion matrix alone, so resampling texts is drawing the matrix from a multinomial with the
observed cells, which is exact and quick; the calibration error is resampled text by text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import Encoder, chunked
from sentiment.interface import Text
from sentiment.judge import Judge, ShippedJudge

CLASSES = ("negative", "neutral", "positive")
DRAWS = 2000
ECE_DRAWS = 400
BINS = 15
SMALLEST_GROUP = 30
"""Texts a slice must have to be scored: with fewer the interval says all there is to say."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text.

    Attributes:
        label: the true class, an index into `CLASSES`.
        source: the set it is from.
        aliases: how else the text names the target.
        slice: a group it was put into by hand: irony, news, mixed, say.
    """

    text: str
    label: int
    lang: str
    target: str | None = None
    source: str = ""
    aliases: tuple[str, ...] = ()
    slice: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The target and its aliases; none without a target."""
        return (self.target, *self.aliases) if self.target else ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts whose highest probability lies in [`low`, `high`): how sure, and how often right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: Figure


@dataclass(frozen=True, slots=True)
class Scores:
    """What the labels of one group of texts are worth.

    Attributes:
        n: texts.
        confusion: [3, 3] counts, rows the true class, columns the predicted one.
        recalls: recall of each class; nan for a class without texts.
        f1_poles: mean F1 of negative and positive, the SentiRuEval measure.
        ece: expected calibration error of the highest probability, 15 equal bins.
        reliability: those bins that hold a text, least sure first.
    """

    n: int
    confusion: Counts
    accuracy: Figure
    macro_recall: Figure
    macro_f1: Figure
    f1_poles: Figure
    recalls: tuple[Figure, Figure, Figure]
    ece: Figure
    reliability: tuple[Bin, ...] = field(repr=False)


def read_examples(path: Path) -> Iterator[Example]:
    """Examples of a JSON Lines file with `text`, `label` (name or number), `lang`, `target`?.

    Raises:
        ValueError: a line is not such an object; the message names file and line.
    """
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield _example(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: {error!r}") from error


def _example(entry: Mapping[str, object]) -> Example:
    label = entry["label"]
    number = CLASSES.index(label) if isinstance(label, str) else int(str(label))
    if number not in range(len(CLASSES)):
        raise ValueError(f"label {label!r} is none of {', '.join(CLASSES)}")
    target = entry.get("target")
    return Example(
        text=str(entry["text"]),
        label=number,
        lang=str(entry["lang"]),
        target=None if target is None else str(target),
        source=str(entry.get("source", "")),
        slice=str(entry.get("slice", "")),
    )


def predict(
    encoder: Encoder, examples: Sequence[Example], judge: Judge | None = None
) -> NDArray[np.float64]:
    """Calibrated probabilities [n, 3]; the language is the example's, not detected."""
    judge = judge or ShippedJudge(encoder)
    found = [np.empty((0, len(CLASSES)))]
    for chunk in chunked(examples, lambda example: example.text):
        items = [
            Text(str(at), own.text, own.lang, own.target, own.aliases)
            for at, own in enumerate(chunk)
        ]
        encoded = encoder.encode_chunk([(item.text, item.names) for item in items])
        found.append(judge.chances(items, encoded, [own.lang for own in chunk]))
    return np.concatenate(found)


def calibrate(
    encoder: Encoder, logits: NDArray[np.float64], examples: Sequence[Example]
) -> NDArray[np.float64]:
    """Probabilities [n, 3] of the logits [n, 3] that the encoder gives of examples."""
    result = np.empty_like(logits)
    kinds = [(own.lang, encoder.judges_target(own.names)) for own in examples]
    for lang, targeted in set(kinds):
        rows = [row for row, kind in enumerate(kinds) if kind == (lang, targeted)]
        calibration = encoder.calibration(lang, targeted=targeted)
        result[rows] = calibration.probabilities(logits[rows])
    return result


def score(labels: Sequence[int], chances: NDArray[np.float64], seed: int = 1) -> Scores:
    """Metrics of probabilities [n, 3] against true classes [n].

    Raises:
        ValueError: there is no text to score.
    """
    truth = np.asarray(labels)
    if not len(truth):
        raise ValueError("there is no text to score")
    guess = chances.argmax(axis=1)
    cells = np.bincount(3 * truth + guess, minlength=9).astype(np.float64)
    draws = np.random.default_rng(seed).multinomial(len(truth), cells / cells.sum(), size=DRAWS)
    both = np.concatenate([cells[None], draws]).reshape(-1, 3, 3)
    f1 = _f1(both)
    hits, truths = np.diagonal(both[0]), both[0].sum(axis=1)
    return Scores(
        n=len(truth),
        confusion=both[0],
        accuracy=share(float(hits.sum()), len(truth)),
        macro_recall=_figure(_mean(_recalls(both))),
        macro_f1=_figure(_mean(f1)),
        f1_poles=_figure(_mean(f1[:, [0, 2]])),
        recalls=(
            share(hits[0], truths[0]),
            share(hits[1], truths[1]),
            share(hits[2], truths[2]),
        ),
        ece=_calibration_figure(truth, chances, seed),
        reliability=_reliability(truth, chances),
    )


def gain(
    labels: Sequence[int],
    ours: NDArray[np.float64],
    theirs: NDArray[np.float64],
    seed: int = 1,
) -> Figure:
    """How much more macro recall one set of probabilities [n, 3] has than another, paired."""
    cells = np.bincount(
        9 * np.asarray(labels) + 3 * ours.argmax(axis=1) + theirs.argmax(axis=1), minlength=27
    ).astype(np.float64)
    draws = np.random.default_rng(seed).multinomial(len(labels), cells / cells.sum(), size=DRAWS)
    both = np.concatenate([cells[None], draws]).reshape(-1, 3, 3, 3)
    return _figure(_mean(_recalls(both.sum(axis=3))) - _mean(_recalls(both.sum(axis=2))))


def _figure(values: NDArray[np.float64]) -> Figure:
    low, high = np.nanpercentile(values[1:], [2.5, 97.5])
    return Figure(float(values[0]), float(low), float(high))


def _divide(above: Counts, below: Counts) -> Counts:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _mean(rows: Counts) -> Counts:
    """Mean of each row over its classes that exist; nan if none does."""
    known = ~np.isnan(rows)
    return _divide(np.where(known, rows, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def _recalls(confusion: Counts) -> Counts:
    return _divide(np.diagonal(confusion, axis1=1, axis2=2).copy(), confusion.sum(axis=2))


def _f1(confusion: Counts) -> Counts:
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    truth = confusion.sum(axis=2)
    # A class no text has is left out of the mean rather than counted as a zero.
    return _divide(2 * hits, np.where(truth > 0, truth + confusion.sum(axis=1), 0.0))


def calibration_error(labels: NDArray[np.int64], chances: NDArray[np.float64]) -> float:
    """Expected calibration error: mean |accuracy - confidence| over bins, by their share."""
    bins, gaps = _gaps(labels, chances)
    return float(np.abs(np.bincount(bins, weights=gaps, minlength=BINS)).sum() / len(bins))


def _gaps(
    labels: NDArray[np.int64], chances: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The bin [n] of each text, and 1 or 0 for right or wrong less its confidence [n]."""
    best = chances.max(axis=1)
    right = chances.argmax(axis=1) == labels
    return np.minimum((best * BINS).astype(np.int64), BINS - 1), right - best


def _calibration_figure(
    labels: NDArray[np.int64], chances: NDArray[np.float64], seed: int
) -> Figure:
    bins, gaps = _gaps(labels, chances)
    value = calibration_error(labels, chances)
    random = np.random.default_rng(seed)
    draws = np.empty(ECE_DRAWS)
    for at in range(ECE_DRAWS):
        own = random.integers(len(bins), size=len(bins))
        sums = np.bincount(bins[own], weights=gaps[own], minlength=BINS)
        draws[at] = np.abs(sums).sum() / len(bins)
    # Resampling adds noise to every bin and so always lengthens the error: only the spread of the
    # draws is used, around the value found.
    low, high = value + np.percentile(draws - draws.mean(), [2.5, 97.5])
    return Figure(value, max(0.0, float(low)), float(high))


def _reliability(labels: NDArray[np.int64], chances: NDArray[np.float64]) -> tuple[Bin, ...]:
    bins, _ = _gaps(labels, chances)
    best = chances.max(axis=1)
    right = chances.argmax(axis=1) == labels
    return tuple(
        Bin(
            at / BINS,
            (at + 1) / BINS,
            int(own.sum()),
            float(best[own].mean()),
            share(float(right[own].sum()), float(own.sum())),
        )
        for at in range(BINS)
        if (own := bins == at).any()
    )


def share(part: float, whole: float) -> Figure:
    """`part` of `whole` with its 95 % Wilson interval, which is right for small counts, too."""
    if not whole:
        return Figure(np.nan, np.nan, np.nan)
    p, z = part / whole, 1.96
    middle = (p + z**2 / (2 * whole)) / (1 + z**2 / whole)
    half = z / (1 + z**2 / whole) * np.sqrt(p * (1 - p) / whole + z**2 / (4 * whole**2))
    low, high = max(0.0, float(middle - half)), min(1.0, float(middle + half))
    return Figure(float(p), low, high)


_NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|без|не|ни|нет|никогда|ничего)\b|n't\b", re.IGNORECASE
)
_BUT = re.compile(r"\b(?:but|though|however|yet|но|зато|однако|хотя)\b", re.IGNORECASE)
_EMOJI = re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]")

SLICES: dict[str, Callable[[Example], bool]] = {
    "up to 60 characters": lambda example: len(example.text) <= 60,
    "61 to 200 characters": lambda example: 60 < len(example.text) <= 200,
    "over 200 characters": lambda example: len(example.text) > 200,
    "with negation": lambda example: bool(_NEGATION.search(example.text)),
    "with but, though, но, зато": lambda example: bool(_BUT.search(example.text)),
    "with emoji": lambda example: bool(_EMOJI.search(example.text)),
    "a question": lambda example: "?" in example.text,
    "with a target": lambda example: example.target is not None,
}
"""Groups of texts that models are known to be weak on."""


def groups_of(
    examples: Sequence[Example], chances: NDArray[np.float64], floor: float | None = None
) -> dict[str, NDArray[np.int64]]:
    """Row numbers of every group that holds a text: languages, sets, slices.

    Args:
        floor: with it the texts whose highest probability is below are a group, too.
    """
    found: dict[str, list[int]] = {}
    for prefix, names in (
        ("language", [example.lang for example in examples]),
        ("set", [example.source for example in examples]),
        ("slice", [example.slice for example in examples]),
    ):
        for name in sorted(set(names) - {""}):
            found[f"{prefix} {name}"] = [at for at, own in enumerate(names) if own == name]
    for name, test in SLICES.items():
        found[name] = [at for at, example in enumerate(examples) if test(example)]
    if floor is not None:
        found["low confidence"] = np.flatnonzero(chances.max(axis=1) < floor).tolist()
    return {name: np.array(rows) for name, rows in found.items() if rows}


def score_groups(
    examples: Sequence[Example], chances: NDArray[np.float64], floor: float | None = None
) -> dict[str, Scores]:
    """Scores of each language, each set and each slice that has at least 30 texts."""
    return {
        name: score([examples[at].label for at in rows], chances[rows])
        for name, rows in groups_of(examples, chances, floor).items()
        if len(rows) >= SMALLEST_GROUP
    }


def vader(examples: Iterable[Example]) -> NDArray[np.float64]:
    """VADER's classes as one-hot [n, 3], its documented thresholds of ±0.05.

    Raises:
        ImportError: the package `vaderSentiment` is not installed.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415

    analyser = SentimentIntensityAnalyzer()
    compound = [analyser.polarity_scores(example.text)["compound"] for example in examples]
    classes = np.array([1 + (value >= 0.05) - (value <= -0.05) for value in compound])
    one_hot: NDArray[np.float64] = np.eye(3)[classes]
    return one_hot
