"""Causes and drivers of a text, each with the clause that shows it and a probability.

Every clause of a text is pooled from the one encoder pass that also gave the sentiment. What was
learnt from the taxonomy's examples (`sentiment.learn`: a classifier of many, likeness to few) gives
it probabilities over all causes and "none". The clause's own sentiment then speaks: a complaint is
no reason for delight, so a cause of the other polarity loses by how sure the sentiment is. Negation
is heard by rule (`sentiment.denial`), because neither likeness nor sentiment hears it well: "not
rude at all" is near the rude staff. Per text the best clause of each cause is its evidence.

How sure is sure: the classifier is calibrated on the examples themselves, each judged by a fit that
has not seen it, likeness on posts of other trades, and `tempered` takes back what they are too sure
of. How often a told probability was right is in `causes.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment import readers
from sentiment.classifier import softmax
from sentiment.clauses import Span, contrasts
from sentiment.denial import denied, plain
from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import CauseLink, Reasons
from sentiment.kept_fit import learnt
from sentiment.learn import Fitted
from sentiment.likeness import Likeness
from sentiment.passages import Clauses, Item, read_clauses
from sentiment.signals import ClauseSignals, Signals, intents
from sentiment.signals import version as signals_version
from sentiment.taxonomy import Cause, Taxonomy
from sentiment.terms import term_pattern

POLARITY_WEIGHT = 1.5
"""How much the clause's sentiment counts against the likeness of its words (log-odds factor)."""

NEUTRAL_CREDIT = 0.3
"""Share of a neutral clause's probability that counts for either polarity: facts can be causes."""

INCLUDE_BOOST = 2.0
"""What an `includes` term in the clause adds to the log-odds of its cause."""

DENIAL = 7.0
"""What a denial by rule ("no queue at all") takes from the log-odds of the causes it denies, and
how often the log-odds of no denial by the classifier count (chosen on our own texts of denials)."""

CERTAINTY = 0.5
"""What is left of log-odds above even: examples are plainer than posts, and of a long text some
clause is like any cause. Chosen on complaints about restaurants and about finance, and on review
sentences."""

Floats = NDArray[np.float64]


def version_with(taxonomy: Taxonomy) -> str:
    """The taxonomy's version and those of what else decides: "1+5f3a91c2+0b6d7e21"."""
    own = f"{taxonomy.version}+{signals_version()}"
    return f"{own}+{readers.version()}" if taxonomy.few else own


