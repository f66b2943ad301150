"""What likeness is measured by, learnt from complaints about companies of many trades.

The texts of one cause show in which directions they differ anyway (`sentiment.whitening`).
The plain lines of a trade are a taxonomy as a user would write it; its posts name the causes, and
the background of the shipped taxonomy names none, nor do further texts of the trade
(`own_unnamed.jsonl`: praise of the opposite, bare dislike, news of the day, questions). Three
numbers are fitted to all trades by maximum likelihood: from which likeness on a cause is likelier
than none. For texts that a second reader reads too they are fitted to those of its language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from sentiment import readers
from sentiment.causes import agreement, support
from sentiment.classifier import softmax, unit
from sentiment.encoder import Encoder
from sentiment.language import languages_of
from sentiment.learn import compared, embed, general_centres
from sentiment.likeness import Likeness, Measure, Odds, Scale
from sentiment.normalise import normalise
from sentiment.passages import Clauses, Item, read_clauses
from sentiment.taxonomy import Taxonomy
from sentiment.training.trades import LEARNT, alike, trades, unnamed
from sentiment.whitening import whitening_by
from sentiment.wording import Rows, Tokens, rarity_of

Floats = NDArray[np.float64]
PLAIN = Odds(1.0, 0.0, 0.0)
"""By which likeness stays what it is."""

NONE = -1
"""The number of "none", whose probability is the last."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """How texts are seen.

    Attributes:
        likeness: to causes [n, causes].
        background: to the nearest other text of the background [n].
        moods: sentiments [n, 3].
        named: the number of the cause that each names, or `NONE` [n].
    """

    likeness: Floats
    background: Floats
    moods: Floats
    named: NDArray[np.int64]

    def right(self, odds: Odds) -> Floats:
        """The logarithms [n] of the probabilities of what the texts name."""
        negative = np.ones(self.likeness.shape[1], dtype=bool)
        own = odds.scale * self.likeness + agreement(self.moods, negative)
        none = np.logaddexp(odds.none, odds.background * self.background)
        causes = softmax(np.hstack([own, none[:, None]]))[:, :-1]
        causes *= np.minimum(1, support(self.moods, negative) / Likeness.SUPPORT)
        chances = np.hstack([causes, np.maximum(1 - causes.sum(axis=1, keepdims=True), 1e-9)])
        found: Floats = np.log(chances[np.arange(len(self.named)), self.named])
        return found


_Sides = tuple[_Seen, ...]
"""How posts, the background, and other texts of no cause are seen."""
FIRST = (1.0, 1.0, 0.0)
THEN = (1.0, 0.5, 0.5)
"""What these three count in either step of the fit."""
_ByReader = dict[str, list[_Sides]]
"""The same trade by trade: by the encoder (""), and where the second reader of a language has read
too."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Texts as the finder sees them.

    Attributes:
        named: the number [n] of the cause that each names, or `NONE`.
        moods: sentiments [n, 3].
        own: of texts of the background, which of it they are [n].
        again: by the language of a second reader that has read them, their tokens.
    """

    items: list[Item]
    clauses: Clauses
    named: NDArray[np.int64]
    moods: Floats
    own: NDArray[np.int64]
    again: dict[str, dict[int, Tokens]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, encoder: Encoder, texts: list[str], named: Sequence[int], own: Sequence[int] = ()
    ) -> _Read:
        langs = languages_of(texts).tolist()
        encoded = encoder.encode((text, ()) for text in texts)
        items = list(zip(encoded, texts, langs, strict=True))
        moods = [
            encoder.calibration(lang).probabilities(own.logits[None])[0] for own, _, lang in items
        ]
        numbers = np.array(own, np.int64)
        return cls(items, read_clauses(items), np.array(named), np.array(moods), numbers)

    def read_again(self, lang: str) -> _Read:
        """Those of a language, read by its second reader too."""
        rows = [at for at, (_, _, spoken) in enumerate(self.items) if spoken == lang]
        items = [self.items[at] for at in rows]
        clauses = read_clauses(items)
        again = {lang: clauses.read_again(lang, readers.shipped(lang), items)}
        own = self.own[rows] if len(self.own) else self.own
        return _Read(items, clauses, self.named[rows], self.moods[rows], own, again)

    def seen_by(self, asked: Likeness) -> _Seen:
        clauses = replace(self.clauses, by_words=None, wholes_by_words=None)
        asked.compare_words(clauses, self.items, self.again)
        likeness = asked.of_wholes(clauses, np.arange(len(self.items)))[:, :-1]
        columns = asked.measure.background
        assert columns is not None  # noqa: S101 - it is given to every measure here
        background = self.rows(asked.measure) @ columns.T
        if len(self.own):
            background[np.arange(len(self.own)), self.own] = -1
        return _Seen(likeness, background.max(axis=1), self.moods, self.named)

    def rows(self, measure: Measure) -> Floats:
        """Unit rows [n, 2 H] of the whole texts."""
        return measure.rows(self.clauses.wholes, [lang for _, _, lang in self.items])


def fitted_measure(encoder: Encoder, known: dict[str, Floats]) -> Measure:
    """The measure of a model; `known` remembers embeddings.

    Each trade is seen as the others whiten it: a user's was not learnt from either.
    """
    apart = _apart(encoder, known)
    centres, rarity = general_centres(encoder, known), _rarities(encoder)
    untold = [text for own in Taxonomy.load().background.values() for text in own]
    background = _Read.of(encoder, untold, [NONE] * len(untold), range(len(untold)))
    unscaled = Scale(PLAIN, dict.fromkeys(readers.READERS, PLAIN))
    others = {"": background} | {lang: background.read_again(lang) for lang in readers.READERS}
    plain: _ByReader = {reader: [] for reader in others}
    worded: _ByReader = {reader: [] for reader in others}
    beside = unnamed()
    for trade in trades(LEARNT):
        whitening = _whitening(rows for name, rows in apart if name != trade.name)
        measure = Measure(centres, whitening, unscaled, unscaled, rarity)
        asked = compared(encoder, trade.taxonomy, _with_background(measure, background))
        without = replace(asked, wording=None)
        number = {cause.id: at for at, cause in enumerate(trade.taxonomy.causes)}
        named = [number[post.cause] for post in trade.posts]
        posts = _Read.of(encoder, [post.text for post in trade.posts], named)
        silent = _Read.of(encoder, beside[trade.name], [NONE] * len(beside[trade.name]))
        for reader, other in others.items():
            own, quiet = (r.read_again(reader) if reader else r for r in (posts, silent))
            if own.items:
                sides = (own, other, quiet)
                plain[reader].append(tuple(side.seen_by(without) for side in sides))
                worded[reader].append(tuple(side.seen_by(asked) for side in sides))
    whitening = _whitening(rows for _, rows in apart)
    measure = Measure(centres, whitening, _likeliest(plain), _likeliest(worded), rarity)
    return _with_background(measure, background)


def _with_background(measure: Measure, background: _Read) -> Measure:
    return replace(measure, background=background.rows(measure).astype(np.float32))


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


def _likeliest_odds(seen: Sequence[_Sides]) -> Odds:
    """First from which likeness on posts are told from the background, then what that counts.

    All at once, "none" would be nothing but likeness to it, and half of the posts would be lost.
    """

    def loss(odds: Odds, shares: tuple[float, ...]) -> float:
        sides = ([own.right(odds) for own in side] for side in zip(*seen, strict=True))
        means = [float(np.concatenate(side).mean()) for side in sides]
        return -float(np.dot(shares, means))

    first = minimize(lambda o: loss(Odds(*o), FIRST), (14.0, 4.8), method="Nelder-Mead")
    scale, none = first.x.tolist()
    then = minimize_scalar(lambda own: loss(Odds(scale, none, own), THEN), bounds=(0.0, 60.0))
    return Odds(scale, none, float(then.x))


def _apart(encoder: Encoder, known: dict[str, Floats]) -> list[tuple[str, Floats]]:
    """By trade and cause, how far texts [n, H] of one language are from their mean."""
    rows = [(trade, unit(embed(encoder, texts, known))) for trade, texts in alike(LEARNT)]
    return [(trade, own - own.mean(axis=0)) for trade, own in rows]


def _whitening(apart: Iterable[Floats]) -> Floats:
    """What whitens [H, H] how texts of one cause differ, as exact as it is kept."""
    kept = whitening_by(np.concatenate(list(apart))).astype(np.float16)
    return kept.astype(np.float64)
