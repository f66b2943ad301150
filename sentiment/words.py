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
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, Final
from zlib import crc32

import numpy as np
import snowballstemmer
from numpy.typing import NDArray

from sentiment.denial import plain

Columns = NDArray[np.float32]

WIDTH: Final = 4096
"""Columns: half as many let words collide that matter."""

WEIGHT: Final = 0.5
"""The length of a row of words, beside an embedding of length 1."""

LETTERS: Final = 4
"""Letters of a word that are read together; so many of its first count as a stem, too."""

_WORD = re.compile(r"\w{1,40}|[!?]")
_CYRILLIC = re.compile("[а-яё]")


def word_columns(texts: Sequence[str]) -> Columns:
    """Columns [n, `WIDTH`] of texts; each row is `WEIGHT` long."""
    columns = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in zip(columns, texts, strict=True):
        for code in _codes(text):
            row[code % WIDTH] += 1 if code >> 31 else -1
    lengths = np.linalg.norm(columns, axis=1, keepdims=True)
    columns *= np.float32(WEIGHT) / np.maximum(lengths, np.float32(1e-9))
    return columns


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
