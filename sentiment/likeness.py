"""How like a text is to a handful of examples: how causes are told that nobody has trained.

A classifier fitted on six plain examples a cause learns their manner as much as their matter: of
messy posts it said "no cause" nearly nine times in ten. Likeness has nothing to fit. A cause is as
like a text as the mean of its examples (prototypical networks, Snell et al. 2017) and as the
nearest of them, softly (matching networks, Vinyals et al. 2016). What texts have in common with any
other is taken out first. "None" is as like as the nearest text of the shipped taxonomy's background
("I hate this company", "went there on Saturday"). How texts of one cause differ anyway
(`sentiment.whitening`), and from which likeness on a cause is likelier than none, is learnt from
complaints of other trades (`sentiment.training.fit_likeness`).

A second reader is asked as well (`sentiment.readers`), how like a text of its language is to the
examples that it can compare it with; both count (`Weights`). Where the examples are plain lines,
words are compared one by one, too (`sentiment.wording`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import centred, products, unit
from sentiment.passages import Clauses, Item
from sentiment.second_reader import SecondReader
from sentiment.whitening import beside_whitened
from sentiment.wording import Rows, Tokens, Wording

STEPS: Final = 400
"""Into which the numbers of unit rows are rounded to be held against the background: the sums of
768 products of such integers fit in 24 bits, where floats add without rounding, in any order."""

SHARPNESS = 20.0
"""How far the nearest examples count more than the others: 0 is their mean, without end the one."""

Floats = NDArray[np.float64]


class Odds(NamedTuple):
    """How likeness becomes log-odds.

    Attributes:
        scale: by which likeness (at most 2) is multiplied.
        none: the log-odds of "none", whatever a text says.
        background: by which likeness to the background (at most 1) is multiplied, for "none" too.
    """

    scale: float
    none: float
    background: float = 0.0


class Scale(NamedTuple):
    """The odds of what has read a text.

    Attributes:
        alone: of likeness by the encoder alone.
        by_both: by language, where a second reader has read too.
    """

    alone: Odds
    by_both: Mapping[str, Odds]


@dataclass(frozen=True, slots=True)
class Measure:
    """What likeness is measured by, of one model.

    Attributes:
        centres: by language, what any text has [H].
        whitening: [H, H].
        plain: the odds where words are not compared.
        worded: the odds where they are.
        rarity: what each token of a vocabulary counts: the encoder's ("") and those of second
            readers by language; nothing of a model that is not measured.
        background: unit rows [m, 2 H] of texts that name no cause, if they are measured.
    """

    centres: Mapping[str, Floats]
    whitening: Floats
    plain: Scale
    worded: Scale
    rarity: Mapping[str, Rows] = field(default_factory=dict)
    background: Rows | None = None

    def rows(self, embeddings: NDArray[np.floating], langs: Sequence[str]) -> Floats:
        """Unit rows [n, 2 H] of embeddings [n, H], plain and whitened side by side."""
        if not len(embeddings):
            return np.empty((0, 2 * len(self.whitening)))
        plain = centred(embeddings, np.stack([self.centres[lang] for lang in langs]))
        return unit(beside_whitened(plain, self.whitening))

    def of_background(self, rows: Floats) -> Floats:
        """How like rows [n, 2 H] are to the nearest text of the background, -1 to 1 [n]."""
        if self.background is None:
            return np.zeros(len(rows))
        near: Floats = (in_steps(rows) @ in_steps(self.background).T).max(axis=1).astype(np.float64)
        return near / STEPS**2

    def apart(self, tokens: Tokens, lang: str) -> Tokens:
        """The encoder's tokens of a text, without what any text of its language has."""
        return tokens._replace(centre=self.centres[lang].astype(np.float32))


class Weights(NamedTuple):
    """What counts in the likeness of a clause.

    Attributes:
        whole: that of its text beside its own: what a post is about is seldom said by one clause.
        second: that by the second reader beside that by the encoder.
    """

    whole: float
    second: float


SEVERAL = Weights(whole=0.41, second=0.5)
"""Of texts that may name several matters, each in a clause of its own."""


