"""Stories counted into series of ten-minute buckets, and how a day of them is packed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

BUCKET: Final = timedelta(minutes=10)
PER_DAY: Final = 144
VOLUME, NEGATIVE, SCORED, AUTHOR, REPRINTS = "volume", "negative", "scored", "author", "reprints"
LATE, LATE_NEGATIVE = "late", "late_negative"
CAUSE: Final = "cause:"
"""The prefix of a cause's series."""
PRODUCT: Final = "product:"
PLACE: Final = "place:"
"""The prefix of the series of the negative stories that speak of a place; likewise of a product."""
STORY_MEMORY: Final = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WIDTHS: Final[Mapping[int, str]] = {1: "<u1", 2: "<u2", 4: "<u4"}


@dataclass(frozen=True, slots=True)
class Story:
    """A mention as the series count it.

    Attributes:
        late: it has no time of its own and came with a catch-up.
        causes: the causes of unhappiness it names.
        facets: the series of the brand's products and places that it speaks of.
    """

    at: datetime
    cluster: int
    sentiment: str
    followers: int
    late: bool = False
    causes: tuple[str, ...] = ()
    mention_id: int = 0
    facets: tuple[str, ...] = ()


@dataclass
class Tally:
    """Series filled story by story, in order of time; buckets are counted from `first`."""

    first: int
    size: int
    seen: dict[int, datetime] = field(default_factory=dict)
    """When each cluster was last mentioned before."""
    series: dict[str, Counts] = field(default_factory=dict)

    def add(self, story: Story) -> None:
        """Count one mention."""
        before = self.seen.get(story.cluster)
        self.seen[story.cluster] = story.at
        index = bucket_of(story.at) - self.first
        if not 0 <= index < self.size:
            return
        if before is not None and story.at - before < STORY_MEMORY:
            self._count(REPRINTS, index)
            return
        negative = story.sentiment == "negative"
        self._count(LATE if story.late else VOLUME, index)
        if negative:
            self._count(LATE_NEGATIVE if story.late else NEGATIVE, index)
            self._most(AUTHOR, index, story.followers)
        if story.late:
            return
        if story.sentiment in {"negative", "neutral", "positive"}:
            self._count(SCORED, index)
        for cause in story.causes:
            self._count(CAUSE + cause, index)
        if negative:
            for series in story.facets:
                self._count(series, index)

    def _row(self, name: str) -> Counts:
        return self.series.setdefault(name, np.zeros(self.size, np.int64))

    def _count(self, name: str, index: int) -> None:
        self._row(name)[index] += 1

    def _most(self, name: str, index: int, value: int) -> None:
        row = self._row(name)
        row[index] = max(int(row[index]), value)


def bucket_of(at: datetime) -> int:
    """The number of the bucket that holds a moment, counted from 1970."""
    return (at - _EPOCH) // BUCKET


def bucket_start(bucket: int) -> datetime:
    """When a bucket begins."""
    return _EPOCH + bucket * BUCKET


def packed(counts: Counts) -> bytes:
    """Counts in the narrowest whole numbers that hold the greatest."""
    most = int(counts.max(initial=0))
    width = 1 if most < 2**8 else 2 if most < 2**16 else 4
    return counts.clip(0, 2**32 - 1).astype(_WIDTHS[width]).tobytes()


def unpacked(blob: bytes) -> NDArray[Any]:
    """The counts of a day."""
    return np.frombuffer(blob, _WIDTHS[len(blob) // PER_DAY])
