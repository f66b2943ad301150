"""A second reading of English texts by all-MiniLM-L6-v2, for causes that nobody has trained.

The model of sentiment reads two languages and a dozen trades; what a handful of examples of an
unknown trade have in common, MiniLM tells better: it has learnt from a thousand million pairs of
English texts (Reimers & Gurevych, "Sentence-BERT", EMNLP 2019; the model's card names its data).
Only taxonomies of few examples ask for it, and only of English texts; the file and how it was made
are in `models/all-minilm-l6-v2`.

As in `sentiment.encoder`, each text goes through the session alone, so no neighbour sways it, and a
span's embedding is the mean of its tokens' rows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sentiment.encoder import MAX_CHARACTERS, MAX_WINDOWS, open_model, token_shares
from sentiment.interface import ModelError
from sentiment.model_files import SUMS, verify
from sentiment.normalise import normalise

SHIPPED: Final = Path(__file__).parent / "models" / "all-minilm-l6-v2"
LANGUAGE: Final = "en"
WIDTH: Final = 384
WINDOW_TOKENS: Final = 254
"""What it was trained to read at once, without the two that frame a text."""

Floats = NDArray[np.float32]
Spans = Sequence[tuple[int, int]]


class MiniLM:
    """A loaded model: tokenizer and ONNX session."""

    def __init__(self, tokenizer: Any, session: Any, threads: int) -> None:
        self._tokenizer = tokenizer.backend_tokenizer
        self._session = session
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="molva-minilm")
        self._begin = int(tokenizer.cls_token_id)
        self._end = int(tokenizer.sep_token_id)

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> MiniLM:
        """The model in a folder with `model.onnx`, tokenizer and `SHA256SUMS`.

        Raises:
            ModelError: a file is missing, damaged or cannot be used.
        """
        verify(folder)
        tokenizer, session = open_model(folder)
        return cls(tokenizer, session, os.cpu_count() or 1)

    def read(self, texts: Sequence[str], spans: Sequence[Spans]) -> list[tuple[Floats, Floats]]:
        """The embedding [H] of each text and those of its spans [n, H], not of unit length.

        Spans are characters of the original text. A text longer than the model's window is read in
        windows. A span without a token has the values of the whole text.
        """
        return list(self._threads.map(self._read, texts, spans))

    def embed(self, texts: Sequence[str]) -> Floats:
        """The embeddings [n, H] of texts, pooled as spans are, not of unit length."""
        read = self.read(texts, [[(0, len(text))] for text in texts])
        return np.array([own[0] for _, own in read], np.float32).reshape(-1, WIDTH)

    def _read(self, text: str, spans: Spans) -> tuple[Floats, Floats]:
        clean = normalise(text[:MAX_CHARACTERS], ())
        encoding = self._tokenizer.encode(clean.text, add_special_tokens=False)
        starts = range(0, max(1, len(encoding)), WINDOW_TOKENS)[:MAX_WINDOWS]
        states = [self._states(encoding.ids[at : at + WINDOW_TOKENS]) for at in starts]
        whole = np.concatenate(states).mean(axis=0)
        rows = np.concatenate([own[1:-1] for own in states])
        offsets = np.array(encoding.offsets[: len(rows)], dtype=np.int64).reshape(-1, 2)
        shares = token_shares(clean.to_original(offsets), spans)
        return whole, np.where(shares.any(axis=1, keepdims=True), shares @ rows, whole)

    def _states(self, ids: list[int]) -> Floats:
        """The states [t + 2, H] of the tokens of one window and of the two that frame it."""
        tokens = np.array([[self._begin, *ids, self._end]], dtype=np.int64)
        inputs = {"input_ids": tokens, "attention_mask": np.ones_like(tokens)}
        found: Floats = self._session.run(["token_embeddings"], inputs)[0][0]
        return found


@cache
def shipped() -> MiniLM:
    """The model that comes with the package, loaded once.

    Raises:
        ModelError: a file of it is missing or damaged.
    """
    return MiniLM.load()


@cache
def version() -> str:
    """The first eight hex digits of the content's SHA-256.

    Raises:
        ModelError: the package was installed without the model.
    """
    try:
        return hashlib.sha256((SHIPPED / SUMS).read_bytes()).hexdigest()[:8]
    except OSError as error:
        raise ModelError(f"{SHIPPED / SUMS} is missing; reinstall molva: {error}") from error
