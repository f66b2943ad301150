"""The words of a clause as columns beside its embedding, for classifiers with many examples.

An embedding tells what a clause is about, but "switching to" and "thinking of switching to" lie
side by side in it. Words and pairs of words, also with one word between them, are hashed into a
fixed number of signed columns (feature hashing, Weinberger et al. 2009); a word is cut to its
first letters, so that Russian endings do not matter. With a handful of examples a class such
columns only add noise: the leave-one-out loss of the classifier grows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from sentiment.denial import plain

Columns = NDArray[np.float32]

WIDTH: Final = 2048
"""Columns: half as many let words collide that matter, twice as many gave no more."""

WEIGHT: Final = 0.5
"""The length of a row of words, beside an embedding of length 1."""

STEM: Final = 6
"""Letters of a word that count."""

_WORD = re.compile(r"\w+|[!?]")


def word_columns(texts: Sequence[str]) -> Columns:
    """Columns [n, `WIDTH`] of texts; each row is `WEIGHT` long, or zero where there is no word."""
    columns = np.zeros((len(texts), WIDTH), dtype=np.float32)
    for row, text in zip(columns, texts, strict=True):
        for feature in _features(text):
            code = crc32(feature.encode("utf-8", "replace"))
            row[code % WIDTH] += 1 if code >> 31 else -1
    lengths = np.linalg.norm(columns, axis=1, keepdims=True)
    columns *= np.float32(WEIGHT) / np.maximum(lengths, np.float32(1e-9))
    return columns


def _features(text: str) -> set[str]:
    """Words, pairs of neighbours, and pairs with a word between them; the ends are words, too."""
    words = [word[:STEM] for word in _WORD.findall(plain(text))]
    ends = ["^", *words, "$"]
    pairs = {f"{first} {second}" for first, second in pairwise(ends)}
    wider = {f"{first} _ {second}" for first, second in zip(ends, ends[2:], strict=False)}
    return {*words, *pairs, *wider}
