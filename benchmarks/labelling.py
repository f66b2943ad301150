"""Labelling end to end against other ways to do the same, its start, and memory over many texts.

- The bare session is given the same tokens twice: as a batching labeller would (sorted by length,
  padded to the longest of the batch), and in the very passes the labeller makes (a text each, as
  many at once as there are threads). What is left is tokenisation, language, pooling, calibration,
  causes.
- transformers with torch in fp32, and the ONNX graph before quantisation, go from text to class.
  They are measured where there is torch and a path to the weights; else that they were not is told.
- What causes, stages and intents cost is measured against sentiment alone, a taxonomy of forty
  causes against one of fifteen, and sentiment towards a brand against that of the message.

Everyone has two threads, and all take turns on the same texts.
"""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import psutil

from benchmarks import peers
from benchmarks.feeds import sentences
from benchmarks.measure import Missing, Ratio, ratio
from benchmarks.peers import BATCH, THREADS, Peer, padded
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import Label, Text
from sentiment.labeller import Labeller, NoCauses
from sentiment.model_files import SHIPPED
from sentiment.taxonomy import Taxonomy

T = TypeVar("T")
R = TypeVar("R")

LENGTHS: Final = ((0.45, 1), (0.30, 3), (0.20, 8), (0.05, 30))
"""Share of the texts, sentences: short posts, reviews, long reviews, articles."""

ONE_PASS: Final = 8
"""Sentences that fit in one pass of everyone's: torch would cut longer texts, Molva reads on."""

SETTLING: Final = 0.2
"""Share of the texts after which memory must have stopped growing."""

FLAT: Final = 1.05
SESSION: Final = 1 / 0.85
TORCH: Final = 1 / 3
START: Final = 2.0
"""Seconds until the first label, at most."""

COPIES: Final = 8
REASONS: Final = 1.6
MANY_CAUSES: Final = 1.1
EXAMPLES: Final = 6
BRAND: Final = "Zorvex"

PAUSE: Final = 0.25
"""Seconds between turns: the threads of ONNX Runtime and torch spin for a while after their work,
and would do so at the expense of whoever is next."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The same model in other forms, if they are there.

    Attributes:
        model: the folder Molva loads.
        torch: a Hugging Face folder with fp32 weights.
        onnx: the fp32 graph that `export` leaves in the work folder.
    """

    model: Path
    torch: Path | None = None
    onnx: Path | None = None


def run(
    *,
    quick: bool,
    model: Path | None = None,
    torch: Path | None = None,
    onnx: Path | None = None,
) -> list[Ratio | Missing]:
    """The ratios, and what could not be measured; `quick` takes fewer texts."""
    weights = Weights(model or SHIPPED, torch, onnx)
    encoder = Encoder.load(weights.model, threads=THREADS)
    taxonomy = Taxonomy.load()
    labeller = Labeller(encoder, CauseFinder(encoder, taxonomy))
    chunks, size = (4, 128) if quick else (10, 256)
    # Memory first: the peers keep their own weights in this process.
    found: list[Ratio | Missing] = [memory(labeller, 5_000 if quick else 100_000)]
    found += overhead(labeller, encoder, peers.session(weights.model / "model.onnx"), chunks, size)
    found += against(labeller, encoder, weights, chunks, size)
    found += reasons(encoder, chunks, size)
    found += [towards(encoder, chunks, size), duplicates(labeller, chunks, size)]
    return [*found, *fresh(weights, 3 if quick else 7)]


def overhead(
    labeller: Labeller, encoder: Encoder, session: Any, chunks: int, size: int
) -> list[Ratio]:
    """Labelling against the session alone, chunk by chunk in turns."""
    made = texts(seed=1)
    list(labeller.label(itertools.islice(made, 32)))
    times: list[tuple[float, float, float]] = []

    def by_session(batches: Sequence[peers.Feed]) -> None:
        for batch in batches:
            session.run(None, batch)

    for _ in range(chunks):
        chunk = list(itertools.islice(made, size))
        passes = list(encoder.passes([(item.text, item.names) for item in chunk]))
        batches = list(padded([feed for _, feed in passes], encoder.settings.pad_id))
        labelled, labels = _timed(lambda own: list(labeller.label(own)), chunk)
        batched, _ = _timed(by_session, batches)
        passed, _ = _timed(lambda own: list(encoder.infer(own)), passes)
        times.append((labelled, batched, passed))
        _prove(labels, size)
    ours, batched_alone, passes_alone = zip(*times, strict=True)
    name = f"label {size} texts"
    peer = "bare ONNX session, the same tokens"
    return [
        ratio(name, f"{peer} in padded batches of {BATCH}", ours, batched_alone, target=SESSION),
        ratio(name, f"{peer} in the same passes, a text each", ours, passes_alone, target=SESSION),
    ]


