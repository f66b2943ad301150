"""Reads a brand's board from the store: its series by bucket, and what of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from reports.usual import PER_DAY, SIZE, Board, Flags
from store.alert_rows import AlertRow
from store.series_counts import Stretch, known_outages, series_counts
from store.series_tally import BUCKET, bucket_of, bucket_start
from store.sources import sources

_MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same for every brand at one look.

    Attributes:
        down: stretches in which some source could not be read.
        watched_since: when the first source was set up; None where older posts are complete too.
        seen_until: every source was read at this time or later; None if one never was.
    """

    now: datetime
    down: tuple[Stretch, ...]
    watched_since: datetime | None
    seen_until: datetime | None

    @property
    def last(self) -> int:
        """The newest bucket, which is not over yet: what it holds so far is a lower bound."""
        return bucket_of(self.now - _MICROSECOND)

    @property
    def end(self) -> datetime:
        """When the newest bucket ends."""
        return bucket_start(self.last + 1)

    def back(self, at: datetime) -> int:
        """How many buckets ago a moment was, its own bucket counted."""
        return self.last - bucket_of(at) + 1


def scene(conn: Connection, now: datetime, *, trust_history: bool) -> Scene:
    """What the store knows of the collectors, as of the last refresh of the series.

    Args:
        trust_history: posts from before the first poll are complete.
    """
    active = sources(conn)
    seen = [row.last_success_at for row in active]
    return Scene(
        now=now,
        down=tuple(known_outages(conn)),
        watched_since=None
        if trust_history
        else min((row.created_at for row in active), default=None),
        seen_until=None if None in seen else min((at for at in seen if at), default=None),
    )


def board_of(
    conn: Connection, brand_id: int, at: Scene, waves: Sequence[AlertRow] = ()
) -> tuple[Board, int]:
    """A brand's board, and how many hours of it are left out because collectors were down.

    Args:
        waves: the brand's earlier alerts; what was part of one teaches nothing of the usual and
            never opens another.
    """
    found = series_counts(conn, brand_id, at.last, SIZE)
    counts = {name: row.astype(float) for name, row in found.items()}
    return make_board(counts, at, [(a.started_at, a.closed_at) for a in waves if a.closed_at])


def make_board(
    counts: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    at: Scene,
    waves: Sequence[Stretch],
) -> tuple[Board, int]:
    """A board of these series, with what was not known of them blanked; see `board_of`."""
    known = np.ones(SIZE, bool)
    volume = counts.get("volume")
    since = at.watched_since
    if since is not None:
        known[: max(0, SIZE - at.back(since))] = False
    else:
        first = int(np.argmax(volume > 0)) if volume is not None and volume.any() else SIZE
        known[:first] = False
    down = _covered(at, at.down)
    seen = SIZE
    if 2 * (down & known).sum() <= known.sum():
        known &= ~down
        seen = SIZE if at.seen_until is None else max(1, at.back(at.seen_until))
    else:
        # Polled by hand or once a day: no hour is special, so none is left out.
        down = np.zeros(SIZE, bool)
    fresh = SIZE
    for start, end in waves:
        known[max(0, SIZE - at.back(start)) : max(0, SIZE - at.back(end))] = False
        fresh = min(fresh, max(0, at.back(end) - 1))
    board = Board(counts, known, fresh=fresh, seen_until=min(seen, SIZE), late=_late(at))
    return board, int(down.sum()) // 6


def _covered(at: Scene, stretches: Sequence[Stretch]) -> Flags:
    """Buckets that lie at least half in some stretch."""
    found = np.zeros(SIZE, bool)
    for start, end in stretches:
        first = SIZE - at.back(start + BUCKET / 2)
        found[max(0, first) : max(0, SIZE - at.back(end + BUCKET / 2))] = True
    return found


def _late(at: Scene) -> tuple[int, int] | None:
    """The outages that ended within the last day, as buckets ago."""
    ended = [(a, b) for a, b in at.down if at.now - DAY < b <= at.now]
    if not ended:
        return None
    start = min(at.back(min(a for a, _ in ended)), SIZE - 1, 7 * PER_DAY)
    return start, min(start - 1, max(0, at.back(max(b for _, b in ended)) - 1))
