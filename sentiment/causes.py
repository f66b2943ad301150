"""Causes and drivers of a text, each with the clause that shows it and a probability.

Every clause of a text is pooled from the one encoder pass that also gave the sentiment, and a
classifier fitted on the taxonomy's examples (`sentiment.classifier`) gives it probabilities over
all causes and "none". The clause's own sentiment then speaks: a complaint is no reason for
delight, so a cause of the other polarity loses by how sure the sentiment is. Negation is heard by
rule (`sentiment.denial`), because neither likeness nor sentiment hears it well: "not rude at all"
is near the rude staff. Per text the best clause of each cause is its evidence.

How sure is sure: the classifier is calibrated on the examples themselves, each judged by a fit that
has not seen it. On real complaints and reviews a reported 0.5 was right about every second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Classifier, centred, fit, softmax, unit
from sentiment.clauses import Span, contrasts, split_clauses
from sentiment.denial import denied, plain
from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import CauseLink
from sentiment.taxonomy import LANGUAGES, Cause, Taxonomy

SHIPPED_FIT = Path(__file__).with_name("taxonomy.npz")
"""The shipped taxonomy's classifier, written by `python -m sentiment.training.fit_causes`."""

THRESHOLD = 0.4
"""Causes less probable are not reported: 0.3 finds most in complaints, 0.5 errs least on news."""

POLARITY_WEIGHT = 1.5
"""How much the clause's sentiment counts against the likeness of its words (log-odds factor)."""

NEUTRAL_CREDIT = 0.3
"""Share of a neutral clause's probability that counts for either polarity: facts can be causes."""

INCLUDE_BOOST = 2.0
"""What an `includes` term in the clause adds to the log-odds of its cause."""

BACKGROUND_WEIGHT = 0.2
"""What a background text counts in the fit against an example of a cause."""

DISPUTE = 0.05
"""How far likeness and mood (each -1 to 1) must be apart for a clause to be read once more."""

DENIAL = 5.0
"""What a denial ("no queue at all") takes from the log-odds of the causes it denies."""

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)

Floats = NDArray[np.float64]
Item = tuple[EncodedText, str, str]
"""An encoded text, the text itself and its language (one the encoder knows)."""


