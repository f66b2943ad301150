"""Simulated brands for the alarm benchmarks: quiet ones of many kinds, and events put into them.

Every series is counts in buckets of ten minutes. A quiet brand has nothing to tell, whatever its
rhythm: each alarm is a false one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.screen import looks_worth
from reports.series import CAUSE, Verdict, judge, learn_habits
from reports.signals import Watch
from reports.usual import PER_DAY, PER_HOUR, SIZE, Board, Floats

QuietKind = Literal[
    "poisson", "over-dispersed", "cycles", "holidays", "growth", "zero-inflated", "five a week"
]
KINDS: Final[tuple[QuietKind, ...]] = (
    "poisson",
    "over-dispersed",
    "cycles",
    "holidays",
    "growth",
    "zero-inflated",
    "five a week",
)
CAUSES: Final = 6
LEARNT_EVERY: Final = 12 * PER_HOUR
QUIET_AGAIN: Final = 24 * PER_HOUR
"""An alarm is a new one only after a day without any: while it lasts, it is one alarm."""


def rates(kind: QuietKind, days: int, a_day: float, dice: np.random.Generator) -> Floats:
    """Expected mentions in each bucket of `days` days."""
    size = days * PER_DAY
    flat = np.full(size, (5 / 7 if kind == "five a week" else a_day) / PER_DAY)
    hour = np.arange(size) / PER_HOUR % 24
    cycle = 1 + 0.8 * np.cos((hour - 15) / 24 * 2 * np.pi)
    week = np.where(np.arange(size) // PER_DAY % 7 >= 5, 0.5, 1.2)
    free = np.where(dice.random(days) < 1 / 30, 0.4, 1.0).repeat(PER_DAY)
    scatter = _gamma(days * 24, 0.25, dice).repeat(PER_HOUR)
    scatter *= _gamma(days, 0.05, dice).repeat(PER_DAY)
    closed = np.where(dice.random(days * 24) < 0.3, 0.0, 1 / 0.7).repeat(PER_HOUR)
    shapes: dict[QuietKind, Floats | float] = {
        "over-dispersed": scatter,
        "cycles": cycle * week,
        "holidays": cycle * week * free,
        "growth": cycle * 2 ** (np.arange(size) / PER_DAY / 90),
        "zero-inflated": closed,
    }
    found: Floats = flat * shapes.get(kind, 1.0)
    return found


def _gamma(size: int, spread: float, dice: np.random.Generator) -> Floats:
    return dice.gamma(1 / spread, spread, size)


@dataclass(frozen=True)
class Event:
    """Something that happens: `times` as many stories, or other ones, from `start` on.

    Attributes:
        what: `count` (more negative stories), `share` (the same number, more of them negative),
            `cause` (one cause named that much more often, the negative count as it was) or `added`
            (`times` negative stories more in all, as many as the brand may have in days).
    """

    start: int
    length: int
    times: float
    what: Literal["count", "share", "cause", "added"] = "count"


def brand(
    rate: Floats, dice: np.random.Generator, event: Event | None = None, *, places: int = 0
) -> dict[str, Floats]:
    """The series of a brand with these expected mentions; a fifth of them negative.

    Args:
        places: how many there are; each negative story speaks of one of them, or (as many as of
            any) of none.
    """
    volume = dice.poisson(rate)
    share = np.full(len(rate), 0.2)
    if event is not None and event.what == "share":
        share[event.start : event.start + event.length] = min(0.9, 0.2 * event.times)
    negative = dice.binomial(volume, share)
    causes = dice.multinomial(negative, [0.25, 0.2, 0.15, 0.1, 0.05, 0.05, 0.2])[:, :CAUSES]
    if event is not None and event.what != "share":
        span = slice(event.start, event.start + event.length)
        if event.what != "cause":
            more = _more(rate[span], event, dice)
            volume[span] += more
            negative[span] += more
            causes[span] += dice.multinomial(more, [0.5, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05])[:, :6]
        else:
            causes[span, 3] = dice.binomial(negative[span], min(0.9, 0.1 * event.times))
    reach = (dice.pareto(1.2, len(rate)) + 1) * 150
    found = {
        "volume": volume,
        "negative": negative,
        "scored": dice.binomial(volume, 0.9),
        "author": np.where(negative > 0, reach.astype(int), 0),
        "reprints": dice.poisson(rate * 0.05),
        **{f"{CAUSE}{index}": causes[:, index] for index in range(CAUSES)},
    }
    found["scored"] = np.maximum(found["scored"], negative)
    if places:
        spoken_of = dice.multinomial(negative, [1 / (places + 1)] * (places + 1))
        found |= {f"place:{index}": spoken_of[:, index] for index in range(places)}
    return {name: row.astype(float) for name, row in found.items()}


def _more(rate: Floats, event: Event, dice: np.random.Generator) -> NDArray[np.int64]:
    """The negative stories that an event adds."""
    if event.what == "added":
        return dice.multinomial(round(event.times), np.full(len(rate), 1 / len(rate)))
    return dice.poisson(rate * 0.2 * (event.times - 1))


def walk(
    series: dict[str, Floats],
    begin: int,
    end: int,
    watch: Watch,
    *,
    first_only: bool = False,
    screened: bool = True,
) -> list[tuple[int, Verdict]]:
    """Look after every bucket from `begin` to `end`; what was told, and after which bucket.

    What usually happens is learnt twice a day and brought forward between.
    """
    told: list[tuple[int, Verdict]] = []
    known = np.ones(SIZE, bool)
    last = -QUIET_AGAIN
    for start in range(begin, end, LEARNT_EVERY):
        usual = learn_habits(Board(_until(series, start), known))
        stop = min(start + LEARNT_EVERY, end)
        for now in (
            looks_worth(series, start, stop, usual, watch) if screened else range(start, stop)
        ):
            board = Board(_until(series, now), known, seen_until=1)
            verdict = judge(board, watch, usual.later(now - start))
            if verdict is None:
                continue
            if now - last >= QUIET_AGAIN:
                told.append((now, verdict))
            last = now
            if first_only:
                return told
    return told


def _until(series: dict[str, Floats], now: int) -> dict[str, Floats]:
    return {name: row[now - SIZE : now] for name, row in series.items()}
