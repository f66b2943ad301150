"""New causes for texts that no cause explains: groups of alike complaints, their typical words.

What each text complains of (`sentiment.complaints`) is compared with all others. A group begins
with the few complaints that are most alike and takes in the next likest one by one, as long as it
is like the group on average: no number of groups to choose, and what is like no other stays alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sentiment.complaints import Complaint, background, complaints
from sentiment.encoder import Encoder
from sentiment.proper_names import mask_of
from sentiment.typical_words import typical_words

EXAMPLES = 12
CORE: Final = 4
"""Complaints that a group begins with."""


class Near(NamedTuple):
    """How alike complaints of one matter are, in standard deviations (`_alikeness`).

    Attributes:
        core: the pairs that a group begins with, on average.
        join: a further complaint and the group's, on average.
    """

    core: float
    join: float


NEAR: Final[Mapping[str, Near]] = {"en": Near(4.0, 3.5), "ru": Near(3.5, 2.8)}
"""By language: chosen on six matters of six posts each, among 55 and 215 others. Less is alike by
the one reader of Russian than by the two of English."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cause that the taxonomy lacks.

    Attributes:
        words: typical of it, the most typical first; no names.
        examples: what shows it, the most typical first.
        lang: of the examples.
        members: places of the texts in the list that was given, the most typical first.
    """

    words: tuple[str, ...]
    examples: tuple[str, ...]
    lang: str
    members: tuple[int, ...]


def suggest(
    encoder: Encoder, texts: Sequence[str], least: int, names: Sequence[str] = ()
) -> list[Suggestion]:
    """Causes that explain `least` texts or more each, the largest first.

    Args:
        names: of brands, which say nothing of what is complained of.
    """
    found: list[Suggestion] = []
    for lang, own, rows in complaints(encoder, texts, mask_of(texts, names)):
        owners = np.array([item.owner for item in own])
        groups = list(_groups(_alikeness(rows, background(lang)), owners, least, NEAR[lang]))
        masked = [[own[at].masked for at in group] for group in groups]
        words = typical_words(masked, [item.masked for item in own])
        found += [
            _suggestion([own[at] for at in group], called, lang)
            for group, called in zip(groups, words, strict=True)
        ]
    return sorted(found, key=lambda own: -len(own.members))


def _suggestion(group: Sequence[Complaint], words: tuple[str, ...], lang: str) -> Suggestion:
    return Suggestion(
        words=words,
        examples=tuple(dict.fromkeys(item.text for item in group))[:EXAMPLES],
        lang=lang,
        members=tuple(dict.fromkeys(item.owner for item in group)),
    )


def _alikeness(rows: Floats, others: Floats) -> Floats:
    """How alike rows [n, W] are to each other [n, n], beside how they are to `others` [m, W].

    Cosines, in standard deviations above those to texts on anything, for the one and for the other
    (symmetric score normalisation, Kenny 2010, "Bayesian speaker verification with heavy-tailed
    priors"): plain words are a little like everything. The diagonal is zero.
    """
    far = rows @ others.T
    scores = (rows @ rows.T - far.mean(axis=1, keepdims=True)) / far.std(axis=1, keepdims=True)
    alike: Floats = (scores + scores.T) / 2
    np.fill_diagonal(alike, 0.0)
    return alike


def _groups(
    alike: Floats, owners: NDArray[np.int64], least: int, near: Near
) -> Iterator[list[int]]:
    """Groups of rows of `least` owners or more, the most typical rows first."""
    free = np.ones(len(alike), dtype=bool)
    core = min(CORE, least)
    while free.sum() >= core:
        cores, means = _cores(alike, free, core)
        for at in np.flatnonzero(means >= near.core)[np.argsort(-means[means >= near.core])]:
            members = _grown(alike, free, cores[at], near.join)
            if len(set(owners[members].tolist())) >= least:
                yield members
                free[members] = False
                break
        else:
            return


def _cores(alike: Floats, free: NDArray[np.bool_], size: int) -> tuple[NDArray[np.int64], Floats]:
    """Each free row and its nearest free ones [k, size], and how alike their pairs are [k]."""
    places = np.flatnonzero(free)
    own = alike[np.ix_(places, places)]
    np.fill_diagonal(own, np.inf)
    cores = places[np.argpartition(-own, size - 1, axis=1)[:, :size]]
    means: Floats = alike[cores[:, :, None], cores[:, None, :]].sum(axis=(1, 2))
    return cores, means / (size * (size - 1))


def _grown(
    alike: Floats, free: NDArray[np.bool_], core: NDArray[np.int64], join: float
) -> list[int]:
    """The core and what is like it, added one by one, the likest to all of the others first."""
    inside = np.zeros(len(alike), dtype=bool)
    inside[core] = True
    total = alike[:, core].sum(axis=1)
    while True:
        nearest = int(np.where(free & ~inside, total, -np.inf).argmax())
        if inside[nearest] or not free[nearest] or total[nearest] < join * inside.sum():
            break
        inside[nearest] = True
        total += alike[:, nearest]
    members = np.flatnonzero(inside)
    ordered: list[int] = members[np.argsort(-total[members])].tolist()
    return ordered
