"""What likeness is measured by, learnt from complaints about companies of many trades.

The texts of one cause show in which directions they differ anyway (`sentiment.whitening`).
The plain lines of a trade are a taxonomy as a user would write it; its posts name the causes, and
the background of the shipped taxonomy names none. Two numbers are fitted to all trades by maximum
likelihood: from which likeness on a cause is likelier than none. For texts that a second reader
reads too they are fitted to those of its language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sentiment import readers
from sentiment.causes import agreement
from sentiment.classifier import softmax, unit
from sentiment.encoder import Encoder
from sentiment.language import languages_of
from sentiment.learn import UNMEASURED, compared, embed, general_centres
from sentiment.likeness import Likeness, Measure, Odds, Scale
from sentiment.normalise import normalise
from sentiment.passages import Clauses, Item, read_clauses
from sentiment.taxonomy import Taxonomy
from sentiment.training.trades import LEARNT, alike, trades
from sentiment.whitening import whitening_by
from sentiment.wording import Rows, Tokens, rarity_of

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


_ByReader = dict[str, list[tuple[_Seen, _Seen]]]
"""How posts and texts of no cause are seen, trade by trade: by the encoder (""), and where the
second reader of a language has read too."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts as the finder sees them.

    Attributes:
        named: the number [n] of the cause that each names, or `NONE`.
        moods: sentiments [n, 3].
        again: by the language of a second reader that has read them, their tokens.
    """

    items: list[Item]
    clauses: Clauses
    named: NDArray[np.int64]
    moods: Floats
    again: dict[str, dict[int, Tokens]] = field(default_factory=dict)

    @classmethod
    def of(cls, encoder: Encoder, texts: list[str], named: Sequence[int]) -> _Read:
        langs = languages_of(texts).tolist()
        encoded = encoder.encode((text, ()) for text in texts)
        items = list(zip(encoded, texts, langs, strict=True))
        moods = [
            encoder.calibration(lang).probabilities(own.logits[None])[0] for own, _, lang in items
        ]
        return cls(items, read_clauses(items), np.array(named), np.array(moods))

    def read_again(self, lang: str) -> _Read:
        """Those of a language, read by its second reader too."""
        rows = [at for at, (_, _, spoken) in enumerate(self.items) if spoken == lang]
        items = [self.items[at] for at in rows]
        clauses = read_clauses(items)
        again = {lang: clauses.read_again(lang, readers.shipped(lang), items)}
        return _Read(items, clauses, self.named[rows], self.moods[rows], again)

    def seen_by(self, asked: Likeness) -> _Seen:
        clauses = replace(self.clauses, by_words=None, wholes_by_words=None)
        asked.compare_words(clauses, self.items, self.again)
        likeness = asked.of_wholes(clauses, np.arange(len(self.items)))[:, :-1]
        mood = agreement(self.moods, np.ones(likeness.shape[1], dtype=bool))
        return _Seen(likeness, mood, self.named)


def fitted_measure(encoder: Encoder, known: dict[str, Floats]) -> Measure:
    """The measure of a model; `known` remembers embeddings.

    Each trade is seen as the others whiten it: a user's was not learnt from either.
    """
    apart = _apart(encoder, known)
    centres, rarity = general_centres(encoder, known), _rarities(encoder)
    untold = [text for own in Taxonomy.load().background.values() for text in own]
    background = _Read.of(encoder, untold, [NONE] * len(untold))
    others = {"": background} | {lang: background.read_again(lang) for lang in readers.READERS}
    unscaled = Scale(PLAIN, dict.fromkeys(readers.READERS, PLAIN))
    plain: _ByReader = {reader: [] for reader in others}
    worded: _ByReader = {reader: [] for reader in others}
    for trade in trades(LEARNT):
        whitening = _whitening(rows for name, rows in apart if name != trade.name)
        measure = Measure(centres, whitening, unscaled, unscaled, rarity)
        asked = compared(encoder, trade.taxonomy, measure)
        number = {cause.id: at for at, cause in enumerate(trade.taxonomy.causes)}
        named = [number[post.cause] for post in trade.posts]
        posts = _Read.of(encoder, [post.text for post in trade.posts], named)
        for reader, other in others.items():
            own = posts.read_again(reader) if reader else posts
            if own.items:
                without = replace(asked, wording=None)
                plain[reader].append((own.seen_by(without), other.seen_by(without)))
                worded[reader].append((own.seen_by(asked), other.seen_by(asked)))
    whitening = _whitening(rows for _, rows in apart)
    return Measure(centres, whitening, _likeliest(plain), _likeliest(worded), rarity)


def _rarities(encoder: Encoder) -> dict[str, Rows]:
    """What each token of the encoder and of the second readers counts, by our own texts."""
    taxonomy = Taxonomy.load()
    texts = [text for cause in taxonomy.findable for text in cause.texts()]
    texts += [text for own in taxonomy.background.values() for text in own]
    texts += [text for _, own in alike(LEARNT) for text in own]
    langs = languages_of(texts)
    found = {"": _rarity(encoder.tokenizer, texts)}
    for lang in readers.TOKENISED:
        own = [text for text, spoken in zip(texts, langs, strict=True) if spoken == lang]
        found[lang] = _rarity(readers.shipped(lang).tokenizer, own)
    return found


def _rarity(tokenizer: Any, texts: Sequence[str]) -> Rows:
    clean = [normalise(text).text for text in texts]
    read = tokenizer.encode_batch(clean, add_special_tokens=False)
    return rarity_of([own.ids for own in read], tokenizer.get_vocab_size())


def _likeliest(seen: _ByReader) -> Scale:
    """The odds, by reader, under which what posts name, and others do not, is likeliest."""
    alone, *by_both = map(_likeliest_odds, seen.values())
    return Scale(alone, dict(zip(readers.READERS, by_both, strict=True)))


def _likeliest_odds(seen: Sequence[tuple[_Seen, _Seen]]) -> Odds:
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
