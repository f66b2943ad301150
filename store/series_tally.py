"""Stories counted into series of ten-minute buckets, and how a day of them is packed. Pure."""

from __future__ import annotations

from collections import Counter, deque
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
RETOLD: Final = "retold"
"""Of the reprints those of the story that was told more often than any other in the last day."""
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
class Retold:
    """How often each story was told within the last day, and whether one leads them all."""

    _told: deque[tuple[datetime, int]] = field(default_factory=deque)
    _times: Counter[int] = field(default_factory=Counter)
    _stories: Counter[int] = field(default_factory=Counter)
    """How many stories were told so many times."""
    _most: int = 0

    def tell(self, cluster: int, at: datetime) -> bool:
        """Note that a story was told; whether it has now been told more often than any other."""
        while self._told and at - self._told[0][0] >= STORY_MEMORY:
            self._change(self._told.popleft()[1], -1)
        self._told.append((at, cluster))
        times = self._change(cluster, 1)
        return times == self._most and self._stories[times] == 1

    def _change(self, cluster: int, by: int) -> int:
        before = self._times[cluster]
        now = self._times[cluster] = before + by
        if not now:
            del self._times[cluster]
        self._stories[before] -= 1
        self._stories[now] += 1
        self._most = max(self._most, now)
        while self._most and self._stories[self._most] <= 0:
            self._most -= 1
        return now


@dataclass
class Tally:
    """Series filled story by story, in order of time; buckets are counted from `first`.

    The reprints of the most retold story are counted apart as well, so that their number in a
    window is what can be said of one story; many that are retold twice each are no such story.
    """

    first: int
    size: int
    seen: dict[int, datetime] = field(default_factory=dict)
    """When each cluster was last mentioned before."""
    series: dict[str, Counts] = field(default_factory=dict)
    retold: Retold = field(default_factory=Retold)

    def remember(self, cluster: int, at: datetime) -> bool:
        """Note that a story was told, without counting it; whether it is the most told one."""
        self.seen[cluster] = at
        return self.retold.tell(cluster, at)

    def add(self, story: Story) -> None:
        """Count one mention."""
        before = self.seen.get(story.cluster)
        leads = self.remember(story.cluster, story.at)
        index = bucket_of(story.at) - self.first
        if not 0 <= index < self.size:
            return
        if story.sentiment == "negative":
            # Who repeats a complaint word for word tells it to all who follow.
            self._most(AUTHOR, index, story.followers)
        if before is None or story.at - before >= STORY_MEMORY:
            self._add_first(story, index)
            return
        self._count(REPRINTS, index)
        if leads:
            self._count(RETOLD, index)

    def _add_first(self, story: Story, index: int) -> None:
        """Count a mention that tells a story first."""
        negative = story.sentiment == "negative"
        self._count(LATE if story.late else VOLUME, index)
        if negative:
            self._count(LATE_NEGATIVE if story.late else NEGATIVE, index)
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
