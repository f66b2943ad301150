"""Labelling end to end against the bare ONNX session, and memory over many texts.

The session alone is given the very passes the labeller gives it (a text each, in as many threads);
what is left is tokenisation, language, pooling, calibration, causes.
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.feeds import sentences
from benchmarks.measure import Ratio, ratio
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import Text
from sentiment.labeller import Labeller
from sentiment.taxonomy import Taxonomy

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
    speed = overhead(labeller, encoder, chunks=4 if quick else 10, size=128 if quick else 256)
    return [speed, memory(labeller, 5_000 if quick else 100_000)]


def overhead(labeller: Labeller, encoder: Encoder, *, chunks: int, size: int) -> Ratio:
    """Labelling against the session alone, chunk by chunk in turns."""
    made = texts(seed=1)
    list(labeller.label(itertools.islice(made, 32)))
    ours, bare = [], []
    for _ in range(chunks):
        chunk = list(itertools.islice(made, size))
        feeds = list(encoder.feeds([(item.text, item.target) for item in chunk]))
        start = time.perf_counter()
        labels = list(labeller.label(chunk))
        labelled = time.perf_counter()
        for _ in encoder.infer(feeds):
            pass
        ended = time.perf_counter()
        ours.append(labelled - start)
        bare.append(ended - labelled)
        _prove(labels, size)
    return ratio(f"label {size} texts", "bare ONNX session, same passes", ours, bare, target=1.2)


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
