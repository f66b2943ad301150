"""What a brand's series usually hold, learnt for all of them at once. Pure.

A *board* is every series of one brand in buckets of ten minutes that end now. The days before the
newest 24 hours are its history; days and hours are counted backwards from now, so that a slot
of the week is the same hour and weekday as the one that ends now.

- *Level*: a weighted mean of the days before (half-life a week), as if half a story more had been
  seen.
- *Season*: factors by hour of the day, day of the week and hour of the week, each shrunk towards 1
  by a gamma prior, the more so the fewer stories there are and the more they scatter.
- *Spread*: negative binomial, variance `M + a·M²`; `a` for every width of window is a moment
  estimate over the errors of *forecasts* of past windows, the level from the days before alone and
  the season without the day itself, so that trends, holidays and the doubt about both count as
  spread. It is shrunk towards a prior worth five windows, for the parts of a brand one between what
  is taken for granted and the brand's own.

Buckets that are not known (an outage, an earlier alert, before the brand was watched) carry no
weight anywhere: missing, not zero. Hours far above their forecast are capped before the level and
the season are learnt, so past spikes do not poison them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reports.season import HOUR_SPREAD, season_of

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

HISTORY_DAYS: Final = 56
PER_HOUR: Final = 6
PER_DAY: Final = 144
WEEK: Final = 7 * PER_DAY
SIZE: Final = (HISTORY_DAYS + 1) * PER_DAY
"""Buckets of a board: the newest day and its history."""
WIDTHS: Final = (1, 6, 18, 48, 144)
"""Windows in buckets: ten minutes, an hour, three, eight, a day."""
LEAST_DAYS: Final = 3
"""With less known history than this nothing is decided."""
SHORT_DAYS: Final = 14
"""Days whose ten-minute buckets teach the spread of the shortest window."""
LEVEL_HALF_LIFE: Final = 7.0
LEVEL_DAYS: Final = 20.0
"""A mean with such weights is as sure as one of so many days: `(sum w)² / sum w²`."""
_PRIOR: Final = {1: 0.3, 6: 0.25, 18: 0.2, 48: 0.15, 144: 0.1}
_PRIOR_WINDOWS: Final = 5.0
_LEAST_PRIOR: Final = 0.02
_CAP: Final = 4.0
_CAP_MORE: Final = 2.0
"""Errors are capped at so many standard deviations, and so many stories more: the scatter of a rare
series is all in its few windows with two or three."""
_CYCLE_DOUBT, _WEEK_DOUBT = 0.15, 0.05
"""What cycles not yet seen may add; those that were seen are in the errors of the forecasts."""


@dataclass(frozen=True)
class Board:
    """A brand's series, each row `SIZE` buckets, the newest last.

    Attributes:
        counts: by series, e.g. `volume`; a series without a count may be left out.
        known: which buckets are known.
        fresh: how many of the newest buckets were part of no earlier alert.
        seen_until: how many of the newest buckets may still lack posts that no collector has had
            the time to bring; silence is not judged in them.
        late: buckets of the outage that just ended; `late` posts may be of any of them.
    """

    counts: Mapping[str, Floats]
    known: Flags
    fresh: int = SIZE
    seen_until: int = 0
    late: tuple[int, int] | None = None

    def row(self, name: str) -> Floats:
        """One series, zeros if it holds nothing."""
        found = self.counts.get(name)
        return np.zeros(SIZE) if found is None else found

    @cached_property
    def known_days(self) -> float:
        """Days of history that are known."""
        return float(self.known[:-PER_DAY].sum()) / PER_DAY

    def weeks_known(self, start: int, end: int) -> int:
        """In how many past weeks the stretch from `start` to `end` buckets ago is wholly known."""
        lasts = range(SIZE - end - WEEK, start - end - 1, -WEEK)
        return sum(bool(self.known[last - (start - end) : last].all()) for last in lasts)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What an alert was compared with: mean, spread and 95 % prediction interval of a window.

    Attributes:
        dispersion: `a` of the variance `M + a·M²`, the doubt about the mean included.
        hours: known hours it rests on.
        seasonal: whether the hour and the weekday were taken into account.
        until: when the window ends that it is of.
        points: past windows in the same place of the week, where it is seasonal; else scored
            stories, or negative authors.
    """

    expected: float
    dispersion: float
    low: int
    high: int
    hours: int
    seasonal: bool
    until: datetime
    points: int


