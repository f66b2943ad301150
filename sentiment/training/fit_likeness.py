"""What likeness is measured by, learnt from complaints about companies of many trades.

The texts of one cause show in which directions they differ anyway (`sentiment.whitening`).
The plain lines of a trade are a taxonomy as a user would write it; its posts name the causes, and
the background of the shipped taxonomy names none. Two numbers are fitted to all trades by maximum
likelihood: from which likeness on a cause is likelier than none. For texts that MiniLM reads too
they are fitted to what is English.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sentiment import minilm
from sentiment.causes import agreement
from sentiment.classifier import softmax, unit
from sentiment.encoder import Encoder
from sentiment.learn import UNMEASURED, compared, embed, general_centres, languages_of
from sentiment.likeness import Likeness, Measure, Odds
from sentiment.taxonomy import Taxonomy
from sentiment.training.trades import LEARNT, alike, trades
from sentiment.whitening import whitening_by

Floats = NDArray[np.float64]
Seen = tuple[Floats, Floats, NDArray[np.bool_]]
"""Likeness to causes, what moods add, and of which of the texts."""

PLAIN = Odds(1.0, 0.0)
"""By which likeness stays what it is."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts as the finder sees them: embeddings [n, H] and [n, D], languages, moods [n, 3]."""

    embeddings: Floats
    by_minilm: Floats
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
        read = minilm.shipped().read(texts, [()] * len(texts))
        english = np.array([lang == minilm.LANGUAGE for lang in langs])
        by_minilm = np.array([whole for whole, _ in read]) * english[:, None]
        return cls(np.array([own.embedding for own in encoded]), by_minilm, langs, np.array(moods))

    def seen_by(self, asked: Likeness, *, both: bool) -> Seen:
        """How like each text is to each cause, and what its mood adds [n, causes].

        By the encoder alone, or, of English texts, by `both` it and MiniLM.
        """
        rows: NDArray[np.bool_] = np.ones(len(self.langs), dtype=bool)
        if both:
            rows = np.any(self.by_minilm, axis=1)
        langs = [lang for lang, own in zip(self.langs, rows, strict=True) if own]
        read = self.by_minilm[rows] if both else np.zeros_like(self.by_minilm)
        likeness = asked.scores(self.embeddings[rows], langs, read)[:, :-1]
        mood = agreement(self.moods[rows], np.ones(likeness.shape[1], dtype=bool))
        return likeness, mood, rows


def fitted_measure(encoder: Encoder, known: dict[str, Floats]) -> Measure:
    """The measure of a model; `known` remembers embeddings.

    Each trade is seen as the others whiten it: a user's was not learnt from either.
    """
    apart = _apart(encoder, known)
    centres = general_centres(encoder, known)
    untold = [text for own in Taxonomy.load().background.values() for text in own]
    background = _Read.of(encoder, untold)
    seen: dict[bool, list[_Lesson]] = {False: [], True: []}
    for trade in trades(LEARNT):
        whitening = _whitening(rows for name, rows in apart if name != trade.name)
        measure = Measure(centres, whitening, PLAIN, PLAIN)
        asked = compared(encoder, trade.taxonomy, measure, known)
        number = {cause.id: at for at, cause in enumerate(trade.taxonomy.causes)}
        named = np.array([number[post.cause] for post in trade.posts])
        read = _Read.of(encoder, [post.text for post in trade.posts])
        for both, lessons in seen.items():
            posts, others = (own.seen_by(asked, both=both) for own in (read, background))
            lessons.append(_Lesson(posts, named[posts[-1]], others))
    whitening = _whitening(rows for _, rows in apart)
    return Measure(centres, whitening, _odds(seen[False]), _odds(seen[True]))


@dataclass(frozen=True, slots=True)
class _Lesson:
    """The posts of a trade with the number of the cause they name, and texts that name none."""

    posts: Seen
    named: NDArray[np.int64]
    others: Seen


def _odds(lessons: Sequence[_Lesson]) -> Odds:
    """The odds under which what the lessons name, and what they do not, is likeliest."""

    def loss(at: Floats) -> float:
        right, silent = [], []
        for own in lessons:
            posts = _chances(*own.posts[:2], *at)
            right.append(posts[np.arange(len(own.named)), own.named])
            silent.append(_chances(*own.others[:2], *at)[:, -1])
        return -float(np.log(np.concatenate(right)).mean() + np.log(np.concatenate(silent)).mean())

    return Odds(*minimize(loss, UNMEASURED, method="Nelder-Mead").x.tolist())


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
