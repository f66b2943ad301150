"""How much of a day and of a week belongs to each hour, and how busy a weekday is. Pure.

Factors by hour of the day, day of the week and hour of the week, each shrunk towards 1 by a gamma
prior, the more so the fewer stories there are and the more they scatter. Rows are series; days are
counted backwards from yesterday, hours backwards from now.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR_SPREAD: Final = 0.3
"""Dispersion of an hour that is taken for granted before it is measured."""
_DAY_SPREAD = 0.1
_SHRINK_DAY, _SHRINK_WEEKDAY, _SHRINK_WEEK = 4.0, 10.0, 20.0


def season_of(hours: Floats, exposure: Floats, *, unseen: bool = False) -> Floats:
    """Factors by day (backwards) and hour, with a mean of about 1.

    Args:
        unseen: to each day those that it would have been given without itself: an hour that has
            helped to teach its own factor looks better foretold than the next one will be.
    """
    mean = (hours.sum(axis=(1, 2)) / max(float(exposure.sum()), 1.0)).clip(1e-9)[:, None]
    scatter = 1 + HOUR_SPREAD * mean
    flat = mean[:, :, None] * exposure
    seen, told = (values.sum(axis=1, keepdims=True) for values in (hours, flat))
    if unseen:
        seen, told = seen - hours, told - flat
    day = _shrunk(seen, told, scatter[:, :, None], _SHRINK_DAY)
    foretold = flat * day
    scatter_day = 1 + _DAY_SPREAD * 24 * mean
    sums = hours.sum(axis=2), foretold.sum(axis=2)
    weekday = _shrunk(*_weekly(*sums, unseen), scatter_day, _SHRINK_WEEKDAY)[:, :, None]
    sums = hours, foretold * weekday
    week = _shrunk(*_weekly(*sums, unseen), scatter[:, :, None], _SHRINK_WEEK)
    factors: Floats = day * weekday * week
    return factors


def _weekly(seen: Floats, told: Floats, unseen: bool) -> tuple[Floats, Floats]:
    """Sums over the weeks at each day (backwards), without the day itself if that is unseen."""
    weeks = seen.shape[1] // 7
    sums = [np.concatenate([_by_weekday(values)] * weeks, axis=1) for values in (seen, told)]
    return (sums[0] - seen, sums[1] - told) if unseen else (sums[0], sums[1])


def _by_weekday(values: Floats) -> Floats:
    """Sums over the weeks: axis 1, days backwards from yesterday, becomes seven."""
    days = values.shape[1] // 7 * 7
    shape = (values.shape[0], -1, 7, *values.shape[2:])
    total: Floats = values[:, :days].reshape(shape).sum(axis=1)
    return total


def _shrunk(seen: Floats, foretold: Floats, scatter: Floats, shrink: float) -> Floats:
    """Posterior mean of a factor with a gamma prior around 1; scatter makes stories count less."""
    factor: Floats = (seen / scatter + shrink) / (foretold / scatter + shrink)
    return factor
