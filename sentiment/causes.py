"""Causes and drivers of a text, each with the clause that shows it and a probability.

Every clause of a text is pooled from the one encoder pass that also gave the sentiment, and a
classifier fitted on the taxonomy's examples (`sentiment.classifier`) gives it probabilities over
all causes and "none". The clause's own sentiment then speaks: a complaint is no reason for
delight, so a cause of the other polarity loses by how sure the sentiment is. That is also how
negation is heard: "not rude at all" is near the rude staff, but it is not negative. Per text the
best clause of each cause is its evidence.

How sure is sure: the classifier is calibrated by leave-one-out on the examples themselves; one
`SHARPNESS` for all taxonomies, measured on complaints with other taxonomies, makes up for real
clauses being longer and more mixed than examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Classifier, fit, softmax, unit
from sentiment.clauses import Span, split_clauses
from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import CauseLink
from sentiment.taxonomy import Cause, Taxonomy

THRESHOLD = 0.3
"""Causes less probable than this are not reported."""

POLARITY_WEIGHT = 1.0
"""How much the clause's sentiment counts against the likeness of its words (log-odds factor)."""

NEUTRAL_CREDIT = 0.5
"""Share of a neutral clause's probability that counts for either polarity: facts can be causes."""

SHARPNESS = 1.0
"""Factor on the logits of real clauses."""

INCLUDE_BOOST = 2.0
"""What an `includes` term in the clause adds to the log-odds of its cause."""

BACKGROUND_WEIGHT = 0.2
"""What a background text counts in the fit against an example of a cause."""

Floats = NDArray[np.float64]
Item = tuple[EncodedText, str, str]
"""An encoded text, the text itself and its language (one the encoder knows)."""


class CauseFinder:
    """Finds the causes of one taxonomy in encoded texts.

    Construction encodes the taxonomy's examples (some seconds for the shipped 1,600) and fits the
    classifier; finding is a few small matrix products for all clauses of a chunk together, so
    forty causes cost hardly more than fifteen.
    """

    def __init__(
        self, encoder: Encoder, taxonomy: Taxonomy, *, threshold: float = THRESHOLD
    ) -> None:
        self._encoder = encoder
        self._causes = taxonomy.causes
        self._threshold = threshold
        self._classifier = _learn(encoder, taxonomy)
        self._negative = np.array([cause.polarity == "negative" for cause in self._causes])
        self._includes = [
            (at, _terms(c.includes)) for at, c in enumerate(self._causes) if c.includes
        ]
        self._excludes = [
            (at, _terms(c.excludes)) for at, c in enumerate(self._causes) if c.excludes
        ]

    def find(self, encoded: EncodedText, text: str, lang: str) -> tuple[CauseLink, ...]:
        """The causes of one text, most probable first; none means "no clear cause"."""
        return self.find_many([(encoded, text, lang)])[0]

    def find_many(self, items: Sequence[Item]) -> list[tuple[CauseLink, ...]]:
        """The causes of several texts, in order; clauses of all texts are judged together."""
        spans = [_read_clauses(encoded, text) for encoded, text, _ in items]
        counts = [len(own) for own in spans]
        if not sum(counts):
            return [() for _ in items]
        chances = self._chances(items, spans)
        edges = np.cumsum([0, *counts])
        return [
            self._links(item[1], own, chances[begin:end])
            for item, own, begin, end in zip(items, spans, edges[:-1], edges[1:], strict=True)
        ]

    def _chances(self, items: Sequence[Item], spans: Sequence[Sequence[Span]]) -> Floats:
        """Probabilities [clauses of all texts, causes]."""
        embeddings, moods = [], []
        for (encoded, _, lang), own in zip(items, spans, strict=True):
            logits, pooled = encoded.pool_many([(span.start, span.end) for span in own])
            embeddings.append(pooled)
            moods.append(self._encoder.calibration(lang).probabilities(logits))
        scores = self._classifier.logits(np.concatenate(embeddings)) * SHARPNESS
        scores[:, :-1] += POLARITY_WEIGHT * self._agreement(np.concatenate(moods))
        if self._includes or self._excludes:
            self._hear_terms(scores, items, spans)
        chances: Floats = softmax(scores)[:, :-1]
        return chances

    def _agreement(self, moods: Floats) -> Floats:
        """Log-odds [n, causes] by which sentiments [n, 3] speak for each cause's polarity."""
        negative, neutral, positive = moods.T
        credit = NEUTRAL_CREDIT * neutral
        for_negative = np.log(np.maximum(negative + credit, 1e-3))[:, None]
        for_positive = np.log(np.maximum(positive + credit, 1e-3))[:, None]
        agreement: Floats = np.where(self._negative, for_negative, for_positive)
        return agreement

    def _hear_terms(
        self, scores: Floats, items: Sequence[Item], spans: Sequence[Sequence[Span]]
    ) -> None:
        """Let `includes` speak for their cause and `excludes` rule it out, clause by clause."""
        clauses = [
            _plain(text[span.start : span.end])
            for (_, text, _), own in zip(items, spans, strict=True)
            for span in own
        ]
        for row, clause in enumerate(clauses):
            for at, pattern in self._includes:
                if pattern.search(clause):
                    scores[row, at] += INCLUDE_BOOST
            for at, pattern in self._excludes:
                if pattern.search(clause):
                    scores[row, at] = -np.inf

    def _links(self, text: str, spans: Sequence[Span], chances: Floats) -> tuple[CauseLink, ...]:
        if not spans:
            return ()
        best = chances.argmax(axis=0)
        found = [
            _link(cause, float(chances[row, at]), text, spans[row])
            for at, (cause, row) in enumerate(zip(self._causes, best, strict=True))
            if chances[row, at] >= self._threshold
        ]
        return tuple(sorted(found, key=lambda link: -link.probability))


