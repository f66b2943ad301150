"""What likeness is measured by, learnt from complaints about companies of many trades.

The texts of one cause show in which directions they differ anyway (`sentiment.whitening`).
The plain lines of a trade are a taxonomy as a user would write it; its posts name the causes, and
the background of the shipped taxonomy names none. Two numbers are fitted to all trades by maximum
likelihood: from which likeness on a cause is likelier than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sentiment.causes import agreement
from sentiment.classifier import softmax, unit
from sentiment.encoder import Encoder
from sentiment.learn import UNMEASURED, compared, embed, general_centres, languages_of
from sentiment.likeness import Likeness, Measure
from sentiment.taxonomy import Taxonomy
from sentiment.training.trades import LEARNT, alike, trades
from sentiment.whitening import whitening_by
from sentiment.words import word_columns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts as the finder sees them: embeddings [n, H], languages, moods [n, 3]."""

    embeddings: Floats
    langs: list[str]
    moods: Floats

    @classmethod
    def of(cls, encoder: Encoder, texts: Sequence[str]) -> _Read:
        langs = languages_of(texts).tolist()
        encoded = list(encoder.encode((text, ()) for text in texts))
        moods = [
            encoder.calibration(lang).probabilities(own.logits[None])[0]
            for own, lang in zip(encoded, langs, strict=True)
        ]
        return cls(np.array([own.embedding for own in encoded]), langs, np.array(moods))

    def seen_by(self, asked: Likeness) -> tuple[Floats, Floats]:
        """How like each text is to each cause, and what its mood adds [n, causes]."""
        likeness = asked.scores(self.embeddings, self.langs, word_columns([]))[:, :-1]
        return likeness, agreement(self.moods, np.ones(likeness.shape[1], dtype=bool))


def fitted_measure(encoder: Encoder, known: dict[str, Floats]) -> Measure:
    """The measure of a model; `known` remembers embeddings.

    Each trade is seen as the others whiten it: a user's was not learnt from either.
    """
    apart = _apart(encoder, known)
    centres = general_centres(encoder, known)
    untold = [text for own in Taxonomy.load().background.values() for text in own]
    background = _Read.of(encoder, untold)
    posts, others = [], []
    for trade in trades(LEARNT):
        whitening = _whitening(rows for name, rows in apart if name != trade.name)
        asked = compared(encoder, trade.taxonomy, Measure(centres, whitening, 1.0, 0.0), known)
        number = {cause.id: at for at, cause in enumerate(trade.taxonomy.causes)}
        named = np.array([number[post.cause] for post in trade.posts])
        read = _Read.of(encoder, [post.text for post in trade.posts])
        posts.append((*read.seen_by(asked), named))
        others.append(background.seen_by(asked))

    def loss(at: Floats) -> float:
        right = [
            _chances(likeness, mood, *at)[np.arange(len(named)), named]
            for likeness, mood, named in posts
        ]
        silent = [_chances(likeness, mood, *at)[:, -1] for likeness, mood in others]
        return -float(np.log(np.concatenate(right)).mean() + np.log(np.concatenate(silent)).mean())

    scale, none = minimize(loss, UNMEASURED, method="Nelder-Mead").x
    return Measure(centres, _whitening(rows for _, rows in apart), float(scale), float(none))


def _apart(encoder: Encoder, known: dict[str, Floats]) -> list[tuple[str, Floats]]:
    """By trade and cause, how far texts [n, H] of one language are from their mean."""
    rows = [(trade, unit(embed(encoder, texts, known))) for trade, texts in alike(LEARNT)]
    return [(trade, own - own.mean(axis=0)) for trade, own in rows]


def _whitening(apart: Iterable[Floats]) -> Floats:
    """What whitens [H, H] how texts of one cause differ, as exact as it is kept."""
    kept = whitening_by(np.concatenate(list(apart))).astype(np.float16)
    return kept.astype(np.float64)


def _chances(likeness: Floats, mood: Floats, scale: float, none: float) -> Floats:
    """Probabilities [n, causes + 1] of each cause and of none."""
    return softmax(np.hstack([scale * likeness + mood, np.full((len(likeness), 1), none)]))
