"""What is read in checked texts, and shares with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.causes import CauseFinder
from sentiment.encoder import EncodedText, Encoder
from sentiment.interface import Reasons
from sentiment.training.cause_sets import Asked

TOGETHER = 64
"""Texts whose clauses are judged at once."""
DRAWS = 500


@dataclass(frozen=True, slots=True)
class Figure:
    """A share in per cent with its 95 % bootstrap interval over texts."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.1f} [{self.low:.1f}, {self.high:.1f}]"


def bootstrap(n: int, score: Callable[[NDArray[np.int64]], float]) -> Figure:
    """`score` of all rows, with the interval of its value on rows drawn again."""
    rng = np.random.default_rng(17)
    rows = np.arange(n)
    drawn = [score(rng.integers(0, n, n)) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(100 * score(rows), 100 * float(low), 100 * float(high), n)


def read(
    finder: CauseFinder,
    encoder: Encoder,
    texts: Sequence[Asked],
    known: dict[str, EncodedText] | None = None,
) -> list[Reasons]:
    """What the finder reads in the texts; `known` remembers encoded ones between calls."""
    kept = {} if known is None else known
    new = [text for text in dict.fromkeys(asked.text for asked in texts) if text not in kept]
    kept.update(zip(new, encoder.encode((text, ()) for text in new), strict=True))
    items = [(kept[asked.text], asked.text, asked.lang) for asked in texts]
    parts = [items[at : at + TOGETHER] for at in range(0, len(items), TOGETHER)]
    return [own for part in parts for own in finder.read(part)]


def share(hits: Sequence[bool]) -> Figure:
    """How many of them there are, with its interval."""
    known = np.array(hits)
    return bootstrap(len(hits), lambda rows: float(known[rows].mean()))
