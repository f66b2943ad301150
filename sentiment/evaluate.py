"""How often the labels are wrong: metrics with intervals, slices, and the model card they fill.

Intervals are 95 % percentile bootstrap intervals over texts. Every metric here is a function of
the confusion matrix alone, so resampling texts is drawing the matrix from a multinomial with the
observed cells, which is exact and quick.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import Encoder

CLASSES = ("negative", "neutral", "positive")
DRAWS = 2000
BINS = 15

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text: `label` is an index into `CLASSES`, `source` the set it is from."""

    text: str
    label: int
    lang: str
    target: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass(frozen=True, slots=True)
class Scores:
    """What the labels of one group of texts are worth.

    Attributes:
        n: texts.
        confusion: [3, 3] counts, rows the true class, columns the predicted one.
        recalls: recall of each class; nan for a class without texts.
        f1_poles: mean F1 of negative and positive, the SentiRuEval measure.
        ece: expected calibration error of the highest probability, 15 equal bins.
    """

    n: int
    confusion: Counts
    accuracy: Figure
    macro_recall: Figure
    macro_f1: Figure
    f1_poles: Figure
    recalls: tuple[float, float, float]
    ece: float


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
    )


def predict(encoder: Encoder, examples: Sequence[Example]) -> NDArray[np.float64]:
    """Calibrated probabilities [n, 3]; the language is the example's, not detected."""
    logits = np.empty((len(examples), len(CLASSES)))
    pairs = ((example.text, example.target) for example in examples)
    for row, encoded in enumerate(encoder.encode(pairs)):
        logits[row] = encoded.logits
    return calibrate(encoder, logits, [example.lang for example in examples])


def calibrate(
    encoder: Encoder, logits: NDArray[np.float64], langs: Sequence[str]
) -> NDArray[np.float64]:
    """Probabilities [n, 3] of logits [n, 3], each by the calibration of its language."""
    result = np.empty_like(logits)
    for lang in set(langs):
        rows = np.array([own == lang for own in langs])
        result[rows] = encoder.calibration(lang).probabilities(logits[rows])
    return result


def score(labels: Sequence[int], chances: NDArray[np.float64], seed: int = 1) -> Scores:
    """Metrics of probabilities [n, 3] against true classes [n]."""
    truth = np.asarray(labels)
    guess = chances.argmax(axis=1)
    cells = np.bincount(3 * truth + guess, minlength=9).astype(np.float64)
    draws = np.random.default_rng(seed).multinomial(len(truth), cells / cells.sum(), size=DRAWS)
    both = np.concatenate([cells[None], draws]).reshape(-1, 3, 3)
    recall = _recalls(both)
    return Scores(
        n=len(truth),
        confusion=both[0],
        accuracy=_figure(np.trace(both, axis1=1, axis2=2) / both.sum(axis=(1, 2))),
        macro_recall=_figure(_mean(recall)),
        macro_f1=_figure(_mean(_f1(both))),
        f1_poles=_figure(_mean(_f1(both)[:, [0, 2]])),
        recalls=(float(recall[0, 0]), float(recall[0, 1]), float(recall[0, 2])),
        ece=calibration_error(truth, chances),
    )


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
    best = chances.max(axis=1)
    right = chances.argmax(axis=1) == labels
    bins = np.minimum((best * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights=right - best, minlength=BINS)
    return float(np.abs(gaps).sum() / len(best))


_NEGATION = re.compile(
    r"\b(?:not|no|never|nothing|nobody|без|не|ни|нет|никогда|ничего)\b|n't\b", re.IGNORECASE
)
_BUT = re.compile(r"\b(?:but|though|however|yet|но|зато|однако|хотя)\b", re.IGNORECASE)
_EMOJI = re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]")

SLICES: dict[str, Callable[[Example], bool]] = {
    "up to 60 characters": lambda example: len(example.text) <= 60,
    "over 200 characters": lambda example: len(example.text) > 200,
    "with negation": lambda example: bool(_NEGATION.search(example.text)),
    "with but, though, но, зато": lambda example: bool(_BUT.search(example.text)),
    "with emoji": lambda example: bool(_EMOJI.search(example.text)),
    "a question": lambda example: "?" in example.text,
    "with a target": lambda example: example.target is not None,
}
"""Groups of texts that models are known to be weak on."""


def score_groups(examples: Sequence[Example], chances: NDArray[np.float64]) -> dict[str, Scores]:
    """Scores of each language, each set and each slice that has at least 30 texts."""
    tests: dict[str, Callable[[Example], bool]] = {}
    for lang in sorted({example.lang for example in examples}):
        tests[f"language {lang}"] = lambda example, lang=lang: example.lang == lang  # type: ignore[misc]
    for source in sorted({example.source for example in examples} - {""}):
        tests[f"set {source}"] = lambda example, own=source: example.source == own  # type: ignore[misc]
    found: dict[str, Scores] = {}
    for name, test in (tests | SLICES).items():
        rows = [at for at, example in enumerate(examples) if test(example)]
        if len(rows) >= 30:
            found[name] = score([examples[at].label for at in rows], chances[rows])
    return found


def table(groups: Mapping[str, Scores]) -> str:
    """A Markdown table of scores, one group a row, in per cent with 95 % intervals."""
    lines = [
        "| texts | n | macro recall | macro F1 | F1 of neg. and pos. | recall neg/neu/pos | ECE |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, own in groups.items():
        recalls = " / ".join("–" if np.isnan(r) else f"{100 * r:.0f}" for r in own.recalls)
        lines.append(
            f"| {name} | {own.n} | {own.macro_recall} | {own.macro_f1} | {own.f1_poles} "
            f"| {recalls} | {own.ece:.3f} |"
        )
    return "\n".join(lines)


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
