"""Labelling end to end against the bare ONNX session, and memory over many texts.

The session alone is given the same tokens twice: as a batching labeller would (sorted by length,
padded to the longest of the batch, with all the session's threads), and in the very passes the
labeller makes (a text each, in as many threads). What is left is tokenisation, language, pooling,
calibration, causes.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from benchmarks.feeds import sentences
from benchmarks.measure import Ratio, ratio
from sentiment.causes import CauseFinder
from sentiment.encoder import OUTPUTS, Encoder
from sentiment.interface import Text
from sentiment.labeller import Labeller
from sentiment.model_files import SHIPPED
from sentiment.taxonomy import Taxonomy

Feed = dict[str, NDArray[np.int64]]
"""What a session is given: `input_ids` and `attention_mask`, [rows, tokens]."""

BATCH: Final = 32
LENGTHS: Final = ((0.45, 1), (0.30, 3), (0.20, 8), (0.05, 30))
"""Share of the texts, sentences: short posts, reviews, long reviews, articles."""

SETTLING: Final = 0.2
"""Share of the texts after which memory must have stopped growing."""

FLAT: Final = 1.05


def run(*, quick: bool, model: Path | None = None) -> list[Ratio]:
    """The ratios; `quick` takes fewer texts."""
    encoder = Encoder.load(model)
    taxonomy = Taxonomy.load()
    labeller = Labeller(encoder, CauseFinder(encoder, taxonomy), taxonomy.version)
    session = InferenceSession((model or SHIPPED) / "model.onnx")
    chunks, size = (4, 128) if quick else (10, 256)
    speed = overhead(labeller, encoder, session, chunks=chunks, size=size)
    return [*speed, memory(labeller, 5_000 if quick else 100_000)]


def overhead(
    labeller: Labeller, encoder: Encoder, session: Any, *, chunks: int, size: int
) -> list[Ratio]:
    """Labelling against the session alone, chunk by chunk in turns."""
    made = texts(seed=1)
    list(labeller.label(itertools.islice(made, 32)))
    times: list[tuple[float, float, float]] = []
    for _ in range(chunks):
        chunk = list(itertools.islice(made, size))
        feeds = list(encoder.feeds([(item.text, item.names) for item in chunk]))
        batches = list(padded(feeds, encoder.settings.pad_id))
        start = time.perf_counter()
        labels = list(labeller.label(chunk))
        labelled = time.perf_counter()
        for batch in batches:
            session.run(OUTPUTS, batch)
        batched = time.perf_counter()
        for _ in encoder.infer(feeds):
            pass
        times.append((labelled - start, batched - labelled, time.perf_counter() - batched))
        _prove(labels, size)
    ours, batched_alone, passes_alone = zip(*times, strict=True)
    name = f"label {size} texts"
    peer = "bare ONNX session, the same tokens"
    return [
        ratio(name, f"{peer} in padded batches of {BATCH}", ours, batched_alone, target=1.2),
        ratio(name, f"{peer} in the same passes, a text each", ours, passes_alone, target=1.2),
    ]


def padded(feeds: Sequence[Feed], pad_id: int) -> Iterator[Feed]:
    """The same tokens as a batching labeller would give them: sorted by length, padded."""
    by_length = sorted(feeds, key=lambda feed: feed["input_ids"].shape[1])
    for start in range(0, len(by_length), BATCH):
        group = by_length[start : start + BATCH]
        longest = group[-1]["input_ids"].shape[1]
        ids = np.full((len(group), longest), pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, feed in enumerate(group):
            length = feed["input_ids"].shape[1]
            ids[row, :length] = feed["input_ids"][0]
            mask[row, :length] = 1
        yield {"input_ids": ids, "attention_mask": mask}


def memory(labeller: Labeller, count: int) -> Ratio:
    """Resident megabytes at the end against those once a fifth of the texts is labelled."""
    process = psutil.Process()
    every = max(count // 50, 1)
    samples = []
    for number, _ in enumerate(labeller.label(short_texts(count)), start=1):
        if number % every == 0:
            samples.append(process.memory_info().rss / 1e6)
            sys.stderr.write(f"  {number:,} texts: {samples[-1]:.0f} MB\n")
    settled = samples[int(len(samples) * SETTLING) :]
    return ratio(
        f"memory over {count:,} texts",
        f"the same after {int(count * SETTLING):,} of them",
        [max(settled[-5:])],
        [settled[0]],
        target=FLAT,
        note=f"megabytes, not seconds; between them {min(settled):.0f} to {max(settled):.0f}",
    )


def texts(seed: int) -> Iterator[Text]:
    """Texts without end in both languages, of the lengths that mentions have."""
    rng = random.Random(seed)
    lengths = [length for _, length in LENGTHS]
    weights = [share for share, _ in LENGTHS]
    for number in itertools.count():
        lang = "ru" if number % 2 else "en"
        said = sentences(rng, lang, rng.choices(lengths, weights)[0])
        yield Text(id=str(number), text=f"{' '.join(said)} №{number}", lang=lang)


def short_texts(count: int) -> Iterator[Text]:
    """Distinct texts of a few words: what counts is their number."""
    rng = random.Random(2)
    for number in range(count):
        lang = "ru" if number % 2 else "en"
        (said,) = sentences(rng, lang, 1)
        words = " ".join(said.split()[:5])
        yield Text(id=str(number), text=f"{words} {number}", lang=lang)


def _prove(labels: list[Any], size: int) -> None:
    """Labels that were not made cost nothing.

    Raises:
        RuntimeError: not every text was scored.
    """
    scored = sum(label.sentiment != "unscored" for label in labels)
    if scored != size:
        raise RuntimeError(f"{scored} of {size} texts were scored")