def against(
    labeller: Labeller, encoder: Encoder, weights: Weights, chunks: int, size: int
) -> list[Ratio | Missing]:
    """Labelling against other ways from text to class, in turns on the same texts."""
    name = f"label {size} texts of one pass"
    plain = f"transformers + torch fp32, batches of {BATCH} as they come"
    by_length = f"transformers + torch fp32, batches of {BATCH} sorted by length"
    graph = f"ONNX fp32, batches of {BATCH} sorted by length"
    found: list[Ratio | Missing] = []
    contestants: dict[str, Peer] = {}
    why = peers.torch_missing() or ("" if weights.torch else "no --torch-model was given")
    if weights.torch is None or why:
        found += [Missing(name, plain, why), Missing(name, by_length, why)]
    else:
        own = weights.torch
        contestants[plain] = peers.torch_fp32(own, weights.model, by_length=False)
        contestants[by_length] = peers.torch_fp32(own, weights.model, by_length=True)
    if weights.onnx is None:
        found.append(Missing(name, graph, "no --onnx-model was given"))
    else:
        contestants[graph] = peers.onnx_fp32(encoder, weights.onnx)
    targets = {plain: TORCH}
    for peer, (ours, theirs) in _turns(labeller, contestants, chunks, size).items():
        found.append(
            ratio(name, peer, ours, theirs, target=targets.get(peer), note=_rate(size, ours))
        )
    return found


def _turns(
    labeller: Labeller, contestants: Mapping[str, Peer], chunks: int, size: int
) -> dict[str, tuple[list[float], list[float]]]:
    """Seconds of ours and of each contestant beside it, chunk by chunk."""
    made = texts(seed=4, longest=ONE_PASS)
    warm = list(itertools.islice(made, BATCH))
    found: dict[str, tuple[list[float], list[float]]] = {}
    for name, judge in contestants.items():
        list(labeller.label(warm))
        judge(warm)
        found[name] = ([], [])
        for _ in range(chunks):
            chunk = list(itertools.islice(made, size))
            mine, labels = _timed(lambda own: list(labeller.label(own)), chunk)
            other, _ = _timed(judge, chunk)
            found[name][0].append(mine)
            found[name][1].append(other)
            _prove(labels, size)
        sys.stderr.write(f"  {chunks} turns with {name}\n")
    return found


def reasons(encoder: Encoder, chunks: int, size: int) -> list[Ratio]:
    """Causes, many examples each or few, against sentiment alone; forty causes against fifteen.

    A mention in the store is always judged towards its brand, a text from a file may not be.
    """
    shipped = Taxonomy.load()
    finders = {count: CauseFinder(encoder, of_size(shipped, count)) for count in (15, 40)}
    labellers = {
        "all": Labeller(encoder, CauseFinder(encoder, shipped)),
        "alone": Labeller(encoder, NoCauses()),
        "few": Labeller(encoder, CauseFinder(encoder, of_few_examples(shipped))),
        **{str(count): Labeller(encoder, finder) for count, finder in finders.items()},
    }
    of_brand = {f"{name} towards": labellers[name] for name in ("few", "alone")}
    made, times = texts(seed=6), defaultdict[str, list[float]](list)
    for _ in range(chunks):
        chunk = list(itertools.islice(made, size))
        told = [replace(own, target=BRAND) for own in chunk]
        for asked, own in ((labellers, chunk), (of_brand, told)):
            for name, labeller in asked.items():
                seconds, labels = _timed(partial(_labels, labeller), own)
                times[name].append(seconds)
                _prove(labels, size)
    return _reason_ratios(f"label {size} texts", times)


def _reason_ratios(name: str, times: Mapping[str, Sequence[float]]) -> list[Ratio]:
    return [
        ratio(
            f"{name}, causes, stages and intents too",
            "sentiment alone",
            times["all"],
            times["alone"],
            target=REASONS,
        ),
        ratio(
            f"{name}, causes of {EXAMPLES} examples each too",
            "sentiment alone",
            times["few"],
            times["alone"],
            target=REASONS,
        ),
        ratio(
            f"{name} towards a brand, causes of {EXAMPLES} examples each too",
            "sentiment towards it alone",
            times["few towards"],
            times["alone towards"],
            target=REASONS,
        ),
        ratio(f"{name}, 40 causes", "15 causes", times["40"], times["15"], target=MANY_CAUSES),
    ]


