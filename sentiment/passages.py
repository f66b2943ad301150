"""The clauses of a chunk of texts, each with its meaning and its mood from the one encoder pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment.clauses import Span, split_clauses
from sentiment.encoder import EncodedText, Encoder
from sentiment.second_reader import SecondReader
from sentiment.wording import Tokens
from sentiment.words import WordRows, word_rows

Floats = NDArray[np.float64]
Item = tuple[EncodedText, str, str]
"""An encoded text, the text itself and its language (one the encoder knows)."""


@dataclass(slots=True)
class Clauses:
    """All clauses of several texts, in order.

    Attributes:
        spans: characters of the clause in its text.
        texts: what the clauses say.
        langs: the language of each.
        bounds: clauses `bounds[i]` to `bounds[i + 1]` are of text i.
        embeddings: [n, H], not centred.
        logits: sentiment [n, 3], not calibrated.
        wholes: embeddings of the texts [texts, H].
        words: the clauses' words [n].
        by_second: by the language of a second reader, its embeddings [n, D]; zeros for what it has
            not read, see `read_again`.
        wholes_by_second: the same of the texts [texts, D].
        by_words: likeness by words to the causes and to none [n, causes + 1], if it was asked for.
        wholes_by_words: the same of the texts [texts, causes + 1].
    """

    spans: list[Span]
    texts: list[str]
    langs: list[str]
    bounds: list[int]
    embeddings: NDArray[np.floating]
    logits: NDArray[np.floating]
    wholes: NDArray[np.floating]
    words: WordRows
    by_second: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    wholes_by_second: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    by_words: Floats | None = None
    wholes_by_words: Floats | None = None

    def __len__(self) -> int:
        return len(self.spans)

    def alone(self) -> NDArray[np.bool_]:
        """Which clauses [n] are all that their text says."""
        counts = np.diff(self.bounds)
        alone: NDArray[np.bool_] = np.repeat(counts == 1, counts)
        return alone

    def owners(self) -> NDArray[np.int64]:
        """The number of the text [n] that each clause is of."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def moods(self, encoder: Encoder) -> Floats:
        """Calibrated sentiments [n, 3]."""
        found = np.empty((len(self), 3))
        for lang in set(self.langs):
            rows = np.array([own == lang for own in self.langs])
            found[rows] = encoder.calibration(lang).probabilities(self.logits[rows])
        return found

    def read_alone(self, encoder: Encoder, rows: Sequence[int]) -> None:
        """Read some clauses once more, each without its text, whose mood its states carry."""
        heard = encoder.encode_chunk([(self.texts[row], ()) for row in rows])
        for row, own in zip(rows, heard, strict=True):
            self.logits[row], self.embeddings[row] = own.pool(0, len(self.texts[row]))

    def edges(self, at: int) -> list[tuple[int, int]]:
        """Where the clauses of a text begin and end in it."""
        own = self.spans[self.bounds[at] : self.bounds[at + 1]]
        return [(span.start, span.end) for span in own]

    def read_again(
        self, lang: str, reader: SecondReader, items: Sequence[Item]
    ) -> dict[int, Tokens]:
        """Let a second reader read the texts of its language, once.

        Their tokens, by the texts' numbers, are for whoever compares words.
        """
        bounds = zip(items, pairwise(self.bounds), strict=True)
        own = [at for at, ((_, _, spoken), (a, b)) in enumerate(bounds) if spoken == lang and b > a]
        if not own:
            return {}
        read = reader.read([items[at][1] for at in own], [self.edges(at) for at in own])
        wholes = np.zeros((len(items), reader.width), np.float32)
        clauses = np.zeros((len(self), reader.width), np.float32)
        for at, reading in zip(own, read, strict=True):
            wholes[at] = reading.whole
            clauses[self.bounds[at] : self.bounds[at + 1]] = reading.spans
        self.wholes_by_second[lang], self.by_second[lang] = wholes, clauses
        found = zip(own, (reading.tokens for reading in read), strict=True)
        return {at: tokens for at, tokens in found if tokens is not None}


def read_clauses(items: Sequence[Item]) -> Clauses:
    """Split texts into clauses and pool what the encoder has read of each."""
    spans = [_spans(encoded, text) for encoded, text, _ in items]
    pooled = [
        encoded.pool_many([(span.start, span.end) for span in own])
        for (encoded, _, _), own in zip(items, spans, strict=True)
        if own
    ]
    texts = [
        text[span.start : span.end]
        for (_, text, _), own in zip(items, spans, strict=True)
        for span in own
    ]
    return Clauses(
        spans=[span for own in spans for span in own],
        texts=texts,
        langs=[lang for (_, _, lang), own in zip(items, spans, strict=True) for _ in own],
        bounds=np.cumsum([0, *map(len, spans)]).tolist(),
        embeddings=_joined([embeddings for _, embeddings in pooled]),
        logits=_joined([logits for logits, _ in pooled]),
        wholes=np.array([encoded.embedding for encoded, _, _ in items]),
        words=word_rows(texts),
    )


def _joined(rows: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    return np.concatenate(rows) if rows else np.empty((0, 0), np.float32)


def _spans(encoded: EncodedText, text: str) -> list[Span]:
    """The clauses of the part of the text that the encoder has read."""
    offsets = encoded.offsets
    read = int(offsets[-1, 1]) if len(offsets) else 0
    return [span for span in split_clauses(text[:read]) if span.start < read]