@dataclass(frozen=True)
class Usual:
    """What some series usually hold in windows ending now; rows are series.

    Attributes:
        level: stories an hour, the season taken out.
        shape: season's factor of the hours backwards from now, a week of them.
        spread: dispersion `a` by width of window.
        a_day: mean stories a day.
        forecast: what was expected of each past hour, days and hours counted backwards from a day
            before now.
    """

    names: tuple[str, ...]
    level: Floats
    shape: Floats
    spread: Mapping[int, Floats]
    a_day: Floats
    forecast: Floats

    def expected(self, width: int) -> Floats:
        """The usual count of the newest `width` buckets (any number of them)."""
        return self.level * self._foretold(width)

    def expected_between(self, start: int, end: int) -> Floats:
        """The usual count from `start` to `end` buckets ago, `start` the farther."""
        return self.level * (self._foretold(start) - self._foretold(end))

    def later(self, buckets: int) -> Usual:
        """The same knowledge seen from so many buckets later (a few hours at most)."""
        hours, rest = divmod(buckets, PER_HOUR)
        whole, next_ = np.roll(self.shape, hours, axis=1), np.roll(self.shape, hours + 1, axis=1)
        return replace(self, shape=whole + (next_ - whole) * rest / PER_HOUR)

    def _foretold(self, width: int) -> Floats:
        whole, rest = divmod(width, PER_HOUR)
        weeks, whole = divmod(whole, self.shape.shape[1])
        found: Floats = self.shape[:, :whole].sum(axis=1)
        found = found + self.shape[:, whole] * rest / PER_HOUR
        return found + weeks * self.shape.sum(axis=1) if weeks else found


def learn(board: Board, names: tuple[str, ...]) -> Usual:
    """Learn what these series of a board usually hold."""
    rows = np.stack([board.row(name) for name in names])
    known = board.known.astype(float)
    # Backwards from now: days, hours of the day, buckets of the hour; day 0 is the newest.
    buckets = (rows * known)[:, ::-1].reshape(len(names), -1, 24, PER_HOUR)[:, 1:]
    weight = known[::-1].reshape(-1, 24, PER_HOUR)[1:]
    hours, exposure = buckets.sum(axis=3), weight.mean(axis=2)
    capped = np.minimum(hours, _flat_cap(hours, exposure))
    season = season_of(capped, exposure)
    level = _levels(capped, exposure, season)
    capped = np.minimum(hours, _forecast_cap(level[:, 1:, None] * season))
    season = season_of(capped, exposure)
    level = _levels(capped, exposure, season)
    forecast = level[:, 1:, None] * season_of(capped, exposure, unseen=True)
    days = max(board.known_days, 0.5)
    mean = hours.sum(axis=(1, 2)) / max(float(exposure.sum()), 1.0)
    return Usual(
        names=names,
        level=level[:, 0],
        shape=np.concatenate([_today(season), season[:, :6].reshape(len(names), -1)], axis=1),
        spread=_spreads(buckets, weight, forecast, days, mean),
        a_day=24 * mean,
        forecast=forecast,
    )


def _today(season: Floats) -> Floats:
    """The newest day's factors: those of the same weekday."""
    return season[:, 6]


def _flat_cap(hours: Floats, exposure: Floats) -> Floats:
    """Mean plus three standard deviations plus two of the known hours, by series."""
    total = max(float(exposure.sum()), 1.0)
    mean = hours.sum(axis=(1, 2)) / total
    variance = ((hours - mean[:, None, None]) ** 2 * exposure).sum(axis=(1, 2)) / total
    cap: Floats = mean + 3 * np.sqrt(variance) + 2
    return cap[:, None, None]


def _forecast_cap(forecast: Floats) -> Floats:
    cap: Floats = forecast + 3 * np.sqrt(forecast + HOUR_SPREAD * forecast**2) + 2
    return cap


