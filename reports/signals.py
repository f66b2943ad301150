"""A series that stands out, and the signals that are no counts: author and silence. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from reports.statistics import negative_binomial_quantile
from reports.surges import MONTH
from reports.usual import PER_DAY, PER_HOUR, WIDTHS, Board, Floats, Usual

Kind = Literal[
    "volume",
    "negative_count",
    "negative_share",
    "cause",
    "product",
    "place",
    "author",
    "silence",
    "story",
]
FLAT: Final = frozenset({"negative_share", "author"})
"""Kinds whose usual knows no hours and no weekdays."""
LOOKS_A_MONTH: Final = MONTH.total_seconds() / 600
LOOKS_PER_WINDOW: Final = 8
LONGEST_SILENCE: Final = 7 * PER_DAY
_SILENCE_PRIOR = 5.0
LEAST_KNOWN: Final = 8
"""Fewer past authors, or fewer lacking stories, say nothing."""
LEAST_REACH: Final = 1000
_REACH_PRIOR = 5.0


@dataclass(frozen=True, slots=True)
class Watch:
    """What a brand's people chose.

    Attributes:
        false_alarms_per_month: at most, for the brand as a whole.
        minimum_count: a window with fewer stories raises nothing.
        stricter: how many times more surprising a series must be than the others, by
            `kind:subject`; at least 1, so the stated rate can only be undercut. See
            `reports.tuning`.
    """

    false_alarms_per_month: float = 1.0
    minimum_count: int = 5
    stricter: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Signal:
    """A series that stands out in the window of `width` buckets that ends `end` buckets ago.

    Attributes:
        subject: the id of the cause, product or place; empty for the other kinds.
        start: how many buckets ago it began.
        observed: stories, negative ones, reprints, or an author's followers.
        trials: scored stories of the window, for a share.
        expected: what is usual in it; `low`-`high` is the 95 % prediction interval.
        monthly: how often a month chance alone shows as much: expected false alarms of a rule
            that would tell this.
    """

    kind: Kind
    subject: str
    width: int
    end: int
    start: int
    observed: int
    trials: int
    expected: float
    low: int
    high: int
    dispersion: float
    monthly: float
    severity: int


def looks(width: int) -> float:
    """How many windows of this width a month holds that are worth a decision of their own."""
    return min(LOOKS_A_MONTH, LOOKS_A_MONTH / width * LOOKS_PER_WINDOW)


def make_signal(
    kind: Kind, subject: str, seen: tuple[int, int], law: tuple[float, float], monthly: float
) -> Signal:
    """A signal of a count: `seen` is (width, observed), `law` (expected, dispersion).

    Its interval is left out until it is told (see `with_interval`).
    """
    width, observed = seen
    expected, spread = law
    return Signal(
        kind=kind,
        subject=subject,
        width=width,
        end=0,
        start=width,
        observed=observed,
        trials=0,
        expected=expected,
        low=0,
        high=0,
        dispersion=spread,
        monthly=max(monthly, 1e-290),
        severity=1,
    )


def with_interval(signal: Signal) -> Signal:
    """The signal of a count with its 95 % prediction interval; the others have one already."""
    if signal.kind in FLAT:
        return signal
    low, high = (
        negative_binomial_quantile(part, signal.expected, signal.dispersion)
        for part in (0.025, 0.975)
    )
    return replace(signal, low=low, high=high)


def nothing(kind: Kind, subject: str = "") -> Signal:
    """A series that shows nothing."""
    return Signal(kind, subject, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0, 1e9, 1)


def rests_on(board: Board, kind: Kind, start: int, end: int) -> int:
    """How much of the past a window from `start` to `end` buckets ago was compared with.

    Past windows in the same place of the week; for a share scored stories, for an author others.
    """
    if kind == "author":
        return len(reaches(board))
    if kind == "negative_share":
        known = board.known[:-PER_DAY]
        return int(board.row("scored")[:-PER_DAY][known].sum())
    return board.weeks_known(start, end)


def reaches(board: Board) -> Floats:
    """Followers of the negative authors before the newest day, the most first."""
    row = board.row("author")[:-PER_DAY]
    found: Floats = np.sort(row[board.known[:-PER_DAY] & (row > 0)])[::-1]
    return found


def author_signal(board: Board, past: Floats) -> Signal:
    """A negative author of a reach that negative authors of this brand rarely have.

    Followers above the 90th percentile are log-exponential (Pareto; Hill, Annals of Statistics 3
    (1975) 1163-1174) with a gamma prior around exponent 1 worth five authors, which makes the
    predictive tail log-Lomax: with few authors behind it, it promises little.

    Args:
        past: see `reaches`.
    """
    newest = board.row("author")[-PER_DAY:].copy()
    newest[: PER_DAY - min(PER_DAY, board.fresh)] = 0
    most = float(newest.max())
    if len(past) < LEAST_KNOWN or most < LEAST_REACH:
        return nothing("author")
    count = max(5, len(past) // 10)
    least = float(past[min(count, len(past) - 1)])
    if most <= past[0] or most < 5 * float(np.median(past)):
        return nothing("author")
    excess = float(np.log(past[:count] / least).sum())
    shape, scale = count + _REACH_PRIOR, excess + _REACH_PRIOR
    tail = count / len(past) * (scale / (scale + math.log(most / least))) ** shape
    a_month = len(past) / board.known_days * MONTH.days
    start = PER_DAY - int(np.argmax(newest))
    return Signal(
        "author",
        "",
        start,
        0,
        start,
        int(most),
        0,
        float(np.median(past)),
        int(past[-1]),
        int(past[max(0, len(past) // 40 - 1)]),
        0.0,
        max(tail * a_month, 1e-290),
        1,
    )


def sightings(board: Board) -> Floats:
    """Every mention by when it was published: stories, their reprints, and what came late."""
    return board.row("volume") + board.row("reprints") + board.row("late")


def silence_signal(board: Board, usual: Usual, past: Floats) -> Signal:
    """No mention at all where many stories are usual; never over hours that are not known.

    It must last: the newest buckets may lack posts that no source has brought yet, but one mention
    in them that has come says that the silence is over.

    A silence is measured by the stories it lacks. Past silences longer than most have an
    exponential excess (mean 1 for a Poisson brand) with a gamma prior worth five of them, so a
    brand whose sources sleep at odd hours is not taken for a dead one; the rate of such silences
    is what the past held.

    Args:
        past: see `silences`.
    """
    row, end = sightings(board), board.seen_until
    if row[len(row) - end :].any():
        return nothing("silence")
    longest = min(board.fresh, len(row), end + LONGEST_SILENCE)
    silent = (row[::-1] == 0) & board.known[::-1]
    broken = np.flatnonzero(~silent[end:longest])
    start = end + int(broken[0]) if len(broken) else longest
    if start <= end:
        return nothing("silence")
    index = usual.names.index("volume")
    lacking = float(usual.expected_between(start, end)[index])
    if lacking < LEAST_KNOWN:
        return nothing("silence")
    a_month = _longer_silences(lacking, past) / board.known_days * MONTH.days
    width = next((w for w in WIDTHS if w >= start - end), WIDTHS[-1])
    law = (lacking, float(usual.spread[width][index]))
    return replace(make_signal("silence", "", (start - end, 0), law, a_month), start=start, end=end)


def _longer_silences(lacking: float, past: Floats) -> float:
    """How many silences that lack as much the past leads one to expect.

    Of three places where the tail may begin, the one that makes the silence least surprising: a
    brand that is closed by the hour has silences of few lengths, and a tail that happens to begin
    at one of those lengths looks half as long as it is.
    """
    most = 0.0
    for part in (5, 10, 20):
        count = min(len(past), max(10, len(past) // part))
        least = float(past[count - 1]) if len(past) > count else 0.0
        scale = float((past[:count] - least).sum()) + _SILENCE_PRIOR
        tail = (scale / (scale + max(0.0, lacking - least))) ** (count + _SILENCE_PRIOR)
        most = max(most, max(count, 1) * tail)
    return most


def silences(board: Board, usual: Usual) -> Floats:
    """The stories that each silence before the newest day lacked, the most first."""
    foretold = np.repeat(
        usual.forecast[usual.names.index("volume")].reshape(-1) / PER_HOUR, PER_HOUR
    )
    row, known = sightings(board)[:-PER_DAY], board.known[:-PER_DAY]
    silent = (row[::-1] == 0) & known[::-1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    sums = np.concatenate([[0.0], np.cumsum(foretold)])
    lacked: Floats = np.sort(sums[edges[1::2]] - sums[edges[::2]])[::-1]
    return lacked
