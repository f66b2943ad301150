"""A second reading of Russian texts by universal-sentence-encoder-multilingual-3.

It adds up the words of a text and their n-grams of two, three and five (Yang et al., "Multilingual
Universal Sentence Encoder for Semantic Retrieval", ACL 2020): a seventh of the time of the model of
sentiment. It was trained on sixteen languages together, so that examples in English serve too.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from sentiment.second_reader import SecondReader

SHIPPED: Final = Path(__file__).parent / "models" / "use-multilingual-3"
IDS, SHARES, OUTPUT = "input_ids", "shares", "embeddings"
"""The names of the graph's inputs and of its output."""

Floats = NDArray[np.float32]


class Use(SecondReader):
    """A span is summed up within its text: its words are heard with their neighbours."""

    shipped: ClassVar = SHIPPED
    width: ClassVar = 512
    compares: ClassVar = frozenset({"en", "ru"})
    longest: ClassVar = 4096

    def _embeddings(self, ids: list[int], shares: Floats) -> tuple[Floats, Floats, None]:
        begin, end = self._ends
        everything = np.full((1, len(ids)), 1 / max(1, len(ids)), np.float32)
        inputs = {
            IDS: np.array([begin, *ids, end], dtype=np.int64),
            SHARES: framed(np.concatenate([everything, shares])),
        }
        found: Floats = self._session.run([OUTPUT], inputs)[0]
        return found[0], found[1:], None


def framed(shares: Floats) -> Floats:
    """Shares [n, t + 2] with those of the two tokens that frame a text, each as much as another."""
    counts = np.count_nonzero(shares, axis=1, keepdims=True)
    inner = shares * (counts / (counts + 2))
    ends = 1 / (counts + 2)
    joined: Floats = np.hstack([ends, inner, ends]).astype(np.float32)
    return joined