class CauseFinder:
    """Finds the causes of one taxonomy in encoded texts.

    Construction encodes the taxonomy's examples and fits the classifier, for which two dozen causes
    of six examples take a second; the fit of the shipped taxonomy comes with the package. Finding
    is a few small matrix products for all clauses of a chunk together, so forty causes cost hardly
    more than fifteen.
    """

    def __init__(
        self, encoder: Encoder, taxonomy: Taxonomy, *, threshold: float = THRESHOLD
    ) -> None:
        self._encoder = encoder
        self._causes = taxonomy.causes
        self._threshold = threshold
        self._fitted = shipped_fit(encoder, taxonomy) or learn(encoder, taxonomy)
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
        pooled = [
            encoded.pool_many([(span.start, span.end) for span in own])
            for (encoded, _, _), own in zip(items, spans, strict=True)
        ]
        langs = [item[2] for item, own in zip(items, spans, strict=True) for _ in own]
        clauses = [
            item[1][span.start : span.end]
            for item, own in zip(items, spans, strict=True)
            for span in own
        ]
        scores, moods = self._read(
            np.concatenate([embeddings for _, embeddings in pooled]),
            np.concatenate([logits for logits, _ in pooled]),
            langs,
        )
        alone = np.concatenate([np.full(len(own), len(own) == 1) for own in spans])
        again = np.flatnonzero(~alone & self._disputed(scores, moods, clauses))
        if len(again):
            # The states of a clause carry the mood of the whole text; read alone, it has its own.
            heard = self._encoder.encode_chunk([(clauses[row], ()) for row in again])
            scores[again], moods[again] = self._read(
                np.array(
                    [
                        own.pool(0, len(clauses[row]))[1]
                        for own, row in zip(heard, again, strict=True)
                    ]
                ),
                np.array(
                    [
                        own.pool(0, len(clauses[row]))[0]
                        for own, row in zip(heard, again, strict=True)
                    ]
                ),
                [langs[row] for row in again],
            )
        scores[:, : len(self._causes)] += POLARITY_WEIGHT * self._agreement(moods)
        simple = [plain(clause) for clause in clauses]
        self._hear_denials(scores, simple)
        self._hear_terms(scores, simple)
        chances: Floats = softmax(scores)[:, : len(self._causes)]
        return chances

    def _read(
        self, embeddings: NDArray[np.floating], logits: NDArray[np.floating], langs: Sequence[str]
    ) -> tuple[Floats, Floats]:
        """Scores [n, causes + 1] and calibrated sentiments [n, 3] of pooled clauses."""
        moods = np.empty((len(langs), 3))
        centres = np.stack([self._fitted.centres[lang] for lang in langs])
        for lang in set(langs):
            rows = np.array([own == lang for own in langs])
            moods[rows] = self._encoder.calibration(lang).probabilities(logits[rows])
        return self._fitted.classifier.logits(centred(embeddings, centres)), moods

    def _disputed(self, scores: Floats, moods: Floats, clauses: Sequence[str]) -> NDArray[np.bool_]:
        """Which clauses [n] contrast, or have a mood that their likest cause does not share."""
        chances = softmax(scores)[:, : len(self._causes)]
        likeness = chances[:, ~self._negative].sum(axis=1) - chances[:, self._negative].sum(axis=1)
        mood = moods[:, 2] - moods[:, 0]
        turns = np.array([contrasts(own) for own in clauses])
        # What comes before "but" stands in its shadow as well.
        turns[:-1] |= turns[1:]
        disputed: NDArray[np.bool_] = (likeness * mood < -DISPUTE) | turns
        return disputed

    def _agreement(self, moods: Floats) -> Floats:
        """Log-odds [n, causes] by which sentiments [n, 3] speak for each cause's polarity."""
        negative, neutral, positive = moods.T
        credit = NEUTRAL_CREDIT * neutral
        for_negative = np.log(np.maximum(negative + credit, 1e-3))[:, None]
        for_positive = np.log(np.maximum(positive + credit, 1e-3))[:, None]
        agreement: Floats = np.where(self._negative, for_negative, for_positive)
        return agreement

    def _hear_denials(self, scores: Floats, clauses: Sequence[str]) -> None:
        """Take from complaints and from praise what a clause says was not so."""
        causes = scores[:, : len(self._causes)]
        for row, clause in enumerate(clauses):
            complaint, praise = denied(clause)
            if complaint:
                causes[row, self._negative] -= DENIAL
            if praise:
                causes[row, ~self._negative] -= DENIAL

    def _hear_terms(self, scores: Floats, clauses: Sequence[str]) -> None:
        """Let `includes` speak for their cause and `excludes` rule it out, clause by clause."""
        for at, pattern in self._includes:
            scores[[bool(pattern.search(clause)) for clause in clauses], at] += INCLUDE_BOOST
        for at, pattern in self._excludes:
            scores[[bool(pattern.search(clause)) for clause in clauses], at] = -np.inf

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


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is learnt from a taxonomy: the classifier, and the centre [H] of each language.

    The last class of the classifier is "none".
    """

    classifier: Classifier
    centres: Mapping[str, Floats]


def shipped_fit(encoder: Encoder, taxonomy: Taxonomy) -> Fitted | None:
    """The fit that comes with the package, if it is of this very model and taxonomy."""
    if not SHIPPED_FIT.is_file():
        return None
    with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
        if str(kept["key"]) != fit_key(encoder, taxonomy):
            return None
        classifier = Classifier(kept["weights"], kept["bias"], float(kept["loss"]))
        return Fitted(classifier, {lang: kept[f"centre_{lang}"] for lang in LANGUAGES})


def fit_key(encoder: Encoder, taxonomy: Taxonomy) -> str:
    """What a fit depends on: the model and the taxonomy."""
    return f"{encoder.version} {taxonomy.version}"


def learn(encoder: Encoder, taxonomy: Taxonomy) -> Fitted:
    """Fit a taxonomy on its examples.

    What a language adds to every text is taken out before: without that, examples in English
    alone find next to nothing in Russian. Each language's share is known from the background,
    which is there in both.
    """
    taught = [(text, at) for at, cause in enumerate(taxonomy.causes) for text in cause.texts()]
    none = len(taxonomy.causes)
    taught += [(text, none) for own in taxonomy.background.values() for text in own]
    texts = [text for text, _ in taught]
    classes = np.array([at for _, at in taught])
    langs = np.array(["ru" if _CYRILLIC.search(text) else "en" for text in texts])
    embeddings = unit(_embed(encoder, texts))
    background = classes == none
    centres = _centres(embeddings, langs, background)
    rows = centred(embeddings, np.stack([centres[lang] for lang in langs]))
    weights = np.array([*[1.0] * none, BACKGROUND_WEIGHT])[classes]
    classifier = fit(rows, classes.tolist(), weights)
    # Left out, an example leaves its cause with one less to learn from: where there are few, the
    # whole fit knows clearly more than the calibration saw.
    sharper = 1 + 2 * none / max(len(classes) - background.sum(), 1)
    sharp = Classifier(classifier.weights * sharper, classifier.bias * sharper, classifier.loss)
    return Fitted(sharp, centres)


def _centres(
    embeddings: Floats, langs: NDArray[np.str_], background: NDArray[np.bool_]
) -> dict[str, Floats]:
    """By language: half the taxonomy's own domain, half texts in general, plus the language."""
    general = {lang: embeddings[background & (langs == lang)] for lang in LANGUAGES}
    means = [rows.mean(axis=0) for rows in general.values() if len(rows)]
    domain = embeddings[~background].mean(axis=0)
    if not means:
        return dict.fromkeys(LANGUAGES, domain)
    spoken = {lang: own for lang in LANGUAGES if len(own := langs[~background] == lang)}
    middle = np.mean(means, axis=0)
    added = {
        lang: rows.mean(axis=0) - middle if len(rows) else np.zeros_like(middle)
        for lang, rows in general.items()
    }
    # The domain without the languages its examples happen to be in.
    domain = domain - sum(own.mean() * added[lang] for lang, own in spoken.items())
    return {lang: (domain + middle) / 2 + added[lang] for lang in LANGUAGES}


def _embed(encoder: Encoder, texts: Sequence[str]) -> Floats:
    """Embeddings [n, H] of short texts, pooled as clauses are."""
    encoded = encoder.encode([(text, ()) for text in texts])
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


def _terms(terms: Sequence[str]) -> re.Pattern[str]:
    """One pattern for whole terms, in any letter case; "*" at the end stands for any ending."""
    return re.compile(r"(?<!\w)(?:" + "|".join(_alternatives(terms)) + r")(?!\w)")


def _alternatives(terms: Sequence[str]) -> Iterator[str]:
    for term in terms:
        words = r"\s+".join(re.escape(word) for word in plain(term.rstrip("*")).split())
        yield words + (r"\w*" if term.endswith("*") else "")
