"""What likeness is measured by, learnt from complaints about companies of many trades.

The texts of one cause show in which directions they differ anyway (`sentiment.whitening`).
The plain lines of a trade are a taxonomy as a user would write it; its posts name the causes, and
the background of the shipped taxonomy names none. Two numbers are fitted to all trades by maximum
likelihood: from which likeness on a cause is likelier than none. For texts that a second reader
reads too they are fitted to those of its language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sentiment import readers
from sentiment.causes import agreement
from sentiment.classifier import softmax, unit
from sentiment.encoder import Encoder
from sentiment.language import languages_of
from sentiment.learn import UNMEASURED, compared, embed, general_centres
from sentiment.likeness import Likeness, Measure, Odds
from sentiment.taxonomy import Taxonomy
from sentiment.training.trades import LEARNT, alike, trades
from sentiment.whitening import whitening_by

Floats = NDArray[np.float64]
PLAIN = Odds(1.0, 0.0)
"""By which likeness stays what it is."""

NONE = -1
"""The number of "none", whose probability is the last."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """How like texts are to causes, what their moods add [n, causes], and what they name [n]."""

    likeness: Floats
    mood: Floats
    named: NDArray[np.int64]

    def right(self, odds: Floats) -> Floats:
        """The logarithms [n] of the probabilities of what the texts name."""
        chances = _chances(self.likeness, self.mood, *odds)
        found: Floats = np.log(chances[np.arange(len(self.named)), self.named])
        return found


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts as the finder sees them.

    Attributes:
        named: the number [n] of the cause that each names, or `NONE`.
        embeddings: [n, H].
        by_second: by the language of the second reader that was asked, [n, D].
        moods: sentiments [n, 3].
    """

    texts: list[str]
    named: NDArray[np.int64]
    langs: list[str]
    embeddings: Floats
    by_second: dict[str, Floats]
    moods: Floats

    @classmethod
    def of(cls, encoder: Encoder, texts: list[str], named: Sequence[int]) -> _Read:
        langs = languages_of(texts).tolist()
        encoded = list(encoder.encode((text, ()) for text in texts))
        moods = [
            encoder.calibration(lang).probabilities(own.logits[None])[0]
            for own, lang in zip(encoded, langs, strict=True)
        ]
        embeddings = np.array([own.embedding for own in encoded], dtype=np.float64)
        return cls(texts, np.array(named), langs, embeddings, {}, np.array(moods))

    def read_again(self, lang: str) -> _Read:
        """Those of a language, read by its second reader too."""
        rows = [at for at, spoken in enumerate(self.langs) if spoken == lang]
        texts = [self.texts[at] for at in rows]
        reader = readers.shipped(lang)
        wholes = [whole for whole, _ in reader.read(texts, [()] * len(texts))]
        by_second = {lang: np.array(wholes, dtype=np.float64).reshape(-1, reader.width)}
        langs = [lang] * len(rows)
        return _Read(
            texts, self.named[rows], langs, self.embeddings[rows], by_second, self.moods[rows]
        )

    def seen_by(self, asked: Likeness) -> _Seen:
        likeness = asked.scores(self.embeddings, self.langs, self.by_second)[:, :-1]
        mood = agreement(self.moods, np.ones(likeness.shape[1], dtype=bool))
        return _Seen(likeness, mood, self.named)


def fitted_measure(encoder: Encoder, known: dict[str, Floats]) -> Measure:
    """The measure of a model; `known` remembers embeddings.

    Each trade is seen as the others whiten it: a user's was not learnt from either.
    """
    apart = _apart(encoder, known)
    centres = general_centres(encoder, known)
    untold = [text for own in Taxonomy.load().background.values() for text in own]
    background = _Read.of(encoder, untold, [NONE] * len(untold))
    again = {lang: background.read_again(lang) for lang in readers.READERS}
    alone: list[tuple[_Seen, _Seen]] = []
    by_both: dict[str, list[tuple[_Seen, _Seen]]] = {lang: [] for lang in again}
    for trade in trades(LEARNT):
        whitening = _whitening(rows for name, rows in apart if name != trade.name)
        measure = Measure(centres, whitening, PLAIN, dict.fromkeys(again, PLAIN))
        asked = compared(encoder, trade.taxonomy, measure, known)
        number = {cause.id: at for at, cause in enumerate(trade.taxonomy.causes)}
        named = [number[post.cause] for post in trade.posts]
        posts = _Read.of(encoder, [post.text for post in trade.posts], named)
        alone.append((posts.seen_by(asked), background.seen_by(asked)))
        for lang, other in again.items():
            own = posts.read_again(lang)
            if own.texts:
                by_both[lang].append((own.seen_by(asked), other.seen_by(asked)))
    return Measure(
        centres,
        _whitening(rows for _, rows in apart),
        _likeliest(alone),
        {lang: _likeliest(seen) for lang, seen in by_both.items()},
    )


def _likeliest(seen: Sequence[tuple[_Seen, _Seen]]) -> Odds:
    """The odds under which what posts name, and what other texts do not, is likeliest."""

    def loss(odds: Floats) -> float:
        sides = ([own.right(odds) for own in side] for side in zip(*seen, strict=True))
        return -sum(float(np.concatenate(side).mean()) for side in sides)

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
