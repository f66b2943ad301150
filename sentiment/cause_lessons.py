"""Learning causes from corrections: the examples that a taxonomy gains from what people said.

A cause that people named is taught by the clause that shows it best; a cause they struck out, by
its evidence as a text that names none. The gain is judged on corrections not learnt from: five
folds, each judged by a fit on the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.gain import RESAMPLES, Measure
from sentiment.interface import CauseLink
from sentiment.language import languages_of
from sentiment.learn import Floats, learn
from sentiment.taxonomy import Taxonomy

FOLDS = 5
FEWEST = 20
"""Corrections below which nothing is learnt: an interval would say nothing."""


@dataclass(frozen=True, slots=True)
class CauseLesson:
    """A text and the causes a person says it names; texts of one `story` are one correction."""

    text: str
    lang: str
    causes: frozenset[str]
    story: int = 0


@dataclass(frozen=True, slots=True)
class Taught:
    """New examples by cause, and clauses that show none."""

    causes: Mapping[str, tuple[str, ...]]
    none: tuple[str, ...]

    def __len__(self) -> int:
        return sum(map(len, self.causes.values())) + len(self.none)


@dataclass(frozen=True, slots=True)
class CauseGain:
    """Micro F1 of causes on unseen corrections, before and after learning from the others."""

    texts: int
    micro_f1: Measure

    @property
    def gained(self) -> bool:
        """Whether it is better beyond doubt: the difference's interval is above zero."""
        return self.micro_f1.low > 0

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values, the verdict included."""
        return {**asdict(self), "gained": self.gained}


def taught(finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]) -> Taught:
    """What the lessons teach; `finder` must answer with every cause (threshold 0)."""
    causes: dict[str, list[str]] = defaultdict(list)
    none: list[str] = []
    for lesson, links in zip(lessons, _read(finder, encoder, lessons), strict=True):
        best = {link.cause: link for link in links}
        shown = {best[cause].evidence for cause in lesson.causes if cause in best}
        for cause in lesson.causes & best.keys():
            causes[cause].append(best[cause].evidence)
        none += [
            link.evidence
            for link in links
            if link.probability >= finder.usual_threshold
            and link.cause not in lesson.causes
            and link.evidence not in shown
        ]
    unique = {cause: tuple(dict.fromkeys(texts)) for cause, texts in causes.items()}
    return Taught(unique, tuple(dict.fromkeys(none)))


def with_examples(taxonomy: Taxonomy, new: Taught) -> Taxonomy:
    """The taxonomy with the new examples, each under its language."""
    causes = tuple(
        replace(cause, examples=_merged(cause.examples, new.causes.get(cause.id, ())))
        for cause in taxonomy.causes
    )
    background = _merged(taxonomy.background, new.none)
    return Taxonomy(f"{taxonomy.version}+{len(new)} learnt", causes, background)


def gain(encoder: Encoder, taxonomy: Taxonomy, lessons: Sequence[CauseLesson]) -> CauseGain:
    """Micro F1 before and after, on lessons that were not learnt from."""
    known: dict[str, Floats] = {}
    fitted = learn(encoder, taxonomy, known)
    before = _counts(CauseFinder(encoder, taxonomy, fitted=fitted), encoder, lessons)
    every = CauseFinder(encoder, taxonomy, threshold=0.0, fitted=fitted)
    after = np.zeros_like(before)
    fold_of = np.array([lesson.story % FOLDS for lesson in lessons])
    for fold in range(FOLDS):
        held = np.flatnonzero(fold_of == fold)
        others = [lesson for lesson, own in zip(lessons, fold_of, strict=True) if own != fold]
        if len(held) and others:
            wider = with_examples(taxonomy, taught(every, encoder, others))
            finder = CauseFinder(encoder, wider, fitted=learn(encoder, wider, known))
            after[held] = _counts(finder, encoder, [lessons[at] for at in held.tolist()])
    return CauseGain(len(lessons), _measure(before, after))


def _measure(before: Floats, after: Floats) -> Measure:
    """Micro F1 of both with the paired bootstrap interval of their difference."""
    rng = np.random.default_rng(17)
    drawn = rng.integers(0, len(before), (RESAMPLES, len(before)))
    differences = [_f1(after[rows]) - _f1(before[rows]) for rows in drawn]
    low, high = np.percentile(differences, [2.5, 97.5])
    return Measure(_f1(before), _f1(after), float(low), float(high))


def _f1(counts: Floats) -> float:
    """Micro F1 of rows [n, 3] of hits, causes wanted, causes told."""
    hits, wanted, told = counts.sum(axis=0)
    return float(2 * hits / max(1.0, wanted + told))


def _counts(finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]) -> Floats:
    """Hits, causes wanted and causes told of each lesson [n, 3]."""
    rows = []
    for lesson, links in zip(lessons, _read(finder, encoder, lessons), strict=True):
        told = {link.cause for link in links}
        rows.append((len(told & lesson.causes), len(lesson.causes), len(told)))
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _read(
    finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]
) -> list[tuple[CauseLink, ...]]:
    encoded = encoder.encode((lesson.text, ()) for lesson in lessons)
    return [
        finder.find(own, lesson.text, lesson.lang)
        for own, lesson in zip(encoded, lessons, strict=True)
    ]


def _merged(
    examples: Mapping[str, tuple[str, ...]], new: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    found = {lang: list(texts) for lang, texts in examples.items()}
    for text, lang in zip(new, languages_of(new).tolist(), strict=True):
        found.setdefault(lang, []).append(text)
    return {lang: tuple(dict.fromkeys(texts)) for lang, texts in found.items()}
