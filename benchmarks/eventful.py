"""Does `molva spikes` find events in simulated series, scored as the Numenta benchmark does?

    python -m benchmarks.eventful --series 48

Detectors are chosen by these, and public files are left to check the choice. A row every five
minutes for 55 days, as in the Twitter set of the Numenta Anomaly Benchmark, but of nobody's data:
half a mention to sixty a row; a daily cycle, quieter weekends, a level that wanders from day to
day, moods of hours, posts passed on by a number with a Pareto tail (exponent 1.9 to 3). Two to four
events each: bursts (×4 to ×40, fading within a quarter of an hour to three hours) and lasting rises
(×1.6 to ×3 for five to fifteen hours). A window about the middle of each event, all of a series
together a tenth of it, as that benchmark draws them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.bursts import Dice, Floats, passed_on, wandering
from benchmarks.nab import RATES, Series, molva, outcome

START: Final = datetime(2026, 1, 7, tzinfo=UTC)
STEP: Final = timedelta(minutes=5)
ROWS: Final = 55 * 288
PER_DAY: Final = 288
EARLIEST, LAST = 1400, 600
"""Rows before the first event, and after the latest."""


@dataclass(frozen=True)
class Eventful(Series):
    """A made series; `lasting` says of the event of each window whether it is a lasting rise."""

    lasting: tuple[bool, ...]


def eventful_series(number: int, seed: int = 0) -> Eventful:
    """One series with its windows; the same for the same numbers."""
    dice = np.random.default_rng([seed, number])
    usual = np.exp(dice.uniform(np.log(0.6), np.log(60))) * _cycles(dice)
    values = _posts(usual * _moods(dice), dice)
    events = int(dice.integers(2, 5))
    half = round(ROWS * 0.1 / events / 2)
    windows, lasting = [], []
    for start in _starts(events, 2 * half + 50, dice):
        lasting.append(dice.random() >= 0.65)
        rise, middle = _lasting(start, dice) if lasting[-1] else _burst(start, dice)
        values += dice.poisson(usual * rise)
        windows.append((max(0, middle - half), min(ROWS - 1, middle + half)))
    times = tuple(START + STEP * row for row in range(ROWS))
    return Eventful(
        f"simulated {number}", times, tuple(values.tolist()), tuple(windows), tuple(lasting)
    )


def _cycles(dice: Dice) -> Floats:
    """Factors [rows] of the hour, the weekday and how the level wanders."""
    rows = np.arange(ROWS)
    swing, peak, weekend = dice.uniform(0.3, 0.9), dice.uniform(13, 21), dice.uniform(0.3, 1.0)
    hour = np.exp(swing * np.cos((rows * 24 / PER_DAY - peak) / 24 * 2 * np.pi))
    weekday = np.where(rows // PER_DAY % 7 >= 5, weekend, 1.0)
    days = ROWS // PER_DAY
    wander = np.cumsum(dice.normal(0, 0.03, days)) + dice.normal(0, 0.1, days)
    found: Floats = hour * weekday * np.exp(np.repeat(wander, PER_DAY))
    return found


def _moods(dice: Dice) -> Floats:
    """Factors [rows] that wander within hours."""
    keep, spread = 0.5 ** (STEP / timedelta(hours=2)), dice.uniform(0.05, 0.35)
    noise = dice.normal(0, spread * np.sqrt(1 - keep**2), ROWS)
    found: Floats = np.exp(wandering(noise, keep) - spread**2 / 2)
    return found


def _posts(rate: Floats, dice: Dice) -> Floats:
    exponent, share = dice.uniform(1.9, 3.0), dice.uniform(0.2, 0.8)
    return passed_on(rate, STEP, dice, exponent=exponent, share=share, minutes=20)


def _starts(events: int, apart: int, dice: Dice) -> list[int]:
    starts: list[int] = []
    while len(starts) < events:
        at = int(dice.integers(EARLIEST, ROWS - LAST))
        if all(abs(at - other) > apart for other in starts):
            starts.append(at)
    return sorted(starts)


def _burst(start: int, dice: Dice) -> tuple[Floats, int]:
    """How far a burst is above the usual [rows], and its middle: where it began."""
    size = np.exp(dice.uniform(np.log(4), np.log(40)))
    fading = np.exp(dice.uniform(np.log(3), np.log(40)))
    rise = np.zeros(ROWS)
    rise[start:] = (size - 1) * np.exp(-np.arange(ROWS - start) / fading)
    return rise, start


def _lasting(start: int, dice: Dice) -> tuple[Floats, int]:
    size, length = dice.uniform(1.6, 3.0), int(dice.integers(60, 180))
    rise = np.zeros(ROWS)
    part = np.arange(length) + 0.5
    rise[start : start + length] = (size - 1) * np.sqrt(np.sin(np.pi * part / length))
    return rise, start + length // 2


def row_of(rate: float, corpus: Sequence[Eventful]) -> str:
    """One row of the table: the score at a stated rate, what was found and what was false."""
    judged = outcome(corpus, [molva(series, rate) for series in corpus])
    cells = [f"{rate:g}", f"{judged.score:.1f}"]
    for wanted in (False, True):
        events = [
            number in found
            for series, found in zip(corpus, judged.found, strict=True)
            for number, lasting in enumerate(series.lasting)
            if lasting == wanted
        ]
        cells.append(f"{sum(events)} of {len(events)}")
    cells += [str(judged.outside), f"{judged.a_month:.2f}"]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eventful", description=__doc__)
    parser.add_argument("--series", type=int, default=48, help="how many series")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    corpus = [eventful_series(number, options.seed) for number in range(options.series)]
    print("| stated rate | score | bursts found | lasting rises found | outside | a month |")
    print("|---|---|---|---|---|---|")
    for rate in RATES:
        print(row_of(rate, corpus), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
