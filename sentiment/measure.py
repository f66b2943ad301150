"""Measuring a labeller on labelled texts, and writing down what came out: Markdown, JSON, a card.

Texts go the way every text goes, through the `Labeller`: its language detection, its model or the
one that stands in for it. What it leaves unscored is counted, not scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.behaviour import Outcome
from sentiment.encoder import Encoder
from sentiment.evaluate import (
    CLASSES,
    SMALLEST_GROUP,
    Example,
    Figure,
    Scores,
    gain,
    groups_of,
    score,
    score_groups,
    vader,
)
from sentiment.interface import Label, Text
from sentiment.judge import Judge
from sentiment.labelled import LabelledFile
from sentiment.labeller import Labeller, NoCauses

BEGIN = "<!-- measured by molva evaluate: begin; do not edit by hand -->"
END = "<!-- measured by molva evaluate: end -->"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Another labeller on some of the rows.

    Attributes:
        rows: which ones, in words.
        ours: our scores on the same rows.
        gain: macro recall, ours less theirs, with the interval of the pairs.
    """

    name: str
    rows: str
    theirs: Scores
    ours: Scores
    gain: Figure


@dataclass(frozen=True, slots=True)
class Measurement:
    """All that `molva evaluate` found.

    Attributes:
        model: version of what labelled.
        files: what was read, and what of it could not be.
        unscored: texts left unscored by the language they were taken for.
        groups: scores by name, all texts first; empty if no text was scored.
        small: texts in each slice too small to score.
    """

    model: str
    day: date
    files: tuple[LabelledFile, ...]
    unscored: Mapping[str, int]
    groups: Mapping[str, Scores]
    small: Mapping[str, int]
    baselines: tuple[Baseline, ...] = ()
    outcomes: tuple[Outcome, ...] = field(default=())


def measure(
    encoder: Encoder,
    judge: Judge,
    files: Sequence[LabelledFile],
    *,
    against_vader: bool = False,
    advance: Callable[[], object] = lambda: None,
) -> Measurement:
    """Label the texts of some files and score the labels.

    Args:
        advance: called after each text.

    Raises:
        ImportError: `against_vader` and the package is not there.
    """
    labeller = Labeller(encoder, NoCauses(), judge)
    examples = [_of_file(own, file, len(files)) for file in files for own in file.examples]
    scored: list[Example] = []
    chances: list[tuple[float, float, float]] = []
    unscored: Counter[str] = Counter()
    for example, label in zip(examples, labeller.label(_texts(examples)), strict=True):
        chance = _chances(label)
        if chance is None:
            unscored[label.lang] += 1
        else:
            scored.append(replace(example, lang=example.lang or label.lang))
            chances.append(chance)
        advance()
    found = np.array(chances).reshape(-1, len(CLASSES))
    floor = judge.confidence_floor
    groups = {}
    if scored:
        groups["all"] = score([own.label for own in scored], found)
        groups |= score_groups(scored, found, floor)
    sizes = {name: len(rows) for name, rows in groups_of(scored, found, floor).items()}
    return Measurement(
        model=judge.version,
        day=date.today(),  # noqa: DTZ011 - the reader's day
        files=tuple(files),
        unscored=dict(unscored),
        groups=groups,
        small={name: size for name, size in sizes.items() if size < SMALLEST_GROUP},
        baselines=tuple(_vader(scored, found)) if against_vader else (),
    )


def _of_file(example: Example, file: LabelledFile, files: int) -> Example:
    if example.source or files == 1:
        return example
    return replace(example, source=Path(file.name).name)


def _texts(examples: Iterable[Example]) -> Iterable[Text]:
    for at, own in enumerate(examples):
        yield Text(str(at), own.text, own.lang or None, own.target, own.aliases)


def _chances(label: Label) -> tuple[float, float, float] | None:
    if label.p_negative is None or label.p_neutral is None or label.p_positive is None:
        return None
    return label.p_negative, label.p_neutral, label.p_positive


def _vader(examples: Sequence[Example], chances: NDArray[np.float64]) -> Iterable[Baseline]:
    """VADER knows English alone, so the comparison is on the English rows."""
    rows = [at for at, example in enumerate(examples) if example.lang == "en"]
    if not rows:
        return
    labels = [examples[at].label for at in rows]
    theirs = vader(examples[at] for at in rows)
    yield Baseline(
        "VADER",
        "the English rows",
        score(labels, theirs),
        score(labels, chances[rows]),
        gain(labels, chances[rows], theirs),
    )


def write_card_part(path: Path, measurement: Measurement) -> None:
    """Write a measurement into a model card, in the place of the one it holds, or at its end.

    Raises:
        OSError: the file cannot be read or written.
        ValueError: it has the line that begins a measurement, and not the one that ends it.
    """
    block = f"{BEGIN}\n{markdown(measurement, level=2)}\n{END}"
    card = path.read_text(encoding="utf-8") if path.exists() else f"# {measurement.model}\n"
    before, begin, rest = card.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and not end:
        raise ValueError(f"{path} has the line {BEGIN!r} without {END!r}: put it back")
    new = before + block + after if begin else f"{card.rstrip()}\n\n{block}\n"
    path.write_text(new, encoding="utf-8")


