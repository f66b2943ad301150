"""Corrected causes of the store, made into examples of a taxonomy file of one's own."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from sqlalchemy import Engine
from tomlkit.items import AoT, Array

from sentiment.cause_lessons import (
    FEWEST,
    CauseGain,
    CauseLesson,
    Taught,
    gain,
    taught,
    with_examples,
)
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import ModelError
from sentiment.language import detect
from sentiment.taxonomy import SHIPPED, Taxonomy
from store.corrections import corrected_causes
from store.engine import reading
from store.interface import CorrectedCauses


@dataclass(frozen=True, slots=True)
class CauseLearning:
    """What was learnt from how many corrections, and what it gains on unseen ones."""

    lessons: int
    unread: int
    new: Taught
    gain: CauseGain


def learn_causes(engine: Engine, encoder: Encoder, taxonomy: Taxonomy) -> CauseLearning:
    """Learn from every corrected text in a language of the model.

    Raises:
        ModelError: there are too few corrections to judge what is learnt.
    """
    with reading(engine) as conn:
        rows = corrected_causes(conn)
    known = {cause.id for cause in taxonomy.findable}
    found = (_lesson(row, known) for row in rows)
    lessons = [own for own in found if own.says_something and own.lang in encoder.languages]
    if len({lesson.story for lesson in lessons}) < FEWEST:
        raise ModelError(
            f"there are {len(lessons)} mentions with corrected causes in a language of the model; "
            f"{FEWEST} are needed to judge what is learnt: molva correct MENTION --cause ID"
        )
    every = CauseFinder(encoder, taxonomy, threshold=0.0)
    return CauseLearning(
        len(lessons),
        len(rows) - len(lessons),
        taught(every, encoder, lessons),
        gain(encoder, taxonomy, lessons),
    )


def _lesson(row: CorrectedCauses, known: Set[str]) -> CauseLesson:
    """What a correction teaches of the causes that the taxonomy has."""
    named, struck = frozenset(row.causes), row.struck
    if struck is None and not named <= known:
        # All causes of a taxonomy before: of those that have come since nothing was said.
        struck = ()
    return CauseLesson(
        row.text.text,
        detect(row.text.text, row.text.lang or None).code,
        named & known,
        row.cluster_id,
        struck=None if struck is None else frozenset(struck) & known,
        names=(row.text.brand_name, *row.text.terms),
        others=row.text.others,
    )


def write_taxonomy(source: Path | None, taxonomy: Taxonomy, new: Taught, out: Path) -> None:
    """Write the taxonomy file `source` (or the shipped one) with the new examples to `out`.

    Comments and order of the file are kept, be its causes tables of their own or one list. The
    file appears whole or not at all.
    """
    path = source or SHIPPED
    document = tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    wider = with_examples(taxonomy, new)
    entries = document["cause"]
    if not isinstance(entries, AoT | Array):
        raise ModelError(f"{path}: write every cause under a [[cause]] of its own")
    for entry, cause in zip(entries, wider.causes, strict=True):
        if cause.id in new.causes:
            entry["examples"] = {lang: _lines(texts) for lang, texts in cause.examples.items()}
    if new.none:
        examples = {lang: _lines(texts) for lang, texts in wider.background.items()}
        document["background"] = {"examples": examples}
    partial = out.with_name(out.name + ".part")
    partial.write_text(tomlkit.dumps(document), encoding="utf-8")
    partial.replace(out)


def _lines(texts: Sequence[str]) -> Array:
    array = tomlkit.array()
    array.extend(texts)
    return array.multiline(True)
