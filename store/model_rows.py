"""What labels: heads fitted on corrections, versions of model and taxonomy, and how two compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewHead:
    """A head fitted on corrections, on its way into the store."""

    name: str
    version: str
    base: str
    weights: bytes
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FittedHeadRow:
    """A head as stored, without its weights.

    Attributes:
        version: name and content hash, as its labels carry it.
        base: the version of the model it was fitted on.
        used_at: when it was last put into use.
    """

    name: str
    version: str
    base: str
    report: Mapping[str, Any]
    created_at: datetime
    in_use: bool
    used_at: datetime | None
    used_by: str


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A pair of model and taxonomy that made labels, and how many."""

    id: int
    model: str
    taxonomy: str
    current: bool
    created_at: datetime
    labels: int


@dataclass(frozen=True, slots=True)
class ChangedLabel:
    """A text that two versions label differently; `corrected` is a person's word, if any."""

    mention_id: int
    brand: str
    text: str
    url: str
    before: str
    after: str
    corrected: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two versions say of the texts that both have labelled.

    Attributes:
        pairs: how many texts have each (first, second) pair of sentiments.
        only_first: texts that the first has labelled and the second has not.
        corrected: of the texts whose sentiment a person has said, how many there are, and how
            many of them each version gets right.
        examples: some of the changed texts, newest first, of every kind of change.
    """

    pairs: Mapping[tuple[str, str], int]
    only_first: int
    only_second: int
    corrected: tuple[int, int, int]
    examples: tuple[ChangedLabel, ...] = ()

    @property
    def both(self) -> int:
        """Texts that both have labelled."""
        return sum(self.pairs.values())

    @property
    def agree(self) -> int:
        """Those of them with the same sentiment."""
        return sum(count for (first, second), count in self.pairs.items() if first == second)