def markdown(measurement: Measurement, level: int = 1) -> str:
    """The measurement for people; `level` is that of its heading."""
    total = sum(len(file.examples) for file in measurement.files)
    left = sum(measurement.unscored.values())
    parts = [
        f"{'#' * level} {measurement.model}, measured {measurement.day.isoformat()}",
        "Figures are in per cent with 95 % intervals.",
        _files(measurement.files),
        f"{total} texts, {total - left} scored{_unscored(measurement.unscored)}.",
    ]
    if measurement.groups:
        whole = measurement.groups["all"]
        parts += [
            group_table(measurement.groups),
            *([_small(measurement.small)] if measurement.small else []),
            class_table(whole),
            confusion_table(whole),
            reliability_table(whole),
        ]
    parts += [_baseline(own) for own in measurement.baselines]
    if measurement.outcomes:
        parts += ["Behavioural tests:", outcome_table(measurement.outcomes)]
    return "\n\n".join(parts)


def _files(files: Sequence[LabelledFile]) -> str:
    rows = [
        (Path(file.name).name, file.sha256[:12], len(file.examples), len(file.bad), file.reading)
        for file in files
    ]
    return grid(("file", "SHA-256", "texts", "bad rows", "labels"), rows)


def _unscored(unscored: Mapping[str, int]) -> str:
    if not unscored:
        return ""
    by_lang = ", ".join(f"{lang} {n}" for lang, n in sorted(unscored.items()))
    return f", {sum(unscored.values())} unscored for their language ({by_lang}) and left out below"


def _small(small: Mapping[str, int]) -> str:
    listed = ", ".join(f"{name} {size}" for name, size in small.items())
    return f"Not scored, under {SMALLEST_GROUP} texts: {listed}."


def _baseline(own: Baseline) -> str:
    return (
        f"{own.name} on {own.rows} (n = {own.theirs.n}): macro recall {own.theirs.macro_recall}, "
        f"macro F1 {own.theirs.macro_f1}; ours {own.ours.macro_recall} and {own.ours.macro_f1}; "
        f"macro recall gained {own.gain}."
    )


def group_table(groups: Mapping[str, Scores]) -> str:
    """Scores, one group a row."""
    head = ("texts", "n", "macro recall", "macro F1", "F1 of neg. and pos.", "recall neg/neu/pos")
    rows = []
    for name, own in groups.items():
        recalls = " / ".join(
            "–" if np.isnan(r.value) else f"{100 * r.value:.0f}" for r in own.recalls
        )
        figures = (own.macro_recall, own.macro_f1, own.f1_poles)
        rows.append((name, own.n, *figures, recalls, own.ece))
    return grid((*head, "calibration error"), rows)


def class_table(scores: Scores) -> str:
    """Recall of each class."""
    counts = scores.confusion.sum(axis=1)
    rows = [
        (name, f"{n:.0f}", recall)
        for name, n, recall in zip(CLASSES, counts, scores.recalls, strict=True)
    ]
    return grid(("class", "n", "recall"), [*rows, ("accuracy", scores.n, scores.accuracy)])


def confusion_table(scores: Scores) -> str:
    """Counts of true against predicted classes."""
    rows = [
        (name, *(f"{count:.0f}" for count in row))
        for name, row in zip(CLASSES, scores.confusion, strict=True)
    ]
    return grid(("true \\ predicted", *CLASSES), rows)


def reliability_table(scores: Scores) -> str:
    """How sure the model was, against how often it was right."""
    rows = [
        (
            f"{100 * own.low:.0f}–{100 * own.high:.0f}",
            own.n,
            f"{100 * own.confidence:.1f}",
            own.accuracy,
        )
        for own in scores.reliability
    ]
    return grid(("highest probability", "n", "mean", "right"), rows)


def outcome_table(outcomes: Sequence[Outcome]) -> str:
    """How many behavioural tests of each kind hold."""
    rows = [(own.name, own.n, own.held, f"{100 * own.share:.0f} %", own.note) for own in outcomes]
    return grid(("test", "n", "hold", "share", "note"), rows)


def grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table whose columns line up for those who read it as it is."""
    cells = [[*head], *([str(value).replace("|", "\\|") for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def as_json(measurement: Measurement) -> dict[str, Any]:
    """The measurement for programs; shares are 0 to 1, what does not exist is null."""
    return {
        "model_version": measurement.model,
        "measured": measurement.day.isoformat(),
        "files": [
            {
                "file": file.name,
                "sha256": file.sha256,
                "texts": len(file.examples),
                "labels": file.reading,
                "bad_rows": list(file.bad),
            }
            for file in measurement.files
        ],
        "unscored": dict(measurement.unscored),
        "groups": {name: _scores(own) for name, own in measurement.groups.items()},
        "too_small": dict(measurement.small),
        "baselines": [
            {
                "name": own.name,
                "rows": own.rows,
                "scores": _scores(own.theirs),
                "ours": _scores(own.ours),
                "macro_recall_gained": _figure(own.gain),
            }
            for own in measurement.baselines
        ],
        "behaviour": [
            {"test": own.name, "n": own.n, "held": own.held, "failures": list(own.failures)}
            for own in measurement.outcomes
        ],
    }


def _scores(own: Scores) -> dict[str, Any]:
    return {
        "n": own.n,
        "accuracy": _figure(own.accuracy),
        "macro_recall": _figure(own.macro_recall),
        "macro_f1": _figure(own.macro_f1),
        "f1_poles": _figure(own.f1_poles),
        "recall": {name: _figure(f) for name, f in zip(CLASSES, own.recalls, strict=True)},
        "confusion": own.confusion.astype(int).tolist(),
        "ece": _figure(own.ece),
        "reliability": [
            {
                "low": own_bin.low,
                "high": own_bin.high,
                "n": own_bin.n,
                "confidence": own_bin.confidence,
                "accuracy": _figure(own_bin.accuracy),
            }
            for own_bin in own.reliability
        ],
    }


def _figure(figure: Figure) -> dict[str, float] | None:
    if np.isnan(figure.value):
        return None
    return {"value": figure.value, "low": figure.low, "high": figure.high}
