"""What unhappy texts complain of: their clauses without praise, bare dislike and names.

The model of sentiment tells the moods. What a complaint is about is read by the second readers
(`sentiment.readers`): of six short posts on one matter and fifty on others, in English, the five
nearest to a post were of its matter in 83 % by MiniLM, in 64 % by the model of sentiment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sentiment import readers
from sentiment.bare import BARE
from sentiment.classifier import centred, unit
from sentiment.encoder import Encoder
from sentiment.language import detect
from sentiment.passages import Clauses, read_clauses
from sentiment.proper_names import WORD, Mask
from sentiment.second_reader import SecondReader, pooled
from sentiment.taxonomy import Taxonomy

READ_BY: Final[Mapping[str, tuple[str, ...]]] = {"en": ("en", "ru"), "ru": ("ru",)}
"""The languages whose second readers read a text: that of Russian texts knows English too."""
PRAISE: Final = 0.7
"""Probability of delight from which on a clause, read alone, is praise. Facts ("no ramp") are
mostly neutral when read alone, so a clause need not be unhappy by itself."""
LIKE_BARE: Final = 0.4
"""Cosine to a phrase of bare dislike from which on a clause is no more than that."""
LETTER: Final = 4
"""Clauses that complain above which a text may complain of several things: each stands alone."""
EVERY: Final = 4
"""Of the background, every fourth text is read: their mean and spread are the same."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What one text, or one clause of a letter, complains of.

    Attributes:
        owner: the text's place in the list that was given.
        text: as it is written.
        masked: without names.
    """

    owner: int
    text: str
    masked: str


def complaints(
    encoder: Encoder, texts: Sequence[str], mask: Mask
) -> Iterator[tuple[str, list[Complaint], Floats]]:
    """By language, what texts complain of, and rows [n, W] of unit length that tell about what."""
    spoken = [detect(text, None).code for text in texts]
    for lang in sorted(encoder.languages & READ_BY.keys()):
        own = [at for at, found in enumerate(spoken) if found == lang and texts[at].strip()]
        found = _of_language(encoder, texts, own, lang, mask)
        if found:
            rows = meanings([item.masked for item in found], lang)
            kept = np.flatnonzero(~_bare(rows, lang)).tolist()
            yield lang, [found[at] for at in kept], rows[kept]


def _of_language(
    encoder: Encoder, texts: Sequence[str], places: Sequence[int], lang: str, mask: Mask
) -> list[Complaint]:
    encoded = encoder.encode((texts[at], ()) for at in places)
    clauses = read_clauses(
        [(read, texts[at], lang) for at, read in zip(places, encoded, strict=True)]
    )
    if not len(clauses):
        return []
    masked = [mask(own) for own in clauses.texts]
    telling = _telling(encoder, clauses, masked, lang)
    return [
        Complaint(at, _written(texts[at], clauses, rows), ", ".join(masked[row] for row in rows))
        for at, (begin, end) in zip(places, pairwise(clauses.bounds), strict=True)
        for rows in _passages([row for row in range(begin, end) if telling[row]])
    ]


def _telling(
    encoder: Encoder, clauses: Clauses, masked: Sequence[str], lang: str
) -> NDArray[np.bool_]:
    """Which clauses [n] are neither praise nor bare dislike nor a name alone."""
    # In its text a clause has the text's mood: "tasty soup" of a complaint reads as unhappy.
    clauses.read_alone(encoder, np.flatnonzero(~clauses.alone()).tolist())
    praise = clauses.moods(encoder)[:, 2] >= PRAISE
    words = np.array([len(WORD.findall(own)) > 1 for own in masked])
    found: NDArray[np.bool_] = words & ~praise & ~_bare(meanings(masked, lang), lang)
    return found


def _passages(rows: list[int]) -> list[list[int]]:
    return [rows] if 0 < len(rows) <= LETTER else [[row] for row in rows]


def _written(text: str, clauses: Clauses, rows: Sequence[int]) -> str:
    """The clauses as the text has them; what is left out between them is three dots."""
    runs = [[row for _, row in run] for _, run in groupby(enumerate(rows), lambda p: p[1] - p[0])]
    return " … ".join(
        text[clauses.spans[run[0]].start : clauses.spans[run[-1]].end] for run in runs
    )


def meanings(texts: Sequence[str], lang: str) -> Floats:
    """Unit rows [n, W] of texts by the second readers, without what any text of a language has."""
    read = []
    for of in READ_BY[lang]:
        reader = readers.shipped(of)
        read.append(centred(_read(reader, texts), unit(_background(of, lang)).mean(axis=0)))
    return unit(np.hstack(read))


def _read(reader: SecondReader, texts: Sequence[str]) -> NDArray[np.float32]:
    return pooled(reader.read_whole(texts), reader.width)


@cache
def _background(of: str, lang: str) -> NDArray[np.float32]:
    """Texts [n, D] of a language that name no cause, by one reader."""
    return _read(readers.shipped(of), list(Taxonomy.load().background[lang])[::EVERY])


@cache
def background(lang: str) -> Floats:
    """Rows [n, W] of texts that name no cause."""
    return meanings(list(Taxonomy.load().background[lang])[::EVERY], lang)


def _bare(rows: Floats, lang: str) -> NDArray[np.bool_]:
    """Which rows [n] are of bare dislike."""
    found: NDArray[np.bool_] = (rows @ _phrases(lang).T).max(axis=1) >= LIKE_BARE
    return found


@cache
def _phrases(lang: str) -> Floats:
    return meanings(BARE[lang], lang)
