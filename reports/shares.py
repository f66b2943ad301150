"""The share of negative stories among the scored ones, whatever their number. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from reports.signals import Signal, Watch, looks, nothing
from reports.statistics import beta_binomial_tail
from reports.usual import PER_DAY, WIDTHS, Board, Floats

LEAST_TRIALS: Final = 8
"""Scored stories without which a share means nothing."""
_PRIOR = (1.0, 4.0)
_SPREAD, _SPREAD_WEIGHT = 0.02, 40.0
_HALF_LIFE = 14.0


@dataclass(frozen=True, slots=True)
class Share:
    """What part of a brand's scored stories is usually negative.

    Attributes:
        usual: that part, 0-1.
        spread: correlation within windows by their width, the doubt about `usual` included; only
            the widths worth watching.
    """

    usual: float
    spread: Mapping[int, float]


def learn_share(board: Board) -> Share:
    """Learn the usual share from before the newest day; newer weeks weigh more."""
    days = board.known[:-PER_DAY].reshape(-1, PER_DAY)
    k = board.row("negative")[:-PER_DAY].reshape(-1, PER_DAY) * days
    n = board.row("scored")[:-PER_DAY].reshape(-1, PER_DAY) * days
    total = float(n.sum())
    memory = 0.5 ** (np.arange(len(days))[::-1] / _HALF_LIFE)
    seen = float(n.sum(axis=1) @ memory) + _PRIOR[1]
    share = (float(k.sum(axis=1) @ memory) + _PRIOR[0]) / seen
    a_bucket = total / max(board.known_days, 1.0) / PER_DAY
    widths = [width for width in WIDTHS if a_bucket * width >= 1] or WIDTHS[-1:]
    spreads = {}
    for width in widths:
        full = days.reshape(-1, width).all(axis=1)
        part, whole = (counts.reshape(-1, width).sum(axis=1)[full] for counts in (k, n))
        spreads[width] = _spread(part, whole, share) + 1 / seen
    return Share(share, spreads if total else {})


def _spread(k: Floats, n: Floats, share: float) -> float:
    """Intra-window correlation by moments: `E(k - np)² = np(1-p)(1 + (n-1)·rho)`, shrunk."""
    k, n = k[n > 1], n[n > 1]
    unit = share * (1 - share)
    error = np.minimum((k - n * share) ** 2, 16 * n * unit * (1 + (n - 1) * 0.1))
    # Windows are weighed by what they can say: (n-1)/(1 + (n-1)·prior)².
    weight = 1 / (n * (1 + (n - 1) * _SPREAD) ** 2)
    over = float((weight * (error - n * unit)).sum()) / unit
    trust = float((weight * n * (n - 1)).sum())
    return max(0.0, (over + _SPREAD * _SPREAD_WEIGHT) / (trust + _SPREAD_WEIGHT))


def share_signal(board: Board, share: Share, watch: Watch) -> Signal:
    """More of the scored stories negative than usual, given how many there are."""
    negative, scored = board.row("negative"), board.row("scored")
    best = nothing("negative_share")
    if not board.fresh:
        return best
    for width, spread in share.spread.items():
        # Of a wider window only what was part of no earlier alert is counted, and told as counted.
        counted = min(width, board.fresh)
        seen = slice(-counted, None)
        trials, observed = int(scored[seen].sum()), int(negative[seen].sum())
        expected = trials * share.usual
        if trials < LEAST_TRIALS or observed < watch.minimum_count:
            continue
        deviation = math.sqrt(expected * (1 - share.usual) * (1 + (trials - 1) * spread))
        if observed - expected < 1.5 * deviation:
            continue
        tail = beta_binomial_tail(observed, trials, share.usual, spread)
        monthly = tail * looks(width) * len(share.spread)
        if monthly < best.monthly:
            best = Signal(
                kind="negative_share",
                subject="",
                width=counted,
                end=0,
                start=counted,
                observed=observed,
                trials=trials,
                expected=expected,
                low=max(0, math.floor(expected - 1.96 * deviation)),
                high=min(trials, math.ceil(expected + 1.96 * deviation)),
                dispersion=spread,
                monthly=max(monthly, 1e-290),
                severity=1,
            )
    return best
