"""A second reading of English texts by all-MiniLM-L6-v2.

It has learnt from a thousand million pairs of English texts (Reimers & Gurevych, "Sentence-BERT",
EMNLP 2019; the model's card names its data), and from us which texts are about one cause
(`sentiment.training.teach_minilm`); the file and how it was made are in `models/all-minilm-l6-v2`.
A span's embedding is the mean of its tokens' states.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import MAX_WINDOWS
from sentiment.second_reader import SecondReader

SHIPPED: Final = Path(__file__).parent / "models" / "all-minilm-l6-v2"
WINDOW_TOKENS: Final = 126
"""As many as it was trained on at once (128), without the two that frame a text; twice as many,
which it can read, cost more and told causes no better."""

Floats = NDArray[np.float32]


class MiniLM(SecondReader):
    """A text longer than the model's window is read in windows."""

    shipped: ClassVar = SHIPPED
    width: ClassVar = 384
    compares: ClassVar = frozenset({"en"})
    longest: ClassVar = 2 * WINDOW_TOKENS * MAX_WINDOWS

    def _embeddings(self, ids: list[int], shares: Floats) -> tuple[Floats, Floats, Floats]:
        starts = range(0, max(1, len(ids)), WINDOW_TOKENS)
        states = [self._states(ids[at : at + WINDOW_TOKENS]) for at in starts]
        whole: Floats = np.concatenate(states).mean(axis=0)
        tokens = np.concatenate([own[1:-1] for own in states])
        return whole, shares @ tokens, tokens

    def _states(self, ids: list[int]) -> Floats:
        """The states [t + 2, D] of the tokens of one window and of the two that frame it."""
        begin, end = self._ends
        tokens = np.array([[begin, *ids, end]], dtype=np.int64)
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        found: Floats = self._session.run(["token_embeddings"], inputs)[0][0]
        return found
