"""A wave that outlasted its alert: it is not told again before it has ended.

An alert that is open for a week is closed though its wave goes on. Until its series have been calm
once, they, and all that they explain, are no news; only twice as much as the wave ever held is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import Connection

from reports.series import CALM, Habits, series_of
from reports.signals import FLAT, Signal, sightings
from reports.statistics import negative_binomial_quantile
from reports.thread import Thread
from reports.usual import LEAST_DAYS, SIZE, WIDTHS, Board, Floats, Usual, learn
from reports.watch import Scene
from store.alert_rows import AlertRow
from store.alerts import alert_events

LONG: Final = "long"
"""Why an alert ends whose wave goes on."""
UNREAD: Final = "unread"
"""Why one ends of which nobody knows whether it goes on, as its sources cannot be read."""
_GROWN: Final = 2


@dataclass(frozen=True, slots=True)
class Wave:
    """A wave whose alert was closed while it went on.

    Attributes:
        thread: what was told of it.
        began: how many buckets ago it began; its alert was closed `fresh` buckets ago.
    """

    thread: Thread
    began: int
    fresh: int

    def calm_since(self, board: Board) -> int | None:
        """How many buckets ago its series first were calm together for three hours.

        None if they have not been since its alert was closed.
        """
        if self.thread.kind == "silence":
            heard = np.flatnonzero(sightings(board)[SIZE - self.fresh :])
            return self.fresh - int(heard[0]) if len(heard) else None
        known = board.known.copy()
        known[-self.began :] = False
        past = Board(board.counts, known)
        if past.known_days < LEAST_DAYS:
            return self.fresh
        rows = [(board.row(name), learn(past, (name,))) for name in self._series()]
        ended = (
            end
            for end in range(self.fresh - CALM, -1, -1)
            if board.known[SIZE - end - CALM : SIZE - end].all()
            and all(_is_usual(row, usual, end) for row, usual in rows)
        )
        return next((end + CALM for end in ended), None)

    def is_news(self, signal: Signal, board: Board, usual: Habits, minimum: int) -> bool:
        """Whether a series that stands out is another thing than this wave, or twice as much."""
        return self._has_grown(signal, board, minimum) or self.thread.is_news(
            signal, board, usual, minimum
        )

    def _series(self) -> set[str]:
        told = ((self.thread.kind, self.thread.subject), *self.thread.joined)
        return {series_of(*series) for series in told if series[0] != "silence"}

    def _has_grown(self, signal: Signal, board: Board, minimum: int) -> bool:
        """Whether some window holds twice what any did while the alert was open."""
        if signal.kind in FLAT or signal.kind == "silence":
            return False
        row = board.row(series_of(signal.kind, signal.subject))
        held = np.concatenate([[0.0], row[SIZE - self.began : SIZE - self.fresh].cumsum()])
        return any(
            row[-width:].sum() >= max(minimum, _GROWN * (held[width:] - held[:-width]).max())
            for width in WIDTHS
            if width <= min(self.fresh, len(held) - 1)
        )


def lasting(
    conn: Connection, alerts: Sequence[AlertRow], board: Board, at: Scene
) -> tuple[tuple[Wave, ...], int]:
    """The waves of a brand that go on though their alerts were closed.

    Args:
        alerts: the brand's, the oldest first; one that came later of the same series replaces it.

    Returns:
        With them how many of the newest buckets were part of no such wave that has ended.
    """
    found = {(row.kind, row.facts.get("about_id") or ""): row for row in alerts}
    waves, newest = [], SIZE
    for (kind, subject), row in found.items():
        if row.closed_at is None or row.facts.get("why") != LONG:
            continue
        thread = Thread(kind, str(subject), alert_events(conn, row.id))
        fresh = max(0, at.back(row.closed_at) - 1)
        began = min(SIZE, at.back(row.started_at))
        wave = Wave(thread, began, fresh)
        since = wave.calm_since(board) if fresh < began else SIZE
        if since is None:
            waves.append(wave)
        else:
            newest = min(newest, since)
    return tuple(waves), newest


def _is_usual(row: Floats, usual: Usual, end: int) -> bool:
    """Whether the three hours that ended so many buckets ago held no more than is usual."""
    seen = int(row[SIZE - end - CALM : SIZE - end].sum())
    mean, spread = float(usual.expected_between(end + CALM, end)[0]), float(usual.spread[CALM][0])
    # Cantelli's bound is beyond the quantile, which costs too much to be found for every window.
    if seen > 1 + mean + 7 * math.sqrt(mean + spread * mean * mean):
        return False
    return seen <= max(1, negative_binomial_quantile(0.975, mean, spread))