def towards(encoder: Encoder, chunks: int, size: int) -> Ratio:
    """Sentiment towards a brand, which has layers of its own, against that of the message."""
    labeller = Labeller(encoder, NoCauses())
    made, ours, theirs = texts(seed=7), list[float](), list[float]()
    for _ in range(chunks):
        chunk = list(itertools.islice(made, size))
        told = [replace(own, target=BRAND) for own in chunk]
        for own, times in ((told, ours), (chunk, theirs)):
            seconds, labels = _timed(partial(_labels, labeller), own)
            times.append(seconds)
            _prove(labels, size)
    return ratio(f"label {size} texts towards a brand", "the messages alone", ours, theirs)


def _labels(labeller: Labeller, own: Sequence[Text]) -> list[Label]:
    return list(labeller.label(own))


def of_few_examples(taxonomy: Taxonomy) -> Taxonomy:
    """The taxonomy with `EXAMPLES` English examples of each cause, as a user's may be."""
    causes = tuple(
        replace(cause, examples={"en": cause.examples["en"][:EXAMPLES]})
        for cause in taxonomy.findable
    )
    return Taxonomy("of few examples", causes, taxonomy.background)


def of_size(taxonomy: Taxonomy, count: int) -> Taxonomy:
    """A taxonomy of `count` causes: some of the given ones, or with halves of some added."""
    own = list(taxonomy.findable)
    halves = [
        replace(cause, id=f"{cause.id}_half", examples=halved(cause.examples)) for cause in own
    ]
    return Taxonomy(f"of {count}", tuple((own + halves)[:count]), taxonomy.background)


def halved(examples: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Every second example of each language."""
    return {lang: texts[::2] for lang, texts in examples.items()}


def _timed(work: Callable[[T], R], given: T) -> tuple[float, R]:
    """How long some work takes, after a pause, and what it gives."""
    time.sleep(PAUSE)
    start = time.perf_counter()
    result = work(given)
    return time.perf_counter() - start, result


def _rate(size: int, seconds: Sequence[float]) -> str:
    return f"{size / sorted(seconds)[len(seconds) // 2]:.0f} texts a second by Molva"


def duplicates(labeller: Labeller, chunks: int, size: int) -> Ratio:
    """The same post eight times costs little more than once."""
    made = texts(seed=5)
    ours, theirs = [], []
    for _ in range(chunks):
        chunk = list(itertools.islice(made, size // COPIES))
        ours.append(_timed(lambda own: list(labeller.label(own)), chunk * COPIES)[0])
        theirs.append(_timed(lambda own: list(labeller.label(own)), chunk)[0])
    name = f"label {size // COPIES} texts, {COPIES} copies of each"
    return ratio(name, "the same texts once", ours, theirs, target=COPIES / 2)


def fresh(weights: Weights, runs: int) -> list[Ratio | Missing]:
    """In new processes: seconds until the first label, and memory after some texts."""
    mine = [_fresh("molva", weights.model) for _ in range(runs)]
    firsts = [own["first"] for own in mine]
    found: list[Ratio | Missing] = [
        ratio("import, load, first label", f"{START:g} seconds", firsts, [START] * runs, target=1.0)
    ]
    why = peers.torch_missing() or ("" if weights.torch else "no --torch-model was given")
    others: tuple[tuple[str, Path | None, str, str], ...] = (
        ("torch", weights.torch, "transformers + torch fp32", why),
        ("onnx", weights.onnx, "ONNX fp32", "no --onnx-model was given"),
    )
    for who, path, peer, reason in others:
        name = "memory after 256 texts"
        if path is None or (who == "torch" and why):
            found.append(Missing(name, peer, reason))
            continue
        theirs = [_fresh(who, weights.model, path)["megabytes"] for _ in range(runs)]
        own_megabytes = [own["megabytes"] for own in mine]
        found.append(ratio(name, peer, own_megabytes, theirs, note="megabytes, not seconds"))
    return found


def _fresh(who: str, model: Path, path: Path | None = None) -> dict[str, float]:
    """The figures of `benchmarks.fresh`.

    Raises:
        RuntimeError: the process failed; its last words are the message.
    """
    command = [sys.executable, "-m", "benchmarks.fresh", who, str(model)]
    command += [] if path is None else [str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


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


def texts(seed: int, longest: int = 30) -> Iterator[Text]:
    """Texts without end in both languages, of the lengths that mentions have up to `longest`."""
    rng = random.Random(seed)
    lengths = [length for _, length in LENGTHS if length <= longest]
    weights = [share for share, length in LENGTHS if length <= longest]
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
