"""How like a text is to a handful of examples: how causes are told that nobody has trained.

A classifier fitted on six plain examples a cause learns their manner as much as their matter: of
messy posts it said "no cause" nine times in ten. Likeness has nothing to fit. A cause is as like a
text as the mean of its examples (prototypical networks, Snell et al. 2017) and as the nearest of
them, softly (matching networks, Vinyals et al. 2016). What texts have in common with any other, the
background, is taken out first; and rows are seen a second time whitened (`sentiment.whitening`) by
what the many examples of the shipped taxonomy tell. From which likeness on a cause is likelier than
none is learnt from posts of other trades (`sentiment.training.fit_likeness`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import centred, products, unit
from sentiment.whitening import beside_whitened
from sentiment.words import Columns

SHARPNESS = 20.0
"""How far the nearest examples count more than the others: 0 is their mean, without end the one."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """What likeness is measured by, of one model.

    Attributes:
        centres: by language, what any text has [H].
        whitening: [H, H].
        scale: by which likeness (at most 2) becomes log-odds.
        none: the log-odds of "none".
    """

    centres: Mapping[str, Floats]
    whitening: Floats
    scale: float
    none: float

    def rows(self, embeddings: NDArray[np.floating], langs: Sequence[str]) -> Floats:
        """Unit rows [n, 2 H] of embeddings [n, H], plain and whitened side by side."""
        if not len(embeddings):
            return np.empty((0, 2 * len(self.whitening)))
        plain = centred(embeddings, np.stack([self.centres[lang] for lang in langs]))
        return unit(beside_whitened(plain, self.whitening))


@dataclass(frozen=True, slots=True)
class Likeness:
    """The examples of a taxonomy's causes, to compare with.

    Attributes:
        causes: unit rows [n, 2 H] of each cause's examples, in the order of the taxonomy.
        none: those of texts that the user says name no cause, may be empty.
    """

    WHOLE: ClassVar[float] = 0.67
    """What the whole text's likeness counts in a clause's: what a post is about is seldom said by
    one clause of it."""
    LONG: ClassVar[int] = 1
    """Clauses from which on a text is long."""
    CERTAINTY: ClassVar[float] = 0.75
    """What is left of log-odds above even: of a long letter some clause is like any cause."""
    THRESHOLD: ClassVar[float] = 0.3
    """Causes less probable are not told: about half of the F1 that is reached, where F1 is greatest
    (Lipton, Elkan & Naryanaswamy 2014)."""

    causes: tuple[Floats, ...]
    none: Floats
    measure: Measure

    def scores(self, embeddings: NDArray[np.floating], langs: Sequence[str], _: Columns) -> Floats:
        """Logits [n, causes + 1] of clauses by their embeddings [n, H] and languages."""
        rows = self.measure.rows(embeddings, langs)
        alike = [self.measure.scale * likeness(rows, own) for own in self.causes]
        none = np.full(len(rows), self.measure.none)
        if len(self.none):
            none = np.logaddexp(none, self.measure.scale * likeness(rows, self.none))
        return np.stack([*alike, none], axis=1)


def likeness(rows: Floats, examples: Floats) -> Floats:
    """How like rows [n, W] are to the mean of examples [m, W] and, softly, the nearest: -2 to 2."""
    cosines = products(rows, examples.T)
    nearest = np.log(np.exp(SHARPNESS * cosines).mean(axis=1)) / SHARPNESS
    mean = unit(examples.mean(axis=0))
    found: Floats = nearest + products(rows, mean[:, None])[:, 0]
    return found
