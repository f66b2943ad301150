"""Which looks at a simulated brand can raise an alarm at all, many looks at once.

An alarm needs a series whose expected false alarms a month are at most the stated rate; nearly all
looks have none. The screen computes the tails of every count series, window and look in one call of
scipy (it comes with the training extra), so that the decision itself is made only where it may
matter. It never drops a look that the decision would tell (`tests/benchmarks/test_alarms.py`).
"""

from __future__ import annotations

import numpy as np
from scipy.special import betainc

from reports.series import Habits, windows
from reports.shares import LEAST_TRIALS
from reports.signals import LEAST_REACH, Watch, looks, silence_signal
from reports.usual import PER_DAY, PER_HOUR, SIZE, WIDTHS, Board, Flags, Floats

_LEAST_SPREAD = 1e-6
_DISTANT = 2.0
"""Standard deviations of a share below which no stated rate is reached."""


def looks_worth(
    series: dict[str, Floats], start: int, end: int, usual: Habits, watch: Watch
) -> list[int]:
    """Which looks after buckets `start` to `end` may tell something; learnt at `start`."""
    worth = _counts(series, start, end, usual, watch)
    worth |= _shares(series, start, end, usual, watch)
    worth |= _authors(series, start, end, usual)
    for place in np.flatnonzero(series["volume"][start - 2 : end - 2] == 0):
        now = start + int(place)
        newest = Board({"volume": series["volume"][now - SIZE : now]}, _KNOWN, seen_until=1)
        found = silence_signal(newest, usual.later(int(place)).counts, usual.silences)
        worth[place] |= found.monthly <= watch.false_alarms_per_month
    return [start + int(place) for place in np.flatnonzero(worth)]


_KNOWN = np.ones(SIZE, bool)


def _sums(row: Floats, start: int, end: int) -> Floats:
    """Counts of the windows that end at each look: widths by looks."""
    total = np.concatenate([[0.0], np.cumsum(row[start - PER_DAY : end])])
    ends = np.arange(PER_DAY, PER_DAY + end - start)
    return np.stack([total[ends] - total[ends - width] for width in WIDTHS])


def _counts(series: dict[str, Floats], start: int, end: int, usual: Habits, watch: Watch) -> Flags:
    names = usual.counts.names
    observed = np.stack([_sums(series[name], start, end) for name in names])
    # Between whole hours what is expected is linear in time, as `Usual.later` is.
    hours = range(0, end - start + PER_HOUR, PER_HOUR)
    marks = np.stack([_expected(usual, hour) for hour in hours], axis=2)
    whole, rest = np.divmod(np.arange(end - start), PER_HOUR)
    expected = marks[..., whole] + (marks[..., whole + 1] - marks[..., whole]) * rest / PER_HOUR
    spread = np.stack([usual.counts.spread[width] for width in WIDTHS], axis=1)
    spread = spread[..., None].clip(_LEAST_SPREAD)
    odds = expected * spread
    tails = betainc(observed.clip(1), np.broadcast_to(1 / spread, odds.shape), odds / (1 + odds))
    watched = windows(usual.counts)
    times = watched.sum(axis=1)[:, None] * np.array([looks(width) for width in WIDTHS])
    # A hair of room: the decision takes tiny spreads for none.
    told = tails * times[..., None] <= 1.01 * watch.false_alarms_per_month
    enough = observed >= max(1, watch.minimum_count)
    found: Flags = (told & enough & watched[..., None]).any(axis=(0, 1))
    return found


def _expected(usual: Habits, later: int) -> Floats:
    counts = usual.counts.later(later)
    return np.stack([counts.expected(width) for width in WIDTHS], axis=1)


def _shares(series: dict[str, Floats], start: int, end: int, usual: Habits, watch: Watch) -> Flags:
    widths = [WIDTHS.index(width) for width in usual.share.spread]
    spread = np.array([*usual.share.spread.values()])[:, None]
    trials = _sums(series["scored"], start, end)[widths]
    observed = _sums(series["negative"], start, end)[widths]
    share = usual.share.usual
    variance = trials * share * (1 - share) * (1 + (trials - 1) * spread)
    far = observed - trials * share >= _DISTANT * np.sqrt(variance)
    enough = (trials >= LEAST_TRIALS) & (observed >= watch.minimum_count)
    found: Flags = (far & enough).any(axis=0)
    return found


def _authors(series: dict[str, Floats], start: int, end: int, usual: Habits) -> Flags:
    most = np.lib.stride_tricks.sliding_window_view(
        series["author"][start - PER_DAY : end - 1], PER_DAY
    ).max(axis=1)
    widest = float(usual.reaches[0]) if len(usual.reaches) else 0.0
    found: Flags = most > max(widest, LEAST_REACH - 1)
    return found
