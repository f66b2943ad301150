"""Fitting classifiers on examples: of a taxonomy's causes, of stages, intents and the like.

What a language adds to every text is taken out before: without that, examples in English alone
find next to nothing in Russian.

Where examples are few, each row is seen a second time whitened (`sentiment.whitening`) by what the
many examples of the shipped taxonomy tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Classifier, centred, fit, unit
from sentiment.encoder import Encoder
from sentiment.taxonomy import LANGUAGES, Taxonomy
from sentiment.whitening import beside_whitened, whitening_by
from sentiment.words import Columns, word_columns

SHIPPED_FIT = Path(__file__).with_name("taxonomy.npz")
"""The shipped taxonomy's classifier, written by `python -m sentiment.training.fit_causes`."""

BACKGROUND_WEIGHT = 0.6
FEW_BACKGROUND_WEIGHT = 0.06
"""What a background text counts in the fit against an example of a cause."""

WHOLE = 0.4
FEW_WHOLE = 0.5
"""What the whole text's likeness counts in a clause's score where texts are long. Few examples
show a cause's words less than what it is about."""

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is learnt from a taxonomy: the classifier, and the centre [H] of each language.

    The last class of the classifier is "none". `whitening` [H, H] is there if examples are few.
    """

    classifier: Classifier
    centres: Mapping[str, Floats]
    whitening: Floats | None = None

    @property
    def whole(self) -> float:
        """What the likeness of the whole text counts in a long text."""
        return WHOLE if self.whitening is None else FEW_WHOLE

    def scores(
        self, embeddings: NDArray[np.floating], langs: Sequence[str], words: Columns
    ) -> Floats:
        """Logits [n, causes + 1] of clauses by their embeddings [n, H], languages and words."""
        rows = centred(embeddings, np.stack([self.centres[lang] for lang in langs]))
        if self.whitening is not None:
            rows = beside_whitened(rows, self.whitening)
        elif len(self.classifier.weights) > rows.shape[1]:
            rows = np.hstack([rows, words])
        return self.classifier.logits(rows)


def shipped_fit(encoder: Encoder, taxonomy: Taxonomy) -> Fitted | None:
    """The fit that comes with the package, if it is of this very model and taxonomy."""
    if not SHIPPED_FIT.is_file():
        return None
    with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
        if str(kept["key"]) != fit_key(encoder, taxonomy):
            return None
        classifier = Classifier(kept["weights"], kept["bias"], float(kept["loss"]))
        return Fitted(classifier, {lang: kept[f"centre_{lang}"] for lang in LANGUAGES})


def shipped_whitening(encoder: Encoder) -> Floats | None:
    """What whitens embeddings [H, H] of the shipped model; None for any other model."""
    if not SHIPPED_FIT.is_file():
        return None
    with np.load(SHIPPED_FIT, allow_pickle=False) as kept:
        if str(kept["key"]).partition(" ")[0] != encoder.version:
            return None
        return np.asarray(kept["whitening"], dtype=np.float64)


def whitening_of(encoder: Encoder, taxonomy: Taxonomy, known: dict[str, Floats]) -> Floats:
    """What whitens [H, H] how the examples of a cause differ within each language."""
    own = [
        unit(embed(encoder, texts, known))
        for cause in taxonomy.findable
        for texts in cause.examples.values()
        if len(texts) > 1
    ]
    return whitening_by(np.concatenate([rows - rows.mean(axis=0) for rows in own]))


def fit_key(encoder: Encoder, taxonomy: Taxonomy) -> str:
    """What a fit depends on: the model and the taxonomy."""
    return f"{encoder.version} {taxonomy.version}"


def learn(encoder: Encoder, taxonomy: Taxonomy, known: dict[str, Floats] | None = None) -> Fitted:
    """Fit a taxonomy on its examples; each language's share is known from the background.

    `known` remembers embeddings, for those who fit several times.
    """
    taught = [(text, at) for at, cause in enumerate(taxonomy.findable) for text in cause.texts()]
    none = len(taxonomy.findable)
    taught += [(text, none) for own in taxonomy.background.values() for text in own]
    texts = [text for text, _ in taught]
    classes = np.array([at for _, at in taught])
    langs = languages_of(texts)
    embeddings = unit(embed(encoder, texts, known))
    background = classes == none
    centres = _centres(embeddings, langs, background)
    rows = centred(embeddings, np.stack([centres[lang] for lang in langs]))
    whitening = shipped_whitening(encoder) if taxonomy.few else None
    if whitening is not None:
        rows = beside_whitened(rows, whitening)
    elif not taxonomy.few:
        rows = np.hstack([rows, word_columns(texts)])
    counts = FEW_BACKGROUND_WEIGHT if taxonomy.few else BACKGROUND_WEIGHT
    weights = np.array([*[1.0] * none, counts])[classes]
    return Fitted(fit(rows, classes.tolist(), weights), centres, whitening)


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


def languages_of(texts: Sequence[str]) -> NDArray[np.str_]:
    """The language of each example: Russian if it has a Cyrillic letter."""
    return np.array(["ru" if _CYRILLIC.search(text) else "en" for text in texts])


def embed(encoder: Encoder, texts: Sequence[str], known: dict[str, Floats] | None = None) -> Floats:
    """Embeddings [n, H] of short texts, pooled as clauses are; `known` ones are not read again."""
    kept = {} if known is None else known
    new = [text for text in dict.fromkeys(texts) if text not in kept]
    encoded = encoder.encode([(text, ()) for text in new])
    for text, item in zip(new, encoded, strict=True):
        kept[text] = item.pool(0, len(text))[1].astype(np.float64)
    return np.array([kept[text] for text in texts], dtype=np.float64)
