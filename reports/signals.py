"""A series that stands out, and the signals that are no counts: share, author, silence. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from reports.spikes import MONTH
from reports.statistics import beta_binomial_tail, negative_binomial_quantile
from reports.usual import PER_DAY, PER_HOUR, WIDTHS, Board, Flags, Floats, Usual

Kind = Literal["volume", "negative_count", "negative_share", "cause", "author", "silence", "story"]
KINDS: Final[tuple[Kind, ...]] = (
    "negative_count",
    "negative_share",
    "cause",
    "volume",
    "story",
    "author",
    "silence",
)
LOOKS_A_MONTH: Final = MONTH.total_seconds() / 600
LOOKS_PER_WINDOW: Final = 8
LONGEST_SILENCE: Final = 7 * PER_DAY
_SILENCE_PRIOR = 5.0
LEAST_TRIALS: Final = 8
"""Scored stories without which a share means nothing."""
LEAST_REACH: Final = 1000
_SHARE_PRIOR = (1.0, 4.0)
_SHARE_SPREAD, _SHARE_SPREAD_WEIGHT = 0.02, 40.0
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
        subject: the cause's id; empty for the other kinds.
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
    """A signal of a count: `seen` is (width, observed), `law` (expected, dispersion)."""
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
        low=negative_binomial_quantile(0.025, expected, spread),
        high=negative_binomial_quantile(0.975, expected, spread),
        dispersion=spread,
        monthly=max(monthly, 1e-290),
        severity=1,
    )


def nothing(kind: Kind, subject: str = "") -> Signal:
    """A series that shows nothing."""
    return Signal(kind, subject, 0, 0, 0, 0, 0, 0.0, 0, 0, 0.0, 1e9, 1)


def share_signal(board: Board, watch: Watch) -> Signal:
    """More of the scored stories negative than usual, given how many there are."""
    negative, scored = board.row("negative"), board.row("scored")
    past = board.known[:-PER_DAY]
    n = float((scored[:-PER_DAY] * past).sum())
    best = nothing("negative_share")
    widths = tuple(w for w in WIDTHS if n / max(board.known_days, 1) * w / PER_DAY >= 1)
    if not n or not board.fresh:
        return best
    usual = share_before(negative, scored, board.known)
    for width in widths or WIDTHS[-1:]:
        seen = slice(-min(width, board.fresh), None)
        trials, observed = int(scored[seen].sum()), int(negative[seen].sum())
        if trials < LEAST_TRIALS or observed < watch.minimum_count:
            continue
        share, doubt = usual
        spread = _share_spread(negative, scored, board.known, share, width) + doubt
        if observed - trials * share < 1.5 * math.sqrt(
            trials * share * (1 - share) * (1 + (trials - 1) * spread)
        ):
            continue
        tail = beta_binomial_tail(observed, trials, share, spread)
        monthly = tail * looks(width) * max(len(widths), 1)
        if monthly < best.monthly:
            low, high = _share_interval(trials, share, spread)
            best = Signal(
                "negative_share",
                "",
                width,
                0,
                width,
                observed,
                trials,
                trials * share,
                low,
                high,
                spread,
                max(monthly, 1e-290),
                1,
            )
    return best


def share_before(negative: Floats, scored: Floats, known: Flags) -> tuple[float, float]:
    """The share of negative stories (newer weeks weigh more), and the doubt about it as spread."""
    days = (known[:-PER_DAY]).reshape(-1, PER_DAY)
    age = np.arange(len(days))[::-1]
    memory = 0.5 ** (age / 14)
    k = float(((negative[:-PER_DAY].reshape(-1, PER_DAY) * days).sum(axis=1) * memory).sum())
    n = float(((scored[:-PER_DAY].reshape(-1, PER_DAY) * days).sum(axis=1) * memory).sum())
    share = (k + _SHARE_PRIOR[0]) / (n + _SHARE_PRIOR[1])
    return share, 1 / (n + _SHARE_PRIOR[1])


def _share_spread(
    negative: Floats, scored: Floats, known: Flags, share: float, width: int
) -> float:
    """Intra-window correlation by moments: `E(k - np)² = np(1-p)(1 + (n-1)·rho)`, shrunk."""
    days = slice(-(len(known) // PER_DAY) * PER_DAY, -PER_DAY)
    shape = (-1, width)
    full = known[days].reshape(shape).all(axis=1)
    k, n = negative[days].reshape(shape).sum(axis=1), scored[days].reshape(shape).sum(axis=1)
    k, n = k[full & (n > 1)], n[full & (n > 1)]
    unit = share * (1 - share)
    error = np.minimum((k - n * share) ** 2, 16 * n * unit * (1 + (n - 1) * 0.1))
    # Windows are weighed by what they can say: (n-1)/(1 + (n-1)·prior)².
    weight = 1 / (n * (1 + (n - 1) * _SHARE_SPREAD) ** 2)
    over = float((weight * (error - n * unit)).sum()) / unit
    trust = float((weight * n * (n - 1)).sum())
    prior = _SHARE_SPREAD * _SHARE_SPREAD_WEIGHT
    return max(0.0, (over + prior) / (trust + _SHARE_SPREAD_WEIGHT))


def _share_interval(trials: int, share: float, spread: float) -> tuple[int, int]:
    """An approximate 95 % interval of the number of negative stories among `trials`."""
    half = 1.96 * math.sqrt(trials * share * (1 - share) * (1 + (trials - 1) * spread))
    return max(0, math.floor(trials * share - half)), min(trials, math.ceil(trials * share + half))


def author_signal(board: Board) -> Signal:
    """A negative author of a reach that negative authors of this brand rarely have.

    Followers above the 90th percentile are log-exponential (Pareto; Hill, Annals of Statistics 3
    (1975) 1163-1174) with a gamma prior around exponent 1 worth five authors, which makes the
    predictive tail log-Lomax: with few authors behind it, it promises little.
    """
    row = board.row("author")
    past = row[:-PER_DAY][board.known[:-PER_DAY] & (row[:-PER_DAY] > 0)]
    newest = row[-PER_DAY:].copy()
    newest[: PER_DAY - min(PER_DAY, board.fresh)] = 0
    most = float(newest.max())
    if len(past) < LEAST_TRIALS or most < LEAST_REACH:
        return nothing("author")
    past = np.sort(past)[::-1]
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


def silence_signal(board: Board, usual: Usual) -> Signal:
    """No story at all where many are usual; never over hours that are not known.

    A silence is measured by the stories it lacks. Past silences longer than most have an
    exponential excess (mean 1 for a Poisson brand) with a gamma prior worth five of them, so a
    brand whose sources sleep at odd hours is not taken for a dead one; the rate of such silences
    is what the past held.
    """
    row, end = board.row("volume"), board.seen_until
    longest = min(board.fresh, len(row), end + LONGEST_SILENCE)
    silent = (row[::-1] == 0) & board.known[::-1]
    broken = np.flatnonzero(~silent[end:longest])
    start = end + int(broken[0]) if len(broken) else longest
    if start <= end:
        return nothing("silence")
    index = usual.names.index("volume")
    lacking = float(usual.expected_between(start, end)[index])
    if lacking < LEAST_TRIALS:
        return nothing("silence")
    past = _past_silences(row, board.known, usual.forecast[index])
    count = min(len(past), max(10, len(past) // 10))
    least = float(past[count - 1]) if len(past) > count else 0.0
    shape, scale = count + _SILENCE_PRIOR, float((past[:count] - least).sum()) + _SILENCE_PRIOR
    tail = (scale / (scale + max(0.0, lacking - least))) ** shape
    monthly = max(count, 1) / board.known_days * MONTH.days * tail
    width = next((w for w in WIDTHS if w >= start - end), WIDTHS[-1])
    law = (lacking, float(usual.spread[width][index]))
    return replace(make_signal("silence", "", (start - end, 0), law, monthly), start=start, end=end)


def _past_silences(row: Floats, known: Flags, forecast: Floats) -> Floats:
    """The stories that each past silence lacked, the most first."""
    foretold = np.repeat(forecast.reshape(-1) / PER_HOUR, PER_HOUR)
    silent = (row[:-PER_DAY][::-1] == 0) & known[:-PER_DAY][::-1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    sums = np.concatenate([[0.0], np.cumsum(foretold)])
    lacked: Floats = np.sort(sums[edges[1::2]] - sums[edges[::2]])[::-1]
    return lacked
