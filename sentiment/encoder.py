"""Texts in, sentiment logits and token embeddings out: one ONNX pass serves sentiment and causes.

The heads of the model are linear over token states, so they commute with mean pooling: the logits
and the embedding of any span are the mean of its tokens' rows (`EncodedText.pool`).

Every text goes through the session alone, several texts at once in threads. The 8-bit session
scales activations by the largest of the pass, so in a batch the neighbours of a text would sway
its label: of 394 mentions 18 changed their sentiment with their company. Alone, the same text gives
the same label wherever it is labelled again; short texts pay for it, long ones gain.

A text with a target is also read by the branch that judges what is said of it (`target_logits`);
the graph leaves that branch out where no row has a target.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sentiment.calibration import Calibration
from sentiment.interface import ModelError
from sentiment.model_files import SHIPPED, ModelSettings, read_settings, verify
from sentiment.normalise import Normalised, normalise
from sentiment.target import PLACEHOLDER
from sentiment.wording import Tokens

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

OUTPUTS = ["logits", "token_logits", "token_embeddings"]
TARGET_OUTPUTS = ["target_logits", *OUTPUTS[1:]]
"""What the session is asked for; older models have no logits of their own towards a target."""

CHUNK_TEXTS = 1024
CHUNK_CHARACTERS = 200_000
MAX_CHARACTERS = 16_000
"""What is read of one text; the rest of a longer one is not looked at."""

MAX_WINDOWS = 16
MAX_TARGET_TOKENS = 16

Pair = tuple[str, tuple[str, ...]]
"""A text and the names of the brand it is judged towards; no names judge the message."""

Pass = tuple[list[str], dict[str, Integers]]
"""The outputs asked of the session, and what it is given: int64 [1, tokens]."""

T = TypeVar("T")


@dataclass(slots=True)
class EncodedText:
    """What the model says of one text; rows are its tokens, special ones left out.

    Attributes:
        logits: float32 [3], negative, neutral, positive, towards the target if there is one; not
            calibrated.
        embedding: float32 [H], mean token embedding of the whole text, not unit length.
        token_logits: float32 [t, 3].
        token_embeddings: float32 [t, H].
        truncated: the text was longer than what the model reads.
        targeted: the logits are of the branch that judges a target.
    """

    logits: Floats
    embedding: Floats
    token_logits: Floats
    token_embeddings: Floats
    truncated: bool
    targeted: bool
    _encoding: Any = field(repr=False)
    _normalised: Normalised = field(repr=False)
    _offsets: Integers | None = field(default=None, repr=False)

    @property
    def offsets(self) -> Integers:
        """Spans [t, 2] of the tokens in characters of the original text."""
        if self._offsets is None:
            count = len(self.token_logits)
            spans = np.array(self._encoding.offsets[:count], dtype=np.int64).reshape(-1, 2)
            self._offsets = self._normalised.to_original(spans)
        return self._offsets

    def pool(self, start: int, end: int) -> tuple[Floats, Floats]:
        """Logits [3] and embedding [H] of the tokens that overlap `[start, end)`.

        Offsets are characters of the original text. A span without a token (only blanks, or past
        the part that was read) has the values of the whole text.
        """
        spans = self.offsets
        inside = (spans[:, 0] < end) & (spans[:, 1] > start)
        if not inside.any():
            return self.logits, self.embedding
        return self.token_logits[inside].mean(axis=0), self.token_embeddings[inside].mean(axis=0)

    def pool_many(self, spans: Sequence[tuple[int, int]]) -> tuple[Floats, Floats]:
        """`pool` of several spans at once: logits [n, 3] and embeddings [n, H]."""
        weights = token_shares(self.offsets, spans)
        empty = ~weights.any(axis=1, keepdims=True)
        return (
            np.where(empty, self.logits, weights @ self.token_logits),
            np.where(empty, self.embedding, weights @ self.token_embeddings),
        )

    def tokens(self, spans: Sequence[tuple[int, int]]) -> Tokens:
        """The tokens, and which of them are in each of the spans."""
        ids = np.array(self._encoding.ids[: len(self.token_logits)], dtype=np.int64)
        return Tokens(ids, self.token_embeddings, token_shares(self.offsets, spans) > 0)


def token_shares(tokens: Integers, spans: Sequence[tuple[int, int]]) -> Floats:
    """What each token counts in the mean of each span [n, t]; nothing in one without a token.

    `tokens` [t, 2] and spans are characters of the same text.
    """
    edges = np.array(spans, dtype=np.int64).reshape(-1, 2)
    inside = (tokens[:, 0] < edges[:, 1:]) & (tokens[:, 1] > edges[:, :1])
    counts = inside.sum(axis=1, keepdims=True)
    shares: Floats = (inside / np.maximum(counts, 1).astype(np.float32)).astype(np.float32)
    return shares


@dataclass(slots=True)
class _Prepared:
    """A unique (text, names) of a chunk, ready for the session."""

    normalised: Normalised
    encoding: Any
    tail: list[int]
    windows: list[range]
    truncated: bool
    targeted: bool


@dataclass(slots=True)
class _Rows:
    """The outputs of one window, specials of its text included in the sums."""

    logits: Floats
    summed: Floats
    length: int
    token_logits: Floats
    token_embeddings: Floats


class Encoder:
    """A loaded model: tokenizer, ONNX session and settings.

    Attributes:
        settings: the `molva` section of the model's configuration.
        version: `name+hash`, the first twelve hex digits of the content's SHA-256.
        tokenizer: of the library `tokenizers`.
    """

    def __init__(
        self,
        tokenizer: Any,
        session: Any,
        settings: ModelSettings,
        version: str,
        threads: int,
    ) -> None:
        self.settings = settings
        self.version = version
        self.tokenizer = tokenizer.backend_tokenizer
        self._session = session
        self._branched = any(own.name == TARGET_OUTPUTS[0] for own in session.get_outputs())
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="molva-encoder")
        self._begin = int(tokenizer.cls_token_id)
        self._end = int(tokenizer.sep_token_id)

    @classmethod
    def load(cls, path: Path | None = None, threads: int | None = None) -> Encoder:
        """The model in the folder `path`, or the shipped one.

        Args:
            path: a folder with `model.onnx`, tokenizer, `config.json` and `SHA256SUMS`.
            threads: texts read at once; as many as the machine has cores by default.

        Raises:
            ModelError: a file is missing, damaged or cannot be used.
        """
        folder = path or SHIPPED
        digest = verify(folder)
        settings = read_settings(folder)
        tokenizer, session = open_model(folder)
        version = f"{settings.name}+{digest[:12]}"
        return cls(tokenizer, session, settings, version, threads or os.cpu_count() or 1)

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes the model was trained and measured on."""
        return self.settings.languages

    def calibration(self, lang: str, *, targeted: bool = False) -> Calibration:
        """The calibration of a language of the model, for logits towards a target or others."""
        settings = self.settings
        return (settings.target_calibrations if targeted else settings.calibrations)[lang]

    def judges_target(self, names: Sequence[str]) -> bool:
        """Whether the logits of a text with these names are of the branch that judges a target."""
        return bool(names) and self._branched

    def encode(self, pairs: Iterable[Pair]) -> Iterator[EncodedText]:
        """Encode (text, names) pairs; results come in order.

        Works in chunks, so memory does not grow with the number of pairs: keep no result longer
        than needed, its rows are views of the chunk's arrays. Equal pairs of a chunk are encoded
        once. A text longer than the model's window is read in windows (the target with each) and
        averaged over its tokens, up to 16 windows or 16,000 characters.
        """
        for chunk in chunked(pairs, lambda pair: pair[0]):
            yield from self.encode_chunk(chunk)

    def encode_chunk(self, pairs: Sequence[Pair]) -> list[EncodedText]:
        """Encode one chunk held in memory at once; see `encode`."""
        unique = {pair: position for position, pair in enumerate(dict.fromkeys(pairs))}
        prepared = self._prepare(list(unique))
        rows = self._run(prepared)
        done = [_join(item, windows) for item, windows in zip(prepared, rows, strict=True)]
        return [done[unique[pair]] for pair in pairs]

    def passes(self, pairs: Sequence[Pair]) -> Iterator[Pass]:
        """What the session is asked and given for a chunk."""
        for item in self._prepare(list(dict.fromkeys(pairs))):
            yield from self._passes(item)

    def infer(self, passes: Iterable[Pass]) -> Iterator[list[Floats]]:
        """The session's outputs for each pass, in order; as many at once as there are threads."""
        return self._threads.map(lambda own: self._session.run(*own), passes)

    def _prepare(self, pairs: Sequence[Pair]) -> list[_Prepared]:
        texts = [normalise(text[:MAX_CHARACTERS], names) for text, names in pairs]
        targets = [
            target_part(names, text.text) for (_, names), text in zip(pairs, texts, strict=True)
        ]
        encode = self.tokenizer.encode_batch
        encodings = encode([text.text for text in texts], add_special_tokens=False)
        tails = encode(targets, add_special_tokens=False)
        prepared = []
        for at, (text, encoding, tail) in enumerate(zip(texts, encodings, tails, strict=True)):
            ids = [self._end, *tail.ids[:MAX_TARGET_TOKENS], self._end] if targets[at] else []
            room = self.settings.max_length - 2 - len(ids)
            starts = range(0, max(len(encoding), 1), room)[:MAX_WINDOWS]
            windows = [range(start, min(start + room, len(encoding))) for start in starts]
            cut = len(pairs[at][0]) > MAX_CHARACTERS or windows[-1].stop < len(encoding)
            targeted = bool(ids) and self._branched
            prepared.append(_Prepared(text, encoding, ids, windows, cut, targeted))
        return prepared

    def _passes(self, item: _Prepared) -> Iterator[Pass]:
        outputs = TARGET_OUTPUTS if item.targeted else OUTPUTS
        for window in item.windows:
            text = item.encoding.ids[window.start : window.stop]
            ids = np.array([[self._begin, *text, self._end, *item.tail]], dtype=np.int64)
            yield outputs, {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    def _run(self, prepared: Sequence[_Prepared]) -> list[list[_Rows]]:
        outputs = self.infer(own for item in prepared for own in self._passes(item))
        return [[_rows(next(outputs), window) for window in item.windows] for item in prepared]


def _rows(outputs: Sequence[Floats], window: range) -> _Rows:
    """What one pass says of a window's text; rows of the target and of the ends are left out."""
    logits, token_logits, embeddings = (output[0] for output in outputs)
    length = len(window) + 2
    return _Rows(
        logits,
        embeddings[:length].sum(axis=0),
        length,
        token_logits[1 : length - 1],
        embeddings[1 : length - 1],
    )


def open_model(folder: Path) -> tuple[Any, Any]:
    """The tokenizer and the session of one thread of a model whose files were verified.

    Raises:
        ModelError: they cannot be used.
    """
    # Heavy imports wait until a model is needed, so that `molva --help` stays quick.
    # Its advice to install torch is not for us: the model runs without.
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415
    from transformers import AutoTokenizer  # noqa: PLC0415

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        session = InferenceSession(
            folder / "model.onnx", options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ModelError(f"{folder} cannot be loaded as a model: {error}") from error
    return tokenizer, session


def target_part(names: Sequence[str], clean: str) -> str:
    """What the model is told of the target of a cleaned text: the placeholder, or its name.

    The name itself is told only where the text does not mention it.
    """
    if not names or PLACEHOLDER in clean:
        return PLACEHOLDER if names else ""
    # A target of blanks or control characters is no target at all.
    return normalise(names[0][:200]).text.strip()


def chunked(items: Iterable[T], text_of: Callable[[T], str]) -> Iterator[list[T]]:
    """Lists of items that fit in one chunk of the encoder.

    Cut by count and by characters: long texts make big outputs, so fewer go together.
    """
    chunk: list[T] = []
    characters = 0
    for item in items:
        chunk.append(item)
        characters += min(len(text_of(item)), MAX_CHARACTERS)
        if len(chunk) == CHUNK_TEXTS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _join(item: _Prepared, windows: Sequence[_Rows]) -> EncodedText:
    first = windows[0]
    if len(windows) == 1:
        token_logits, token_embeddings = first.token_logits, first.token_embeddings
        logits, embedding = first.logits, first.summed / np.float32(first.length)
    else:
        token_logits = np.concatenate([rows.token_logits for rows in windows])
        token_embeddings = np.concatenate([rows.token_embeddings for rows in windows])
        lengths = np.array([rows.length for rows in windows], dtype=np.float32)
        logits = np.average([rows.logits for rows in windows], axis=0, weights=lengths)
        logits = logits.astype(np.float32)
        embedding = sum(rows.summed for rows in windows[1:]) + first.summed
        embedding = (embedding / lengths.sum()).astype(np.float32)
    return EncodedText(
        logits,
        embedding,
        token_logits,
        token_embeddings,
        item.truncated,
        item.targeted,
        item.encoding,
        item.normalised,
    )
