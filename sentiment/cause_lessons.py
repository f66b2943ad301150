"""Learning causes from corrections: the examples that a taxonomy gains from what people said.

A cause that people named is taught by the passage that shows it best (`passages_taught`), a cause
they struck out, by its evidence as a text that names none. The gain is judged on corrections not
learnt from: five folds, each judged by a fit on the others. Texts are read as stored ones are:
towards their brand, beside the others that they name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.gain import RESAMPLES, Measure
from sentiment.interface import CauseLink, Text
from sentiment.labeller import Labeller
from sentiment.language import languages_of
from sentiment.learn import Floats, learn
from sentiment.passages_taught import says_something, shown_best
from sentiment.taxonomy import Taxonomy

FOLDS = 5
FEWEST = 20
"""Corrections below which nothing is learnt: an interval would say nothing."""


@dataclass(frozen=True, slots=True)
class CauseLesson:
    """A text and what a person says of its causes; texts of one `story` are one correction.

    Attributes:
        causes: those that it names.
        struck: those that it does not, nothing being said of the rest; None: `causes` are all.
        names: the brand that it is judged towards, and what else the text calls it.
        others: how it names other brands that are watched.
    """

    text: str
    lang: str
    causes: frozenset[str]
    story: int = 0
    struck: frozenset[str] | None = None
    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether it speaks of any cause."""
        return self.struck is None or bool(self.causes or self.struck)

    def denies(self, cause: str) -> bool:
        """Whether the person says that the text does not name a cause."""
        return cause not in self.causes and (self.struck is None or cause in self.struck)

    def counted(self, told: Set[str]) -> frozenset[str]:
        """The causes that count where a model tells these."""
        return self.causes | {cause for cause in told if not self.denies(cause)}


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
    return _joined(_each(finder, encoder, lessons))


def _each(finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]) -> list[Taught]:
    """What each lesson teaches."""
    read = zip(lessons, _read(finder, encoder, lessons), strict=True)
    return [_one(finder, encoder, lesson, links) for lesson, links in read]


def _one(
    finder: CauseFinder, encoder: Encoder, lesson: CauseLesson, links: Sequence[CauseLink]
) -> Taught:
    told = [link for link in links if link.probability >= finder.usual_threshold]
    named = [link for link in links if link.cause in lesson.causes]
    causes = shown_best(finder, encoder, (lesson.text, lesson.lang), named, told)
    # What shows a cause that counts is no text without one, whatever else was struck out of it.
    showing = {link.evidence for link in (*named, *told) if not lesson.denies(link.cause)}
    denied = (link.evidence for link in told if lesson.denies(link.cause))
    none = tuple(
        clause
        for clause in denied
        if clause not in showing
        and not any(clause in own for own in causes.values())
        and (says_something(clause) or not says_something(lesson.text))
    )
    return Taught({cause: (passage,) for cause, passage in causes.items()}, none)


def _joined(lessons: Iterable[Taught]) -> Taught:
    """All of it, each text once."""
    causes: dict[str, list[str]] = defaultdict(list)
    none: list[str] = []
    for lesson in lessons:
        for cause, texts in lesson.causes.items():
            causes[cause] += texts
        none += lesson.none
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
    """Micro F1 before and after, on lessons that were not learnt from.

    Where a person changed some causes alone, the others that were told before count as right, for
    nobody minded them: a fit that no longer tells them has not gained.
    """
    known: dict[str, Floats] = {}
    fitted = learn(encoder, taxonomy, known)
    told = _told(CauseFinder(encoder, taxonomy, fitted=fitted), encoder, lessons)
    wanted = [lesson.counted(own) for lesson, own in zip(lessons, told, strict=True)]
    before = _counts(wanted, told)
    every = CauseFinder(encoder, taxonomy, threshold=0.0, fitted=fitted)
    each = _each(every, encoder, lessons)
    after = np.zeros_like(before)
    fold_of = np.array([lesson.story % FOLDS for lesson in lessons])
    for fold in range(FOLDS):
        held = np.flatnonzero(fold_of == fold).tolist()
        others = np.flatnonzero(fold_of != fold).tolist()
        if held and others:
            wider = with_examples(taxonomy, _joined(each[at] for at in others))
            finder = CauseFinder(encoder, wider, fitted=learn(encoder, wider, known))
            told = _told(finder, encoder, [lessons[at] for at in held])
            after[held] = _counts([wanted[at] for at in held], told)
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


def _counts(wanted: Sequence[Set[str]], told: Sequence[Set[str]]) -> Floats:
    """Hits, causes wanted and causes told of each text [n, 3]."""
    rows = [(len(a & b), len(a), len(b)) for a, b in zip(wanted, told, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _told(
    finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]
) -> list[frozenset[str]]:
    read = _read(finder, encoder, lessons)
    return [frozenset(link.cause for link in links) for links in read]


def _read(
    finder: CauseFinder, encoder: Encoder, lessons: Sequence[CauseLesson]
) -> list[tuple[CauseLink, ...]]:
    """The causes of each, as a label of it would have them."""
    texts = (
        Text("", own.text, own.lang, next(iter(own.names), None), own.names[1:], own.others)
        for own in lessons
    )
    return [label.causes for label in Labeller(encoder, finder).label(texts)]


def _merged(
    examples: Mapping[str, tuple[str, ...]], new: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    found = {lang: list(texts) for lang, texts in examples.items()}
    for text, lang in zip(new, languages_of(new).tolist(), strict=True):
        found.setdefault(lang, []).append(text)
    return {lang: tuple(dict.fromkeys(texts)) for lang, texts in found.items()}
