"""What a head fitted on corrections would gain, judged on corrections it was not fitted on.

Every text is judged by a head fitted on the other folds, choice of its strength included, so no
text has a say in its own verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.adapter import Adapter, Anchors, Integers, Readings, fit, folds
from sentiment.interface import ModelError

FEWEST = 20
"""Stories with a correction, below which nothing is fitted: an interval would say nothing."""

RESAMPLES = 2000
CLASSES = 3


class TooFewCorrectionsError(ModelError):
    """There is too little to learn from; the message says how much is missing."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure before and after, and the 95 % interval of the difference.

    The interval is a paired bootstrap over stories.
    """

    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Gain:
    """How a head fares against the model alone, on corrections it has not seen.

    Attributes:
        texts: corrected texts.
        classes: of them, how many people called negative, neutral and positive.
        accuracy: share labelled as people said.
        macro_recall: mean over the classes people named of the share labelled so.
        mended: texts that the model had wrong and the head has right.
        broken: texts that the model had right and the head has wrong.
    """

    texts: int
    classes: tuple[int, int, int]
    accuracy: Measure
    macro_recall: Measure
    mended: int
    broken: int

    @property
    def gained(self) -> bool:
        """Whether the head is better beyond doubt: its accuracy's interval is above zero.

        Accuracy decides, not macro recall: people correct few texts of some classes, and a class of
        three would have a third of the say.
        """
        return self.accuracy.low > 0

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values, the verdict included."""
        return {**asdict(self), "classes": list(self.classes), "gained": self.gained}


def learn(
    base: str, corrected: Readings, labels: Integers, anchors: Anchors, stories: Sequence[int]
) -> tuple[Adapter, Gain]:
    """A head fitted on all corrections, and what heads fitted like it gain on unseen ones.

    Args:
        base: version of the model that made the readings.
        corrected: what it made of the corrected texts.
        labels: [n] the classes people said they have.
        anchors: texts to leave as they are.
        stories: [n] numbers; texts of one story are judged by heads that saw none of them.

    Raises:
        TooFewCorrectionsError: fewer than `FEWEST` stories.
    """
    found = len(set(stories))
    if found < FEWEST:
        raise TooFewCorrectionsError(
            f"{FEWEST} corrected texts are needed to learn from, and there are {found}: correct "
            f"{FEWEST - found} more (molva correct), right labels too, not only wrong ones"
        )
    fold = folds(labels, stories, seed=1)
    after = np.empty(len(labels), dtype=np.int64)
    groups = np.asarray(stories)
    for number in np.unique(fold):
        seen, unseen = fold != number, fold == number
        head = fit(base, corrected[seen], labels[seen], anchors, groups[seen].tolist())
        after[unseen] = head.apply(corrected[unseen]).argmax(axis=1)
    gain = compare(corrected.sentiments, after, labels, stories)
    return fit(base, corrected, labels, anchors, stories), gain


def compare(
    before: Integers, after: Integers, labels: Integers, stories: Sequence[int], seed: int = 0
) -> Gain:
    """Two lists of classes [n] against what people said, with intervals."""
    right = np.stack([before == labels, after == labels]).astype(np.float64)
    names, member = np.unique(np.asarray(stories), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), RESAMPLES
    )
    draws = drawn[:, member].astype(np.float64)
    counts = np.bincount(labels, minlength=CLASSES)
    return Gain(
        texts=len(labels),
        classes=(int(counts[0]), int(counts[1]), int(counts[2])),
        accuracy=_measure(_accuracy, right, labels, draws),
        macro_recall=_measure(_macro_recall, right, labels, draws),
        mended=int((right[1] > right[0]).sum()),
        broken=int((right[1] < right[0]).sum()),
    )


def _measure(figure: Any, right: NDArray[Any], labels: Integers, draws: NDArray[Any]) -> Measure:
    before, after = figure(right, labels, np.ones((1, len(labels))))[:, 0]
    one, two = figure(right, labels, draws)
    low, high = np.nanpercentile(two - one, (2.5, 97.5))
    return Measure(*(round(float(value), 6) for value in (before, after, low, high)))


def _accuracy(right: NDArray[Any], _labels: Integers, draws: NDArray[Any]) -> NDArray[Any]:
    """[2, draws], of rows [2, n] and how often each draw holds each text [draws, n]."""
    shares: NDArray[Any] = (right @ draws.T) / draws.sum(axis=1)
    return shares


def _macro_recall(right: NDArray[Any], labels: Integers, draws: NDArray[Any]) -> NDArray[Any]:
    """[2, draws]; a draw without a class is the mean of the others."""
    recalls = []
    for number in np.unique(labels):
        own = draws * (labels == number)
        held = own.sum(axis=1)
        recalls.append(np.where(held > 0, (right @ own.T) / np.maximum(held, 1), np.nan))
    mean: NDArray[Any] = np.nanmean(np.stack(recalls), axis=0)
    return mean
