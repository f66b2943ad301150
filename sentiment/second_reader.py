"""A second reading of texts, for causes that nobody has trained.

The model of sentiment reads two languages and a dozen trades; what a handful of examples of an
unknown trade have in common, sentence encoders tell better, which were trained on thousands of
millions of pairs of texts. Only taxonomies of few examples ask for them (`sentiment.readers`).

As in `sentiment.encoder`, each text goes through the session alone, so no neighbour sways it.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import MAX_CHARACTERS, open_model, token_shares
from sentiment.model_files import verify
from sentiment.normalise import normalise
from sentiment.wording import Tokens

Floats = NDArray[np.float32]
Spans = Sequence[tuple[int, int]]


class Reading(NamedTuple):
    """What is read of a text.

    Attributes:
        whole: its embedding [D], not of unit length.
        spans: those of its spans [n, D].
        tokens: its tokens, of a reader that gives each an embedding of its own.
    """

    whole: Floats
    spans: Floats
    tokens: Tokens | None


class SecondReader(ABC):
    """A loaded model: tokenizer and ONNX session.

    Attributes:
        shipped: the folder that comes with the package.
        width: D of its embeddings.
        compares: languages of the examples that it can compare a text with.
        longest: tokens of a text that it reads.
        tokenizer: of the library `tokenizers`.
    """

    shipped: ClassVar[Path]
    width: ClassVar[int]
    compares: ClassVar[frozenset[str]]
    longest: ClassVar[int]

    def __init__(self, tokenizer: Any, session: Any, threads: int) -> None:
        self.tokenizer = tokenizer.backend_tokenizer
        self._session = session
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="molva-second")
        self._ends = (int(tokenizer.cls_token_id), int(tokenizer.sep_token_id))

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """The model in a folder with `model.onnx`, tokenizer and `SHA256SUMS`; without one, ours.

        Raises:
            ModelError: a file is missing, damaged or cannot be used.
        """
        place = folder or cls.shipped
        verify(place)
        tokenizer, session = open_model(place)
        return cls(tokenizer, session, os.cpu_count() or 1)

    def read(self, texts: Sequence[str], spans: Sequence[Spans]) -> list[Reading]:
        """What is read of each text and its spans.

        Spans are characters of the original text. A span without a token has the values of the
        whole text.
        """
        return list(self._threads.map(self._read, texts, spans))

    def read_whole(self, texts: Sequence[str]) -> list[Reading]:
        """What is read of texts, each as one span."""
        return self.read(texts, [[(0, len(text))] for text in texts])

    def _read(self, text: str, spans: Spans) -> Reading:
        clean = normalise(text[:MAX_CHARACTERS], ())
        encoding = self.tokenizer.encode(clean.text, add_special_tokens=False)
        offsets = np.array(encoding.offsets[: self.longest], dtype=np.int64).reshape(-1, 2)
        shares = token_shares(clean.to_original(offsets), spans)
        ids = encoding.ids[: self.longest]
        whole, rows, states = self._embeddings(ids, shares)
        tokens = None if states is None else Tokens(np.array(ids, np.int64), states, shares > 0)
        return Reading(whole, np.where(shares.any(axis=1, keepdims=True), rows, whole), tokens)

    @abstractmethod
    def _embeddings(self, ids: list[int], shares: Floats) -> tuple[Floats, Floats, Floats | None]:
        """The embedding [D] of tokens, those [n, D] of spans by their shares [n, t] of them.

        And that of each token [t, D], if it has one of its own.
        """


def pooled(read: Sequence[Reading], width: int) -> Floats:
    """The embeddings [n, width] of texts that were each read as one span, not of unit length."""
    return np.array([own.spans[0] for own in read], np.float32).reshape(-1, width)
