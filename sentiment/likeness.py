"""How like a text is to a handful of examples: how causes are told that nobody has trained.

A classifier fitted on six plain examples a cause learns their manner as much as their matter: of
messy posts it said "no cause" nearly nine times in ten. Likeness has nothing to fit. A cause is as
like a text as the mean of its examples (prototypical networks, Snell et al. 2017) and as the
nearest of them, softly (matching networks, Vinyals et al. 2016). What texts have in common with any
other, the background, is taken out first. How texts of one cause differ anyway
(`sentiment.whitening`), and from which likeness on a cause is likelier than none, is learnt from
complaints of other trades (`sentiment.training.fit_likeness`).

Of an English text MiniLM is asked as well (`sentiment.minilm`), how like it is to the English
examples of a cause; the mean of both counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import centred, products, unit
from sentiment.minilm import MiniLM
from sentiment.passages import Clauses
from sentiment.whitening import beside_whitened

SHARPNESS = 20.0
"""How far the nearest examples count more than the others: 0 is their mean, without end the one."""

Floats = NDArray[np.float64]


class Odds(NamedTuple):
    """How likeness becomes log-odds.

    Attributes:
        scale: by which likeness (at most 2) is multiplied.
        none: the log-odds of "none".
    """

    scale: float
    none: float


@dataclass(frozen=True, slots=True)
class Measure:
    """What likeness is measured by, of one model.

    Attributes:
        centres: by language, what any text has [H].
        whitening: [H, H].
        alone: for likeness by the encoder alone.
        by_both: for the mean of it and that by MiniLM.
    """

    centres: Mapping[str, Floats]
    whitening: Floats
    alone: Odds
    by_both: Odds

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
        minilm: what reads English texts a second time, if any example is English.
        english: its unit rows [n, D] of each cause's English examples, those of none last.
        clauses: how many an example has, the geometric mean.
    """

    WHOLE: ClassVar[float] = 0.41
    """What the whole text's likeness counts in a clause's: what a post is about is seldom said by
    one clause of it."""
    LUCK: ClassVar[float] = 0.24
    """What a text's best clause loses of its log-odds for the logarithm of how many times the
    clauses of an example it has: of the seventeen clauses of a letter some are like any plain line.
    """
    LONG: ClassVar[int] = 1
    """Clauses from which on a text is long."""
    DISPUTE: ClassVar[float] = 0.3
    """How far likeness and mood (each -1 to 1) must be apart for a clause to be read once more: at
    less, half of the texts on something else are read twice and nothing is gained."""
    THRESHOLD: ClassVar[float] = 0.3
    """Causes less probable are not told: about half of the F1 that is reached, where F1 is greatest
    (Lipton, Elkan & Naryanaswamy 2014)."""

    causes: tuple[Floats, ...]
    none: Floats
    measure: Measure
    minilm: MiniLM | None = None
    english: tuple[Floats, ...] = ()
    clauses: float = 1.0

    def luck(self, clauses: int) -> float:
        """What the best of so many clauses loses of its log-odds."""
        return self.LUCK * math.log(max(1.0, clauses / self.clauses))

    def of_clauses(self, clauses: Clauses) -> Floats:
        """Logits [n, causes + 1] of clauses."""
        return self.scores(clauses.embeddings, clauses.langs, clauses.by_minilm)

    def of_wholes(self, clauses: Clauses, texts: NDArray[np.int64]) -> Floats:
        """Logits [n, causes + 1] of some whole texts, by their numbers [n]."""
        langs = [clauses.langs[clauses.bounds[at]] for at in texts]
        return self.scores(clauses.wholes[texts], langs, clauses.wholes_by_minilm[texts])

    def scores(
        self,
        embeddings: NDArray[np.floating],
        langs: Sequence[str],
        by_minilm: NDArray[np.floating],
    ) -> Floats:
        """Logits [n, causes + 1] of texts by their embeddings [n, H] and languages.

        `by_minilm` [n, D] are MiniLM's embeddings, zeros for a text that it has not read.
        """
        found = likeness(self.measure.rows(embeddings, langs), [*self.causes, self.none])
        both: NDArray[np.bool_] = np.any(by_minilm, axis=1)
        if self.english and both.any():
            second = likeness(unit(by_minilm[both]), self.english)
            # A cause without English examples is told by the encoder alone.
            known = np.isfinite(second)
            found[both] = np.where(
                known, (found[both] + np.where(known, second, 0)) / 2, found[both]
            )
        scale, none = np.where(both[:, None], self.measure.by_both, self.measure.alone).T
        own: Floats = scale[:, None] * found
        own[:, -1] = np.logaddexp(own[:, -1], none)
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
