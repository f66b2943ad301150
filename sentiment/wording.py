"""How like the words of a text are to those of the examples, each to the nearest of them.

In the mean of its words a text is like everything it touches on; the one word that tells its cause
is drowned. So each token of a text is also compared with every token of a cause's examples, in
their contexts, and the nearest counts (late interaction: ColBERT, Khattab & Zaharia 2020); rare
tokens count more (by inverse document frequency: BERTScore, Zhang et al. 2020), common ones not at
all. A clause of few words borrows from its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BORROWED: Final = 30.0
"""What the words of the text count in a clause's, as much as six rare tokens of its own."""

COMMON: Final = 0.1
"""In which share of texts a token is so common that it counts nothing."""

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]


class Tokens(NamedTuple):
    """The tokens of a text.

    Attributes:
        ids: numbers in the vocabulary [t].
        rows: embeddings [t, H], of any length.
        inside: which of them are in each clause [n, t].
        centre: what any text of the language has [H], if that is to be taken out.
    """

    ids: NDArray[np.int64]
    rows: Rows
    inside: NDArray[np.bool_]
    centre: Rows | None = None

    def directions(self, which: NDArray[np.bool_]) -> Rows:
        """Unit rows [m, H] of some tokens, without what any text has."""
        rows = _unit(self.rows[which])
        return rows if self.centre is None else _unit(rows - self.centre)


@dataclass(frozen=True, slots=True)
class Wording:
    """The tokens of the examples of some groups, to compare with.

    Attributes:
        columns: unit columns [H, n], group by group.
        starts: where the tokens of each group begin; groups without a token have none.
        full: which groups [groups] have a token.
        rarity: what each token of the vocabulary counts, 0 for common ones.
    """

    columns: Rows
    starts: NDArray[np.int64]
    full: NDArray[np.bool_]
    rarity: Rows

    @classmethod
    def of(cls, groups: Iterable[Sequence[Tokens]], rarity: Rows, width: int) -> Wording:
        """The tokens of groups of examples; `width` is that of their rows."""
        nothing = np.empty((0, width), np.float32)
        kept = [
            np.concatenate([nothing, *(own.directions(rarity[own.ids] > 0) for own in texts)])
            for texts in groups
        ]
        full = np.array([len(rows) > 0 for rows in kept])
        starts = np.cumsum([0, *[len(rows) for rows in kept if len(rows)]])[:-1]
        columns = np.ascontiguousarray(np.concatenate(kept).T)
        return cls(columns, starts, full, rarity)

    @property
    def size(self) -> int:
        """How many tokens it compares with."""
        return int(self.columns.shape[1])

    def likeness(self, tokens: Tokens) -> tuple[Floats, Floats]:
        """How like a text is to the groups, -2 to 2: its clauses [n, groups], the whole [groups].

        To groups without a token it is as like as to the others in the mean.
        """
        weights = self.rarity[tokens.ids]
        rare = weights > 0
        if not self.full.any() or not rare.any():
            return np.zeros((len(tokens.inside), len(self.full))), np.zeros(len(self.full))
        nearest = np.maximum.reduceat(tokens.directions(rare) @ self.columns, self.starts, axis=1)
        counted = 2 * weights[rare, None].astype(np.float64) * nearest
        whole = counted.sum(axis=0) / weights.sum()
        inside = tokens.inside[:, rare]
        summed = inside @ counted + BORROWED * whole
        clauses = summed / (inside @ weights[rare] + BORROWED)[:, None]
        return self._spread(clauses), self._spread(whole[None])[0]

    def _spread(self, found: Floats) -> Floats:
        """Likeness [n, full groups] to all groups [n, groups]."""
        spread = np.tile(found.mean(axis=1, keepdims=True), len(self.full))
        spread[:, self.full] = found
        return spread


def rarity_of(documents: Sequence[Sequence[int]], size: int) -> Rows:
    """The inverse document frequency of each of `size` tokens, by the ids of texts."""
    counts = np.zeros(size)
    for ids in documents:
        counts[list(set(ids))] += 1
    found = np.log((len(documents) + 1) / (counts + 1))
    found[counts > COMMON * len(documents)] = 0
    return found.astype(np.float32)


def _unit(rows: Rows) -> Rows:
    """Rows at unit length in single precision, which is enough for words and half the work."""
    unit: Rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-9))
    return unit
