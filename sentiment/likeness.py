"""How like a text is to a handful of examples: how causes are told that nobody has trained.

A classifier fitted on six plain examples a cause learns their manner as much as their matter: of
messy posts it said "no cause" nearly nine times in ten. Likeness has nothing to fit. A cause is as
like a text as the mean of its examples (prototypical networks, Snell et al. 2017) and as the
nearest of them, softly (matching networks, Vinyals et al. 2016). What texts have in common with any
other, the background, is taken out first. How texts of one cause differ anyway
(`sentiment.whitening`), and from which likeness on a cause is likelier than none, is learnt from
complaints of other trades (`sentiment.training.fit_likeness`).
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
    DISPUTE: ClassVar[float] = 0.3
    """How far likeness and mood (each -1 to 1) must be apart for a clause to be read once more: at
    less, half of the texts on something else are read twice and nothing is gained."""
    READS_WORDS: ClassVar[bool] = False
    """Whether the words of a text are asked for beside its embedding."""
    THRESHOLD: ClassVar[float] = 0.3
    """Causes less probable are not told: about half of the F1 that is reached, where F1 is greatest
    (Lipton, Elkan & Naryanaswamy 2014)."""

    causes: tuple[Floats, ...]
    none: Floats
    measure: Measure

    def scores(self, embeddings: NDArray[np.floating], langs: Sequence[str], _: Columns) -> Floats:
        """Logits [n, causes + 1] of clauses by their embeddings [n, H] and languages."""
        rows = self.measure.rows(embeddings, langs)
        own = self.measure.scale * likeness(rows, [*self.causes, self.none])
        own[:, -1] = np.logaddexp(own[:, -1], self.measure.none)
        return own


def likeness(rows: Floats, groups: Sequence[Floats]) -> Floats:
    """How like rows [n, W] are to groups of examples [m, W], -2 to 2: [n, groups].

    That is, to their mean and, softly, to the nearest of them; nothing is like an empty group.
    """
    sizes = np.array([len(own) for own in groups])
    full = np.flatnonzero(sizes)
    found = np.full((len(rows), len(groups)), -np.inf)
    if len(full):
        starts = np.cumsum([0, *sizes[full][:-1]])
        examples = np.ascontiguousarray(np.concatenate(list(groups)).T)
        near = np.exp(SHARPNESS * products(rows, examples))
        near = np.log(np.add.reduceat(near, starts, axis=1) / sizes[full]) / SHARPNESS
        means = unit(np.stack([own.mean(axis=0) for own in groups if len(own)]))
        found[:, full] = near + products(rows, means.T)
    return found
