"""Learning a taxonomy's causes from its examples: many are fitted, few are compared with.

What a language adds to every text is taken out before: without that, examples in English alone
find next to nothing in Russian.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sentiment import readers
from sentiment.classifier import Classifier, fit, unit
from sentiment.encoder import EncodedText, Encoder
from sentiment.features import Features
from sentiment.language import languages_of
from sentiment.likeness import Likeness, Measure, Odds, Scale, Second
from sentiment.one_matter import LONG, usual_clauses, weights_of
from sentiment.passages import Clauses
from sentiment.readers import READERS, TOKENISED
from sentiment.second_reader import pooled
from sentiment.taxonomy import LANGUAGES, Taxonomy
from sentiment.whitening import beside_whitened
from sentiment.wording import Rows, Tokens, Wording
from sentiment.words import WordRows, word_rows

SHIPPED_FIT = Path(__file__).with_name("taxonomy.npz")
"""The shipped taxonomy's classifier, written by `python -m sentiment.training.fit_causes`."""

BACKGROUND_WEIGHT = 0.6
"""What a background text counts in the fit against an example of a cause."""

MOST_WORDS = 2_500
"""Tokens of examples beyond which words are not compared: it would take longer than reading."""

UNMEASURED = Odds(scale=14.0, none=4.8, background=0.0)
"""What is taken for a model that nothing is known of."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is learnt from a taxonomy: the classifier, and the centre [H] of each language.

    The last class of the classifier is "none".
    """

    WHOLE: ClassVar[float] = 0.4
    """What the whole text's likeness counts in the score of each clause of a long text."""
    LONG: ClassVar[int] = 4
    """Clauses from which on a text is long."""
    DISPUTE: ClassVar[float] = 0.05
    """How far likeness and mood (each -1 to 1) must be apart for a clause to be read once more."""
    SUPPORT: ClassVar[float] = 1e-3
    """The share of the clause's sentiment from which on a cause keeps its whole probability: the
    classifier has praise of each thing among its classes, so hardly any is asked for."""
    UNSAID: ClassVar[float] = 4.0
    """How often the log-odds count that a clause says something, where it is likelier not to."""
    THRESHOLD: ClassVar[float] = 0.4
    """Causes less probable are not told: 0.3 finds most in complaints, 0.5 errs least on news."""

    classifier: Classifier
    centres: Mapping[str, Floats]

    def whole(self, lang: str) -> float:
        """What the whole text's likeness counts in a clause's."""
        del lang
        return self.WHOLE

    def luck(self, clauses: int) -> float:
        """Nothing is taken for the number of clauses: the probabilities are right as they are."""
        del clauses
        return 0.0

    def of_clauses(self, clauses: Clauses, rows: NDArray[np.int64] | None = None) -> Floats:
        """Logits [n, causes + 1] of clauses, or of some of them by their numbers [n]."""
        which = np.arange(len(clauses)) if rows is None else rows
        langs = [clauses.langs[row] for row in which]
        return self.scores(clauses.embeddings[which], langs, clauses.words[which])

    def of_wholes(self, clauses: Clauses, texts: NDArray[np.int64]) -> Floats:
        """Logits [n, causes + 1] of some whole texts, by their numbers [n]."""
        bounds = [(clauses.bounds[at], clauses.bounds[at + 1]) for at in texts]
        langs = [clauses.langs[begin] for begin, _ in bounds]
        words = word_rows([" ".join(clauses.texts[begin:end]) for begin, end in bounds])
        return self.scores(clauses.wholes[texts], langs, words)

    def scores(
        self, embeddings: NDArray[np.floating], langs: Sequence[str], words: WordRows
    ) -> Floats:
        """Logits [n, causes + 1] of texts by their embeddings [n, H], languages and words."""
        features = Features.of(embeddings, langs, self.centres, words)
        return features.times(self.classifier.weights) + self.classifier.bias


def shipped_fit(encoder: Encoder, taxonomy: Taxonomy) -> Fitted | None:
    """The fit that comes with the package, if it is of this very model and taxonomy."""
    if not SHIPPED_FIT.is_file():
        return None
    with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
        if str(kept["key"]) != fit_key(encoder, taxonomy):
            return None
        classifier = Classifier(kept["weights"], kept["bias"], float(kept["loss"]))
        return Fitted(classifier, {lang: kept[f"centre_{lang}"] for lang in LANGUAGES})


def measure_of(encoder: Encoder, known: dict[str, Floats] | None = None) -> Measure:
    """What likeness is measured by: it comes with the package for the shipped model alone."""
    if SHIPPED_FIT.is_file():
        with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
            if str(kept["key"]).partition(" ")[0] == encoder.version:
                centres = {lang: kept[f"general_{lang}"] for lang in LANGUAGES}
                plain, with_words = (_scale(own) for own in kept["likeness"].tolist())
                whitening = kept["whitening"].astype(np.float64)
                rarity = {of: kept[f"rarity_{of}"] for of in ("", *TOKENISED)}
                plain_rows = unit(kept["background"].astype(np.float64))
                background = unit(beside_whitened(plain_rows, whitening)).astype(np.float32)
                return Measure(centres, whitening, plain, with_words, rarity, background)
    centres = general_centres(encoder, known)
    unmeasured = Scale(UNMEASURED, dict.fromkeys(READERS, UNMEASURED))
    return Measure(centres, np.eye(len(centres["en"])), unmeasured, unmeasured)