def _learn(encoder: Encoder, taxonomy: Taxonomy) -> Classifier:
    """The classifier of a taxonomy; its last class is "none"."""
    texts: list[str] = []
    classes: list[int] = []
    for at, cause in enumerate(taxonomy.causes):
        own = cause.texts()
        texts += own
        classes += [at] * len(own)
    background = [text for own in taxonomy.background.values() for text in own]
    embeddings = _embed(encoder, texts + background)
    weights = np.array([1.0] * len(texts) + [BACKGROUND_WEIGHT] * len(background))
    classes += [len(taxonomy.causes)] * len(background)
    # Half of the centre is the taxonomy's own domain, half what texts in general look like.
    units = unit(embeddings)
    halves = [part.mean(axis=0) for part in (units[: len(texts)], units[len(texts) :]) if len(part)]
    return fit(embeddings, classes, weights, np.mean(halves, axis=0))


def _embed(encoder: Encoder, texts: Sequence[str]) -> Floats:
    """Embeddings [n, H] of short texts, pooled as clauses are."""
    encoded = encoder.encode([(text, None) for text in texts])
    pairs = zip(encoded, texts, strict=True)
    return np.array([item.pool(0, len(text))[1] for item, text in pairs], dtype=np.float64)


def _read_clauses(encoded: EncodedText, text: str) -> list[Span]:
    """The clauses of the part of the text that the encoder has read."""
    offsets = encoded.offsets
    read = int(offsets[-1, 1]) if len(offsets) else 0
    return [span for span in split_clauses(text[:read]) if span.start < read]


def _link(cause: Cause, chance: float, text: str, span: Span) -> CauseLink:
    evidence = text[span.start : span.end]
    return CauseLink(cause.id, cause.polarity, chance, evidence, span.start, span.end)


def _plain(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _terms(terms: Sequence[str]) -> re.Pattern[str]:
    """One pattern for whole terms, in any letter case; "*" at the end stands for any ending."""
    return re.compile(r"(?<!\w)(?:" + "|".join(_alternatives(terms)) + r")(?!\w)")


def _alternatives(terms: Sequence[str]) -> Iterator[str]:
    for term in terms:
        words = r"\s+".join(re.escape(word) for word in _plain(term.rstrip("*")).split())
        yield words + (r"\w*" if term.endswith("*") else "")
