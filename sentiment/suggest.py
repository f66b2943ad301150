"""New causes for texts that no cause explains: clusters of alike clauses, their typical words.

Each text is stood for by its most unhappy clause. Clusters grow around the clause with the most
near neighbours not yet taken (a greedy form of density clustering: no number of clusters to
choose, and texts like no other stay alone). Typical words have the highest class-based tf-idf
(Grootendorst 2022): frequent in the cluster, rare in the others.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import centred
from sentiment.encoder import Encoder
from sentiment.language import detect, languages_of
from sentiment.passages import Clauses, read_clauses
from sentiment.signals import Signals

NEAR = 0.4
"""Cosine of centred clauses from which they say the same: a cluster's radius."""
EXAMPLES = 12
_WORD = re.compile(r"[^\W\d_]{4,}")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cause that the taxonomy lacks.

    Attributes:
        words: typical of it, the most typical first.
        examples: clauses that show it, the most typical first.
        lang: of most of them.
        members: places of the texts in the list that was given.
    """

    words: tuple[str, ...]
    examples: tuple[str, ...]
    lang: str
    members: tuple[int, ...]


def suggest(encoder: Encoder, texts: Sequence[str], least: int) -> list[Suggestion]:
    """Causes that explain `least` texts or more each, the largest first."""
    owners, clauses, embeddings = _unhappiest(encoder, texts)
    if len(clauses) < least:
        return []
    langs = languages_of(clauses)
    # Not the mean of these few texts: what they share may be the very cause that is sought.
    centres = Signals.load(encoder).centres
    rows = centred(embeddings, np.stack([centres[lang] for lang in langs]))
    groups = _clusters(rows @ rows.T, least)
    words = _typical([[clauses[at] for at in group] for group in groups])
    return [
        Suggestion(
            words=own,
            examples=tuple(dict.fromkeys(clauses[at] for at in group))[:EXAMPLES],
            lang=Counter(langs[group].tolist()).most_common(1)[0][0],
            members=tuple(owners[at] for at in group),
        )
        for group, own in zip(groups, words, strict=True)
    ]


def _unhappiest(encoder: Encoder, texts: Sequence[str]) -> tuple[list[int], list[str], Floats]:
    """The most negative clause of each text in a known language: owner, words, embedding."""
    owners: list[int] = []
    clauses: list[str] = []
    rows: list[NDArray[np.floating]] = []
    encoded = encoder.encode((text, ()) for text in texts)
    for at, (text, own) in enumerate(zip(texts, encoded, strict=True)):
        lang = detect(text, None).code
        if lang not in encoder.languages:
            continue
        found: Clauses = read_clauses([(own, text, lang)])
        for begin, end in pairwise(found.bounds):
            if begin < end:
                worst = begin + int(found.moods(encoder)[begin:end, 0].argmax())
                owners.append(at)
                clauses.append(found.texts[worst])
                rows.append(found.embeddings[worst])
    return owners, clauses, np.array(rows, dtype=np.float64)


def _clusters(alike: Floats, least: int) -> list[list[int]]:
    """Groups of `least` rows or more around the row with the most free neighbours."""
    free = np.ones(len(alike), dtype=bool)
    near = alike >= NEAR
    groups: list[list[int]] = []
    while True:
        counts = (near & free).sum(axis=1) * free
        centre = int(counts.argmax())
        if counts[centre] < least:
            return groups
        members = np.flatnonzero(near[centre] & free)
        groups.append(members[np.argsort(-alike[centre, members])].tolist())
        free[members] = False


def _typical(groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The words of each group by class-based tf-idf."""
    counts = [Counter(w for text in own for w in _WORD.findall(text.casefold())) for own in groups]
    total = Counter(word for own in counts for word in own.elements())
    mean = sum(total.values()) / max(1, len(groups))
    return [
        tuple(
            sorted(own, key=lambda word: (-own[word] * math.log(1 + mean / total[word]), word))[:10]
        )
        for own in counts
    ]