def _scale(kept: Sequence[Sequence[float]]) -> Scale:
    alone, *by_both = (Odds(*own) for own in kept)
    return Scale(alone, dict(zip(READERS, by_both, strict=True)))


def general_centres(encoder: Encoder, known: dict[str, Floats] | None = None) -> dict[str, Floats]:
    """By language, the mean [H] of texts that name no cause."""
    background = Taxonomy.load().background
    return {lang: unit(embed(encoder, background[lang], known)).mean(axis=0) for lang in LANGUAGES}


def fit_key(encoder: Encoder, taxonomy: Taxonomy) -> str:
    """What a fit depends on: the model and the taxonomy."""
    return f"{encoder.version} {taxonomy.version}"


def learn(
    encoder: Encoder, taxonomy: Taxonomy, known: dict[str, Floats] | None = None
) -> Fitted | Likeness:
    """Learn a taxonomy's causes from its examples; `known` remembers embeddings between calls."""
    if taxonomy.few:
        return compared(encoder, taxonomy, measure_of(encoder, known))
    return fitted(encoder, taxonomy, known)


def compared(encoder: Encoder, taxonomy: Taxonomy, measure: Measure) -> Likeness:
    """The examples of few to compare with; the user's own background teaches what is no cause."""
    shipped = {text for own in Taxonomy.load().background.values() for text in own}
    background = [text for own in taxonomy.background.values() for text in own]
    none = [text for text in background if text not in shipped]
    groups = [cause.texts() for cause in taxonomy.findable]
    texts = list(dict.fromkeys(text for own in (*groups, none) for text in own))
    read = dict(zip(texts, encoder.encode((text, ()) for text in texts), strict=True))

    def rows(own: Sequence[str]) -> Floats:
        embeddings = np.array([_pooled(read[text], text) for text in own])
        return measure.rows(embeddings, languages_of(own).tolist())

    clauses = usual_clauses(taxonomy)
    wording = _wording(measure, [*groups, none], read) if clauses < LONG else None
    seconds = _seconds([*groups, none], measure.rarity if wording else {})
    causes = tuple(map(rows, groups))
    few = Likeness(causes, rows(none), measure, seconds, clauses, wording=wording)
    return few if clauses < LONG else replace(few, weights=weights_of(read, taxonomy, few))


def _wording(
    measure: Measure, groups: Sequence[Sequence[str]], read: Mapping[str, EncodedText]
) -> Wording | None:
    """The words of the examples, if it is known which are rare and there are not too many."""
    if not measure.rarity:
        return None

    def tokens(own: Sequence[str]) -> list[Tokens]:
        spoken = zip(own, languages_of(own).tolist(), strict=True)
        return [measure.apart(read[text].tokens(()), lang) for text, lang in spoken]

    wording = Wording.of(map(tokens, groups), measure.rarity[""], len(measure.whitening))
    return wording if wording.size <= MOST_WORDS else None


def _seconds(groups: Sequence[Sequence[str]], rarity: Mapping[str, Rows]) -> dict[str, Second]:
    """The second readers that can compare with an example of a cause; those of none stand last.

    Words are compared by those whose `rarity` is given.
    """
    found = {}
    for lang, kind in READERS.items():
        own = [_spoken(texts, kind.compares) for texts in groups]
        if any(own[:-1]):
            reader = readers.shipped(lang)
            read = [reader.read_whole(texts) for texts in own]
            examples = tuple(unit(pooled(texts, reader.width)) for texts in read)
            tokens = [[text.tokens for text in texts if text.tokens] for texts in read]
            words = Wording.of(tokens, rarity[lang], reader.width) if lang in rarity else None
            found[lang] = Second(reader, examples, words)
    return found


def _spoken(texts: Sequence[str], langs: Container[str]) -> list[str]:
    """Those of the texts that are in one of the languages."""
    return [text for text, lang in zip(texts, languages_of(texts), strict=True) if lang in langs]


def fitted(encoder: Encoder, taxonomy: Taxonomy, known: dict[str, Floats] | None = None) -> Fitted:
    """Fit many examples; each language's share is known from the background."""
    taught = [(text, at) for at, cause in enumerate(taxonomy.findable) for text in cause.texts()]
    none = len(taxonomy.findable)
    taught += [(text, none) for own in taxonomy.background.values() for text in own]
    texts = [text for text, _ in taught]
    classes = np.array([at for _, at in taught])
    langs = languages_of(texts)
    embeddings = unit(embed(encoder, texts, known))
    centres = _centres(embeddings, langs, classes == none)
    features = Features.of(embeddings, langs.tolist(), centres, word_rows(texts))
    weights = np.array([*[1.0] * none, BACKGROUND_WEIGHT])[classes]
    return Fitted(fit(features.dense(), classes.tolist(), weights), centres)


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


def embed(encoder: Encoder, texts: Sequence[str], known: dict[str, Floats] | None = None) -> Floats:
    """Embeddings [n, H] of texts, pooled as clauses are; `known` ones are not read again."""
    kept = {} if known is None else known
    new = [text for text in dict.fromkeys(texts) if text not in kept]
    encoded = encoder.encode([(text, ()) for text in new])
    for text, item in zip(new, encoded, strict=True):
        kept[text] = _pooled(item, text)
    return np.array([kept[text] for text in texts], dtype=np.float64)


def _pooled(encoded: EncodedText, text: str) -> Floats:
    """The embedding [H] of a text, pooled as clauses are."""
    pooled: Floats = encoded.pool(0, len(text))[1].astype(np.float64)
    return pooled