def _levels(hours: Floats, exposure: Floats, season: Floats) -> Floats:
    """Stories an hour as known at the start of each day: column 0 today, 1 yesterday and so on."""
    seen = hours.sum(axis=2)
    foretold = (exposure * season).sum(axis=2)
    level: Floats = (seen @ _MEMORY.T + 0.5) / (foretold @ _MEMORY.T).clip(1.0)
    return level


def _memory() -> Floats:
    """Row d weighs the days before day d (0 is today) by age."""
    age = np.arange(HISTORY_DAYS)[None, :] - np.arange(HISTORY_DAYS + 1)[:, None]
    return np.where(age >= 0, 0.5 ** (age.clip(0) / LEVEL_HALF_LIFE), 0.0)


_MEMORY: Final = _memory()


def _spreads(
    buckets: Floats, weight: Floats, forecast: Floats, days: float, mean: Floats
) -> dict[int, Floats]:
    """Dispersion by width of window, the doubt about level and season included."""
    flat = buckets.reshape(len(buckets), HISTORY_DAYS, PER_DAY)
    whole = weight.reshape(HISTORY_DAYS, PER_DAY)
    # A day whose forecast rests on less than three known days teaches nothing.
    taught = whole[::-1].mean(axis=1).cumsum()[::-1] - whole.mean(axis=1) >= LEAST_DAYS
    level_days = min(days, LEVEL_DAYS)
    found = {}
    for width in WIDTHS:
        last = SHORT_DAYS if width == 1 else HISTORY_DAYS
        tiles = PER_DAY // width
        observed = flat[:, :last].reshape(len(flat), last, tiles, width).sum(axis=3)
        full = whole[:last].reshape(last, tiles, width).min(axis=2) * taught[:last, None]
        expected = _tiled(forecast[:, :last], width)
        prior = np.full(len(flat), _PRIOR[width])
        brand = _dispersion(observed[:1], expected[:1], full, prior[:1])
        # The parts of a brand scatter at least as the whole does, which is measured far better; how
        # much more is anybody's guess, so the middle between it and what is taken for granted.
        prior[1:] = np.maximum(np.sqrt(prior[1:] * brand), brand).clip(_LEAST_PRIOR)
        rest = _dispersion(observed[1:], expected[1:], full, prior[1:])
        found[width] = np.concatenate([brand, rest])
        found[width] += _CYCLE_DOUBT / (0.8 + days / 3) ** 2 * (width < PER_DAY)
        found[width] += _WEEK_DOUBT / (0.5 + days / 7) ** 2
        found[width] += (found[width] + 1 / (24 * mean).clip(0.5)) / level_days
    return found


def _tiled(forecast: Floats, width: int) -> Floats:
    """Forecasts of hours as forecasts of windows."""
    if width < PER_HOUR:
        return np.repeat(forecast * width / PER_HOUR, PER_HOUR // width, axis=2)
    hours = width // PER_HOUR
    shape = (*forecast.shape[:2], 24 // hours, hours)
    found: Floats = forecast.reshape(shape).sum(axis=3)
    return found


def _dispersion(observed: Floats, expected: Floats, full: Floats, prior: Floats) -> Floats:
    """`a` of the variance `M + a·M²` from the errors of forecasts, shrunk towards `prior`.

    A window is trusted by how well it can tell, about `1 / var((X - M)² - M)`: for a gamma-Poisson
    count `2(M + aM²)² + M` and more; one of many stories counts as four windows' worth of 1. The
    trust goes by the mean of the hour of day, as the doubt in a forecast must not weigh itself.
    """
    mean, usual = expected.clip(1e-9), prior[:, None, None]
    square = mean * mean
    most = _CAP * np.sqrt(mean + usual * square) + _CAP_MORE
    error = np.minimum((observed - mean) ** 2, most * most)
    typical = mean.mean(axis=1, keepdims=True)
    trust = full * (4 / ((typical + 1 / usual) ** 2 + 1 / (2 * usual**2 * typical)))
    over, squares = (np.einsum("sdt,sdt->s", trust, part) for part in (error - mean, square))
    found: Floats = (prior * _PRIOR_WINDOWS + over) / (_PRIOR_WINDOWS + squares)
    return found.clip(0.0)
