"""Does `molva spikes` keep its stated rate on bursty series, and does it find an event in them?

    python -m benchmarks.bursts --series 3
    python -m benchmarks.bursts --quiet --series 3 --size 300

Series of forty days with a daily cycle that hold one event: *even* (negative binomial), *moods*
(the rate wanders, log-normal, for hours), *cascades* (each post is passed on by a number with a
Pareto tail, within minutes to hours; exponents 2.5 and 1.6). The event multiplies the mean rate by
four for two hours, at a random time after the 25th day. Alarms of the first eight days, in which
all is new, are not counted. `--quiet`: brands with nothing to tell, of the kinds that alerts are
simulated with, a row an hour, 120 days each. Nothing here is taken from a public series.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.alarms import poisson_interval
from benchmarks.quiet import KINDS as QUIET_KINDS
from benchmarks.quiet import QuietKind, rates
from reports.spikes import Reading, SpikeSettings, detect_spikes
from reports.surges import MONTH
from reports.usual import PER_HOUR

Floats = NDArray[np.float64]
Dice = np.random.Generator

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
LEARNT: Final = timedelta(days=8)
LENGTH: Final = timedelta(days=40)
EVENT: Final = timedelta(hours=2)
EARLIEST, LATEST = timedelta(days=25), timedelta(days=38)
TIMES: Final = 4.0
HOUR: Final = timedelta(hours=1)
QUIET_DAYS: Final = 120


def _cycle(mean: float, step: timedelta) -> Floats:
    rows = np.arange(LENGTH // step)
    hour = rows * (step / timedelta(hours=1)) % 24
    cycle: Floats = mean * np.exp(0.6 * np.cos((hour - 15) / 24 * 2 * np.pi))
    return cycle


def _even(rate: Floats, step: timedelta, dice: Dice) -> Floats:
    del step
    return dice.poisson(rate * dice.gamma(10, 0.1, len(rate))).astype(float)


def wandering(noise: Floats, keep: float) -> Floats:
    """Noise [rows] that keeps a part of what it was a row before (an autoregressive process)."""
    moods = noise.copy()
    for row in range(1, len(moods)):
        moods[row] += keep * moods[row - 1]
    return moods


def _moods(rate: Floats, step: timedelta, dice: Dice) -> Floats:
    keep = 0.5 ** (step / timedelta(hours=2))
    noise = dice.normal(0, 0.5 * np.sqrt(1 - keep**2), len(rate))
    noise[0] = 0.0
    return dice.poisson(rate * np.exp(wandering(noise, keep) - 0.125)).astype(float)


def _cascades(exponent: float) -> Callable[[Floats, timedelta, Dice], Floats]:
    def make(rate: Floats, step: timedelta, dice: Dice) -> Floats:
        mean = 1 + (1 / (exponent - 1)) / 2
        return passed_on(rate / mean, step, dice, exponent=exponent)

    return make


def passed_on(
    rate: Floats,
    step: timedelta,
    dice: Dice,
    *,
    exponent: float,
    share: float = 1.0,
    minutes: float = 30,
) -> Floats:
    """Posts [rows] at a rate, a share of them passed on by a number with a Pareto tail.

    The median post passed on comes after so many minutes.
    """
    first = np.repeat(np.arange(len(rate)), dice.poisson(rate))
    times = np.floor(dice.pareto(exponent, len(first)) * 0.6).clip(0, 3000).astype(int)
    if share < 1:
        times[dice.random(len(first)) >= share] = 0
    delay = dice.lognormal(np.log(minutes), 1.0, int(times.sum())) / (step / timedelta(minutes=1))
    rows = np.concatenate([first, np.repeat(first, times) + delay.astype(int)])
    return np.bincount(rows[rows < len(rate)], minlength=len(rate)).astype(float)


KINDS: Final[dict[str, Callable[[Floats, timedelta, Dice], Floats]]] = {
    "even": _even,
    "moods": _moods,
    "cascades 2.5": _cascades(2.5),
    "cascades 1.6": _cascades(1.6),
}


def alarms(values: Floats, step: timedelta, rate: float) -> list[int]:
    """The rows at which an alarm is raised, those in which all is new left out."""
    readings = (Reading(START + row * step, value) for row, value in enumerate(values))
    found = detect_spikes(readings, SpikeSettings(rate))
    rows = [round((spike.detected_at - START) / step) for spike in found]
    return [row for row in rows if row >= LEARNT // step]


def row_of(kind: str, options: argparse.Namespace) -> str:
    """One row of the table: a kind of series, what was false in it and what was found."""
    step, mean = timedelta(minutes=options.step), options.size
    false, delays = 0, []
    for number in range(options.series):
        dice = np.random.default_rng([options.seed, number, int(mean)])
        values = KINDS[kind](_cycle(mean, step), step, dice)
        start = int(dice.integers(EARLIEST // step, LATEST // step))
        span = slice(start, start + EVENT // step)
        values[span] += dice.poisson(_cycle(mean, step)[span] * (TIMES - 1))
        told = alarms(values, step, options.rate)
        hits = [row for row in told if span.start <= row < span.stop]
        false += len(told) - len(hits)
        delays += [(row - start + 1) * options.step for row in hits[:1]]
    months = options.series * ((LENGTH - LEARNT) / MONTH)
    low, high = (bound / months for bound in poisson_interval(false))
    delay = f"{median(delays):.0f} min" if delays else "–"
    return (
        f"| {kind} | {months:.1f} | {false} | {false / months:.2f} | {low:.2f}–{high:.2f} | "
        f"{len(delays)} of {options.series} | {delay} |"
    )


def quiet_row(kind: QuietKind, options: argparse.Namespace) -> str:
    """One row of the other table: alarms of brands that have nothing to tell, a row an hour."""
    false = 0
    for number in range(options.series):
        dice = np.random.default_rng([number, int(options.size)])
        tens = dice.poisson(rates(kind, QUIET_DAYS, options.size, dice))
        hours = tens.reshape(-1, PER_HOUR).sum(axis=1).astype(float)
        readings = (Reading(START + at * HOUR, value) for at, value in enumerate(hours))
        false += len(list(detect_spikes(readings, SpikeSettings(options.rate))))
    months = options.series * (timedelta(days=QUIET_DAYS) / MONTH)
    low, high = (bound / months for bound in poisson_interval(false))
    return f"| {kind} | {months:.1f} | {false} | {false / months:.2f} | {low:.2f}–{high:.2f} |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bursts", description=__doc__)
    parser.add_argument("--series", type=int, default=3, help="series of each kind")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    parser.add_argument("--size", type=float, default=20.0, help="mentions a row")
    parser.add_argument("--step", type=float, default=5.0, help="minutes from row to row")
    parser.add_argument("--rate", type=float, default=1.0, help="the stated rate")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="the quiet brands of `benchmarks.alarms`, --size mentions a day; every alarm is false",
    )
    options = parser.parse_args(arguments)
    if options.quiet:
        print("| kind | months | false | a month | 95 % interval |\n|---|---|---|---|---|")
        for quiet in QUIET_KINDS:
            print(quiet_row(quiet, options), flush=True)
        return 0
    print("| kind | months | false | a month | 95 % interval | event found | median delay |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for kind in options.kind or KINDS:
        print(row_of(kind, options), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