class CauseFinder:
    """Finds the causes of one taxonomy in encoded texts.

    Construction encodes the taxonomy's examples, for which two dozen causes of six examples take a
    second; the fit of the shipped taxonomy comes with the package, that of another one with many
    examples is kept beside its file. Finding is a few small matrix products for all clauses of a
    chunk together, so forty causes cost hardly more than fifteen.

    Attributes:
        usual_threshold: causes less probable are not told, if nothing else is asked for.
    """

    def __init__(
        self,
        encoder: Encoder,
        taxonomy: Taxonomy,
        *,
        threshold: float | None = None,
        fitted: Fitted | Likeness | None = None,
    ) -> None:
        self._encoder = encoder
        self._causes = taxonomy.findable
        self._version = version_with(taxonomy)
        self._fitted = fitted or learnt(encoder, taxonomy)
        self.usual_threshold = self._fitted.THRESHOLD
        self._threshold = self.usual_threshold if threshold is None else threshold
        self._signals = Signals.load(encoder)
        self._negative = np.array([cause.polarity == "negative" for cause in self._causes])
        self._includes = [
            (at, term_pattern(c.includes)) for at, c in enumerate(self._causes) if c.includes
        ]
        self._excludes = [
            (at, term_pattern(c.excludes)) for at, c in enumerate(self._causes) if c.excludes
        ]

    @property
    def version(self) -> str:
        """What it finds causes and signals by."""
        return self._version

    def find(self, encoded: EncodedText, text: str, lang: str) -> tuple[CauseLink, ...]:
        """The causes of one text, most probable first; none means "no clear cause"."""
        return self.read([(encoded, text, lang)])[0].causes

    def read(self, items: Sequence[Item], several: Collection[int] = ()) -> list[Reasons]:
        """The causes and intents of several texts, in order; all clauses are judged together.

        `several` are the numbers of texts that name several brands: what is said of one must not
        colour what is said of the other, so each of their clauses is read without its text.
        """
        clauses = read_clauses(items)
        if not clauses:
            return [Reasons() for _ in items]
        if isinstance(self._fitted, Likeness):
            self._fitted.read(clauses, items)
        scores, moods = self._settled(clauses, np.isin(clauses.owners(), list(several)))
        signals = self._signals.read(clauses)
        chances = self._chances(clauses, scores, moods, signals)
        return [
            Reasons(
                self._links(text, clauses.spans[begin:end], chances[begin:end], signals[begin:end]),
                intents(text, clauses.spans[begin:end], signals[begin:end]),
            )
            for (_, text, _), (begin, end) in zip(items, pairwise(clauses.bounds), strict=True)
        ]

    def _settled(self, clauses: Clauses, apart: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Scores [clauses, causes + 1] and moods [clauses, 3].

        A clause in dispute, or told to be read `apart` [clauses], is read anew.
        """
        wholes, shares = self._of_wholes(clauses)
        scores, moods = self._fitted.of_clauses(clauses), clauses.moods(self._encoder)
        scores += shares * (wholes - scores)
        disputed = self._disputed(scores, moods, clauses.texts)
        again = np.flatnonzero(~clauses.alone() & (disputed | apart))
        if len(again):
            clauses.read_alone(self._encoder, again.tolist())
            anew = self._fitted.of_clauses(clauses, again)
            scores[again] = anew + shares[again] * (wholes[again] - anew)
            moods = clauses.moods(self._encoder)
        return scores, moods

    def _chances(
        self, clauses: Clauses, scores: Floats, moods: Floats, signals: Sequence[ClauseSignals]
    ) -> Floats:
        """Probabilities [clauses, causes], of what likeness, moods, denials and terms say."""
        scores[:, : len(self._causes)] += agreement(moods, self._negative)
        simple = [plain(clause) for clause in clauses.texts]
        self._hear_denials(scores, simple, np.array([own.denials for own in signals]))
        self._hear_unsaid(scores, np.array([own.unsaid for own in signals]))
        excluded = self._hear_terms(scores, simple)
        chances: Floats = softmax(scores)[:, : len(self._causes)]
        chances *= np.minimum(1, support(moods, self._negative) / self._fitted.SUPPORT)
        # Not before: the share of what is ruled out would go to the next cause, which says no more.
        chances[excluded] = 0.0
        return chances

    def _of_wholes(self, clauses: Clauses) -> tuple[Floats, Floats]:
        """Scores [clauses, causes + 1] of the clauses' texts, if long, and shares [clauses, 1]."""
        wholes = np.zeros((len(clauses), len(self._causes) + 1))
        shares = np.zeros((len(clauses), 1))
        long = np.flatnonzero(np.diff(clauses.bounds) >= self._fitted.LONG)
        found = self._fitted.of_wholes(clauses, long) if len(long) else wholes[:0]
        for at, whole in zip(long.tolist(), found, strict=True):
            own = slice(clauses.bounds[at], clauses.bounds[at + 1])
            wholes[own] = whole
            shares[own] = self._fitted.whole(clauses.langs[own.start])
        return wholes, shares

    def _disputed(self, scores: Floats, moods: Floats, clauses: Sequence[str]) -> NDArray[np.bool_]:
        """Which clauses [n] contrast, or have a mood that their likest cause does not share."""
        chances = softmax(scores)[:, : len(self._causes)]
        likeness = chances[:, ~self._negative].sum(axis=1) - chances[:, self._negative].sum(axis=1)
        mood = moods[:, 2] - moods[:, 0]
        turns = np.array([contrasts(own) for own in clauses])
        # What comes before "but" stands in its shadow as well.
        turns[:-1] |= turns[1:]
        disputed: NDArray[np.bool_] = (likeness * mood < -self._fitted.DISPUTE) | turns
        return disputed

    def _hear_denials(self, scores: Floats, clauses: Sequence[str], chances: Floats) -> None:
        """Take from complaints and from praise what a clause says was not so.

        `chances` [n, 2] are those of a denied complaint and of denied praise by the classifier;
        the rules are heard beside it.
        """
        rules = np.array([denied(clause) for clause in clauses])
        heard = DENIAL * (np.log1p(-np.minimum(chances, 0.999)) - rules)
        causes = scores[:, : len(self._causes)]
        causes += np.where(self._negative, heard[:, :1], heard[:, 1:])

    def _hear_unsaid(self, scores: Floats, chances: Floats) -> None:
        """Take from every cause what a clause [n] only mentions, if that is likelier than not."""
        beyond_even = np.clip(2 * chances - 1, 0, 0.999)
        scores[:, : len(self._causes)] += self._fitted.UNSAID * np.log1p(-beyond_even)[:, None]

    def _hear_terms(self, scores: Floats, clauses: Sequence[str]) -> NDArray[np.bool_]:
        """Let `includes` speak for their cause; which causes [n, causes] `excludes` rule out."""
        for at, pattern in self._includes:
            scores[[bool(pattern.search(clause)) for clause in clauses], at] += INCLUDE_BOOST
        excluded = np.zeros((len(clauses), len(self._causes)), dtype=np.bool_)
        for at, pattern in self._excludes:
            excluded[:, at] = [bool(pattern.search(clause)) for clause in clauses]
        return excluded

    def _links(
        self, text: str, spans: Sequence[Span], chances: Floats, signals: Sequence[ClauseSignals]
    ) -> tuple[CauseLink, ...]:
        if not spans:
            return ()
        best = chances.argmax(axis=0)
        told = tempered(chances.max(axis=0), self._fitted.luck(len(spans)))
        found = [
            _link(cause, chance, text, spans[row], signals[row])
            for cause, row, chance in zip(self._causes, best, told.tolist(), strict=True)
            if chance >= self._threshold
        ]
        return tuple(sorted(found, key=lambda link: -link.probability))


def support(moods: Floats, negative: NDArray[np.bool_]) -> Floats:
    """How far [n, causes], 0 to 1, sentiments [n, 3] are those of causes, negative or not."""
    against, neutral, in_favour = moods.T
    sides = np.stack([in_favour, against], axis=1) + NEUTRAL_CREDIT * neutral[:, None]
    found: Floats = sides[:, negative.astype(np.int64)]
    return found


def agreement(moods: Floats, negative: NDArray[np.bool_]) -> Floats:
    """Log-odds [n, causes] by which sentiments [n, 3] speak for causes that are negative or not."""
    found: Floats = POLARITY_WEIGHT * np.log(np.maximum(support(moods, negative), 1e-3))
    return found


def tempered(chances: Floats, luck: float = 0.0) -> Floats:
    """Probabilities as told: a fit on plain examples is surer of itself than posts let it be.

    `luck` is taken from the log-odds first: what the best of many clauses owes to their number.
    """
    within = np.clip(chances, 1e-9, 1 - 1e-9)
    odds = np.log(within / (1 - within)) - luck
    told = 1 / (1 + np.exp(-np.where(odds > 0, CERTAINTY * odds, odds)))
    possible: Floats = np.where(chances > 0, told, 0.0)
    return possible


def _link(cause: Cause, chance: float, text: str, span: Span, signals: ClauseSignals) -> CauseLink:
    return CauseLink(
        cause=cause.id,
        polarity=cause.polarity,
        probability=chance,
        evidence=text[span.start : span.end],
        start=span.start,
        end=span.end,
        stage=signals.stage,
        expectation=signals.expectation_of(cause.polarity),
        severity=signals.severity if cause.polarity == "negative" else None,
    )
