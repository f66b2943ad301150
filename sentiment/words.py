"""The words of a clause as columns beside its embedding, for classifiers with many examples.

An embedding tells what a clause is about, but "switching to" and "thinking of switching to" lie
side by side in it, and a word its reader seldom met lies anywhere. Stems, pairs of them
and the letters of each word by four (as fastText reads words, Bojanowski et al. 2017) are hashed
into a fixed number of signed columns (feature hashing, Weinberger et al. 2009), so that neither
Russian endings nor slips of the pen matter much. With a handful of examples a class such columns
only add noise: the leave-one-out loss of the classifier grows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, pairwise
from typing import Any, Final
from zlib import crc32

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from sentiment.classifier import integers
from sentiment.denial import plain

Floats = NDArray[np.float64]

WIDTH: Final = 4096
"""Columns: half as many let words collide that matter."""

WEIGHT: Final = 0.5
"""The length of a row of words, beside an embedding of length 1."""

LETTERS: Final = 4
"""Letters of a word that are read together; so many of its first count as a stem, too."""

_BLOCK: Final = 32
"""Rows multiplied at a time: what is gathered for them stays in the processor's cache."""

_WORD = re.compile(r"\w{1,40}|[!?]")
_CYRILLIC = re.compile("[а-яё]")


@dataclass(frozen=True, slots=True)
class WordRows:
    """Rows of words [n, `WIDTH`], each `WEIGHT` long; a hundredth of their numbers is not zero.

    Attributes:
        columns: of what is kept, row after row [m].
        counts: how often words fell there, signed [m].
        bounds: row i is `bounds[i]` to `bounds[i + 1]`, never empty [n + 1].
    """

    columns: NDArray[np.int64]
    counts: Floats
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, rows: NDArray[np.int64]) -> WordRows:
        sizes = np.diff(self.bounds)[rows]
        bounds = np.cumsum([0, *sizes])
        kept = np.arange(bounds[-1]) + np.repeat(self.bounds[rows] - bounds[:-1], sizes)
        return WordRows(self.columns[kept], self.counts[kept], bounds)

    def times(self, matrix: Floats) -> Floats:
        """Products [n, K] with a matrix [`WIDTH`, K], exact as `classifier.products` are."""
        whole, raised = integers(matrix, np.abs(matrix).max(initial=0.0))
        found = np.empty((len(self), matrix.shape[1]))
        for begin in range(0, len(self), _BLOCK):
            end = min(begin + _BLOCK, len(self))
            starts = self.bounds[begin : end + 1]
            own = slice(starts[0], starts[-1])
            parts = self.counts[own, None] * whole[self.columns[own]]
            np.add.reduceat(parts, starts[:-1] - starts[0], axis=0, out=found[begin:end])
        found *= self._scales() / raised
        return found

    def dense(self) -> Floats:
        """The same rows, zeros and all."""
        rows = np.zeros((len(self), WIDTH))
        rows[np.repeat(np.arange(len(self)), np.diff(self.bounds)), self.columns] = self.counts
        rows *= self._scales()
        return rows

    def _scales(self) -> Floats:
        """What a count is worth in each row [n, 1]."""
        if not len(self):
            return np.empty((0, 1))
        lengths = np.sqrt(np.add.reduceat(self.counts**2, self.bounds[:-1]))
        scales: Floats = WEIGHT / np.maximum(lengths, 1e-9)
        return scales[:, None]


def word_rows(texts: Sequence[str]) -> WordRows:
    """The words of texts."""
    codes = [_codes(text) for text in texts]
    sizes = np.array([len(own) for own in codes], dtype=np.int64)
    hashes = np.fromiter(chain.from_iterable(codes), np.int64, sizes.sum())
    rows = np.repeat(np.arange(len(texts)), sizes)
    places, which = np.unique(rows * WIDTH + hashes % WIDTH, return_inverse=True)
    counts = np.bincount(which, np.where(hashes >> 31, 1.0, -1.0), len(places)).astype(np.float64)
    bounds = np.searchsorted(places, np.arange(len(texts) + 1) * WIDTH)
    return WordRows(places % WIDTH, counts, bounds)


def _codes(text: str) -> set[int]:
    """Hashes of 32 bits of a text's words and pairs of neighbours; the ends are words, too."""
    words = _WORD.findall(plain(text))
    found = {_hash(f"{a} {b}") for a, b in pairwise(["^", *map(stem, words), "$"])}
    return found.union(*map(_parts, words))


@lru_cache(maxsize=50_000)
def _parts(word: str) -> frozenset[int]:
    """Hashes of a word's stem, its beginning and its letters by `LETTERS`, ends told apart."""
    edged = f"<{word}>"
    parts = [edged[at : at + LETTERS] for at in range(max(1, len(edged) - LETTERS + 1))]
    named = (stem(word), f"{word[:LETTERS]}~", *(f"#{part}" for part in parts))
    return frozenset(map(_hash, named))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word in small letters without its endings, by the Snowball stemmer of its alphabet."""
    found: str = _stemmer("russian" if _CYRILLIC.search(word) else "english").stemWord(word)
    return found


def _hash(feature: str) -> int:
    return crc32(feature.encode("utf-8", "replace"))


@cache
def _stemmer(language: str) -> Any:
    return snowballstemmer.stemmer(language)