class Second(NamedTuple):
    """A second reader and the examples that it compares with.

    Attributes:
        examples: unit rows [n, D] of each cause's, those of none last.
        wording: their tokens, where words are compared.
    """

    reader: SecondReader
    examples: tuple[Floats, ...]
    wording: Wording | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """The examples of a taxonomy's causes, to compare with.

    Attributes:
        causes: unit rows [n, 2 H] of each cause's examples, in the order of the taxonomy.
        none: those of texts that the user says name no cause, may be empty.
        seconds: by the language of the texts that it reads.
        clauses: how many an example has, the geometric mean.
        weights: by language, where they are not `SEVERAL`.
        wording: the tokens of each cause's examples and of none's, if words are compared.
    """

    WORDS: ClassVar[float] = 0.5
    """What likeness by words counts beside that by meaning."""
    SECOND_WORDS: ClassVar[float] = 0.75
    """The same by the words of a second reader."""
    LUCK: ClassVar[float] = 0.17
    """What a text's best clause loses of its log-odds for the logarithm of how many times the
    clauses of an example it has: of the seventeen clauses of a letter some are like any plain line.
    """
    LONG: ClassVar[int] = 1
    """Clauses from which on a text is long."""
    DISPUTE: ClassVar[float] = math.inf
    """How far likeness and mood (each -1 to 1) must be apart for a clause to be read once more:
    never, as alone "a real person picked up in a minute" is no praise."""
    SUPPORT: ClassVar[float] = 0.7
    """The share of the clause's sentiment from which on a cause keeps its whole probability: few
    examples cannot tell "the showers gleam" from "mould in the showers"."""
    UNSAID: ClassVar[float] = 1.0
    """How often the log-odds count that a clause says something, where it is likelier not to. More
    would tell none of a fifth of the posts of trades that name a cause."""
    THRESHOLD: ClassVar[float] = 0.3
    """Causes less probable are not told: about half of the F1 that is reached, where F1 is greatest
    (Lipton, Elkan & Naryanaswamy 2014)."""

    causes: tuple[Floats, ...]
    none: Floats
    measure: Measure
    seconds: Mapping[str, Second] = field(default_factory=dict)
    clauses: float = 1.0
    weights: Mapping[str, Weights] = field(default_factory=dict)
    wording: Wording | None = None

    def whole(self, lang: str) -> float:
        """What the whole text's likeness counts in a clause's."""
        return self.weights.get(lang, SEVERAL).whole

    def luck(self, clauses: int) -> float:
        """What the best of so many clauses loses of its log-odds."""
        return self.LUCK * math.log(max(1.0, clauses / self.clauses))

    def read(self, clauses: Clauses, items: Sequence[Item]) -> None:
        """Let the second readers read the texts too, and compare words."""
        again = {
            lang: clauses.read_again(lang, second.reader, items)
            for lang, second in self.seconds.items()
        }
        self.compare_words(clauses, items, again)

    def compare_words(
        self,
        clauses: Clauses,
        items: Sequence[Item],
        again: Mapping[str, Mapping[int, Tokens]],
    ) -> None:
        """Compare words, if that is wanted; `again` are the texts' tokens by second readers."""
        if self.wording is None:
            return
        groups = len(self.causes) + 1
        found, wholes = np.zeros((len(clauses), groups)), np.zeros((len(items), groups))

        def count(at: int, share: float, wording: Wording, tokens: Tokens) -> None:
            of_clauses, of_whole = wording.likeness(tokens)
            found[clauses.bounds[at] : clauses.bounds[at + 1]] += share * of_clauses
            wholes[at] += share * of_whole

        for at, (encoded, _, lang) in enumerate(items):
            tokens = self.measure.apart(encoded.tokens(clauses.edges(at)), lang)
            count(at, self.WORDS, self.wording, tokens)
        for lang, read in again.items():
            wording = self.seconds[lang].wording
            if wording is not None:
                for at, tokens in read.items():
                    count(at, self.SECOND_WORDS, wording, tokens)
        clauses.by_words, clauses.wholes_by_words = found, wholes

    def of_clauses(self, clauses: Clauses, rows: NDArray[np.int64] | None = None) -> Floats:
        """Logits [n, causes + 1] of clauses, or of some of them by their numbers [n]."""
        which = np.arange(len(clauses)) if rows is None else rows
        langs = [clauses.langs[row] for row in which]
        by_second = {lang: own[which] for lang, own in clauses.by_second.items()}
        words = None if clauses.by_words is None else clauses.by_words[which]
        return self.scores(clauses.embeddings[which], langs, by_second, words)

    def of_wholes(self, clauses: Clauses, texts: NDArray[np.int64]) -> Floats:
        """Logits [n, causes + 1] of some whole texts, by their numbers [n]."""
        langs = [clauses.langs[clauses.bounds[at]] for at in texts]
        by_second = {lang: rows[texts] for lang, rows in clauses.wholes_by_second.items()}
        words = clauses.wholes_by_words
        own = None if words is None else words[texts]
        return self.scores(clauses.wholes[texts], langs, by_second, own)

    def scores(
        self,
        embeddings: NDArray[np.floating],
        langs: Sequence[str],
        by_second: Mapping[str, NDArray[np.floating]],
        words: Floats | None = None,
    ) -> Floats:
        """Logits [n, causes + 1] of texts by their embeddings [n, H] and languages.

        `by_second` are the second readers' embeddings [n, D], zeros for what one has not read;
        `words` is likeness by words [n, causes + 1].
        """
        rows = self.measure.rows(embeddings, langs)
        found = likeness(rows, [*self.causes, self.none])
        measured = self.measure.plain if words is None else self.measure.worded
        odds = np.tile(measured.alone, (len(found), 1))
        for lang, own in by_second.items():
            read: NDArray[np.bool_] = np.any(own, axis=1)
            if read.any():
                second = likeness(unit(own[read]), self.seconds[lang].examples)
                share = self.weights.get(lang, SEVERAL).second
                # A cause without examples that it can read is told by the encoder alone.
                further = np.zeros_like(second)
                np.subtract(second, found[read], out=further, where=np.isfinite(second))
                found[read] += share * further
                odds[read] = measured.by_both[lang]
        scale, none, background = odds.T
        scores: Floats = scale[:, None] * (found if words is None else found + words)
        if background.any():
            none = np.logaddexp(none, background * self.measure.of_background(rows))
        scores[:, -1] = np.logaddexp(scores[:, -1], none)
        return scores


def in_steps(rows: NDArray[np.floating]) -> Rows:
    """Unit rows as integers of 7 bits in single precision."""
    steps: Rows = np.clip(np.rint(rows * STEPS), -127, 127).astype(np.float32)
    return steps


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
