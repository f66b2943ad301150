"""Learning from people's corrections: what the store holds, read by the model, fitted to a head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Engine

from molva.pipeline.label import texts_of
from sentiment.adapter import Adapter, Anchors, Integers, Readings
from sentiment.choice import Models
from sentiment.encoder import chunked
from sentiment.gain import Gain, learn
from sentiment.interface import ModelError, Text
from sentiment.labeller import CLASSES
from sentiment.language import detect
from sentiment.taxonomy import Taxonomy
from store.corrections import corrected_texts, count_edited_since, uncorrected_texts
from store.engine import reading
from store.interface import CorrectedText

STEM = "corrections"
"""Heads that nobody names are called `corrections-1` and so on."""

HISTORY = 600
"""Uncorrected mentions to look at, newest first: half hold the head, half show what it moves."""

GENERAL = 2000
"""About how many texts of the taxonomy are anchors: eight thousand hold a head no better (of 1,500
tweets 4.4 and 4.7 % are moved by 40 corrections of reviews) and take four times as long."""

GENERAL_WEIGHT = 5.0
"""What the texts of the taxonomy count as anchors, against all corrections together."""

HISTORY_WEIGHT = 1.0
"""What the uncorrected mentions count; less, for the model may be wrong about them too."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A head fitted on corrections, and all that is known of it.

    Attributes:
        learnt: corrections it was fitted on.
        unread: corrections left out, their language being none of the model's.
        edited: corrections left out, their text having been edited since.
        moved: of `watched` uncorrected mentions it was not fitted on, how many would change.
    """

    adapter: Adapter
    gain: Gain
    base: str
    learnt: int
    unread: int
    edited: int
    moved: int
    watched: int

    def as_json(self) -> dict[str, Any]:
        """What is kept with the head."""
        return {
            "base": self.base,
            "corrections": self.learnt,
            "left_out": {"other_languages": self.unread, "edited_since": self.edited},
            **self.gain.as_json(),
            "uncorrected": {"texts": self.watched, "moved": self.moved},
        }


def learn_from_corrections(engine: Engine, models: Models, taxonomy: Taxonomy) -> Lesson:
    """Fit a head on every correction in the store, and measure it; keeps nothing.

    Raises:
        TooFewCorrectionsError: there is too little to learn from.
    """
    with reading(engine) as conn:
        corrected = corrected_texts(conn)
        edited = count_edited_since(conn)
        left_alone = uncorrected_texts(conn, HISTORY)
    known, readings = read(models, list(texts_of([item.text for item in corrected])))
    _, history = read(models, list(texts_of(left_alone)))
    _, general = read(models, _general(taxonomy))
    # Every other mention, so that both halves are of the same days.
    watched = history[1::2]
    anchors = Anchors.of((general, GENERAL_WEIGHT), (history[::2], HISTORY_WEIGHT))
    taught = [corrected[row] for row in known]
    stories = [item.cluster_id for item in taught]
    adapter, gain = learn(models.judge.version, readings, _labels(taught), anchors, stories)
    moved = adapter.apply(watched).argmax(axis=1) != watched.sentiments
    return Lesson(
        adapter,
        gain,
        base=models.judge.version,
        learnt=len(taught),
        unread=len(corrected) - len(taught),
        edited=edited,
        moved=int(moved.sum()),
        watched=len(watched),
    )


def read(models: Models, texts: Sequence[Text]) -> tuple[list[int], Readings]:
    """The readings of the texts in a language of the model, and their places in the list."""
    places: list[int] = []
    parts = []
    start = 0
    for chunk in chunked(texts, lambda item: item.text):
        langs = [detect(item.text, item.lang).code for item in chunk]
        known = [at for at, lang in enumerate(langs) if lang in models.judge.languages]
        items = [chunk[at] for at in known]
        if items:
            encoded = models.encoder.encode_chunk([(item.text, item.names) for item in items])
            chances = models.judge.chances(items, encoded, [langs[at] for at in known])
            parts.append(Readings.of(encoded, chances))
        places += [start + at for at in known]
        start += len(chunk)
    return places, Readings.joined(parts)


def check_name(name: str, models: Models) -> None:
    """Refuse a name that cannot be told from a version or that the model itself has.

    Raises:
        ModelError: with the reason.
    """
    if not _NAME.fullmatch(name):
        raise ModelError(
            f"{name!r} cannot be a model's name: use up to 40 lower-case letters, digits, . _ and -"
        )
    if name == own_name(models):
        raise ModelError(f"{name!r} is the name of the model itself; choose another")


def own_name(models: Models) -> str:
    """What the model is called without a head: its version less the hashes."""
    return models.judge.version.partition("+")[0]


def _labels(corrected: Sequence[CorrectedText]) -> Integers:
    classes: Sequence[str] = CLASSES
    return np.array([classes.index(item.sentiment) for item in corrected], dtype=np.int64)


def _general(taxonomy: Taxonomy) -> list[Text]:
    """Texts of all kinds that no user wrote: what the taxonomy is explained with, evenly drawn."""
    lines = [(lang, line) for lang, lines in taxonomy.background.items() for line in lines]
    for cause in taxonomy.causes:
        lines += [(lang, line) for lang, told in cause.examples.items() for line in told]
    lines = lines[:: max(1, round(len(lines) / GENERAL))]
    return [Text(str(number), line, lang) for number, (lang, line) in enumerate(lines)]
