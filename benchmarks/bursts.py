"""Does `molva spikes` keep its stated rate on bursty series, and what does it find in them?

    python -m benchmarks.bursts --months 24
    python -m benchmarks.bursts --events --repeats 20

Series with a row every five minutes or every hour, none of which holds an event: *even* (negative
binomial with a daily cycle), *moods* (the rate wanders, log-normal, for hours), *cascades* (each
post is passed on by a number with a Pareto tail, within minutes to hours; exponents 2.5 and 1.6, at
the latter one post in forty is passed on ten times and more). With `--events` the rate is
multiplied for two hours at a random time: how often that is found while it lasts, and the median
delay. Nothing here is taken from a public series.
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
from reports.spikes import Reading, SpikeSettings, detect_spikes
from reports.surges import DAY, MONTH

Floats = NDArray[np.float64]
Dice = np.random.Generator

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
LEARNT: Final = timedelta(days=8)
"""Alarms before this are not counted."""
LENGTH: Final = timedelta(days=60)
EVENT: Final = timedelta(hours=2)
RATES: Final = (0.3, 1.0, 3.0)
TIMES: Final = (2.0, 4.0, 10.0)
STEPS: Final = {"5 minutes": timedelta(minutes=5), "an hour": timedelta(hours=1)}


def _cycle(mean: float, step: timedelta) -> Floats:
    rows = np.arange(LENGTH // step)
    hour = rows * (step / timedelta(hours=1)) % 24
    cycle: Floats = mean * np.exp(0.6 * np.cos((hour - 15) / 24 * 2 * np.pi))
    return cycle


def _even(rate: Floats, step: timedelta, dice: Dice) -> Floats:
    del step
    return dice.poisson(rate * dice.gamma(10, 0.1, len(rate))).astype(float)


def _moods(rate: Floats, step: timedelta, dice: Dice) -> Floats:
    keep = 0.5 ** (step / timedelta(hours=2))
    noise = dice.normal(0, 0.5 * np.sqrt(1 - keep**2), len(rate))
    mood = np.zeros(len(rate))
    for row in range(1, len(rate)):
        mood[row] = keep * mood[row - 1] + noise[row]
    return dice.poisson(rate * np.exp(mood - 0.125)).astype(float)


def _cascades(exponent: float) -> Callable[[Floats, timedelta, Dice], Floats]:
    def make(rate: Floats, step: timedelta, dice: Dice) -> Floats:
        mean = 1 + (1 / (exponent - 1)) / 2
        first = np.repeat(np.arange(len(rate)), dice.poisson(rate / mean))
        passed = np.floor(dice.pareto(exponent, len(first)) / 2 * 1.2).clip(0, 3000).astype(int)
        delay = dice.lognormal(np.log(30), 1.0, int(passed.sum())) / (step.total_seconds() / 60)
        rows = np.concatenate([first, np.repeat(first, passed) + delay.astype(int)])
        return np.bincount(rows[rows < len(rate)], minlength=len(rate)).astype(float)

    return make


KINDS: Final[dict[str, Callable[[Floats, timedelta, Dice], Floats]]] = {
    "even": _even,
    "moods": _moods,
    "cascades 2.5": _cascades(2.5),
    "cascades 1.6": _cascades(1.6),
}
MEANS: Final = {"5 minutes": (1.0, 20.0), "an hour": (5.0, 100.0)}


def alarms(values: Floats, step: timedelta, rate: float) -> list[int]:
    """The rows at which an alarm is raised, those in which all is new left out."""
    readings = (Reading(START + row * step, value) for row, value in enumerate(values))
    found = detect_spikes(readings, SpikeSettings(rate))
    rows = [round((spike.detected_at - START) / step) for spike in found]
    return [row for row in rows if row >= LEARNT // step]


def quiet(months: float, seed: int) -> None:
    """Print alarms a month of series without events."""
    print("| step | a row | kind | months | " + " | ".join(f"at {r:g}" for r in RATES) + " |")
    print("|---|---|---|---|" + "---|" * len(RATES), flush=True)
    each = (LENGTH - LEARNT) / MONTH
    for name, step in STEPS.items():
        for mean in MEANS[name]:
            for kind, make in KINDS.items():
                repeats = max(1, round(months / each))
                counts = dict.fromkeys(RATES, 0)
                for repeat in range(repeats):
                    dice = np.random.default_rng([seed, repeat, int(mean)])
                    values = make(_cycle(mean, step), step, dice)
                    for rate in RATES:
                        counts[rate] += len(alarms(values, step, rate))
                total = repeats * each
                cells = [_cell(count, total) for count in counts.values()]
                print(
                    f"| {name} | {mean:g} | {kind} | {total:.0f} | {' | '.join(cells)} |",
                    flush=True,
                )


def _cell(count: int, months: float) -> str:
    low, high = (bound / months for bound in poisson_interval(count))
    return f"{count / months:.2f} ({low:.2f}–{high:.2f})"


def events(repeats: int, seed: int, rate: float) -> None:
    """Print how often two hours of a multiplied rate are found, and how soon."""
    print("| step | a row | kind | " + " | ".join(f"×{times:g}" for times in TIMES) + " |")
    print("|---|---|---|" + "---|" * len(TIMES), flush=True)
    for name, step in STEPS.items():
        for mean in MEANS[name]:
            for kind, make in KINDS.items():
                cells = [_found(make, mean, step, times, repeats, seed, rate) for times in TIMES]
                print(f"| {name} | {mean:g} | {kind} | {' | '.join(cells)} |", flush=True)


def _found(
    make: Callable[[Floats, timedelta, Dice], Floats],
    mean: float,
    step: timedelta,
    times: float,
    repeats: int,
    seed: int,
    rate: float,
) -> str:
    delays = []
    for repeat in range(repeats):
        dice = np.random.default_rng([seed, repeat, int(mean)])
        values = make(_cycle(mean, step), step, dice)
        start = int(dice.integers(30 * DAY // step, 50 * DAY // step))
        span = slice(start, start + EVENT // step)
        values[span] += dice.poisson(_cycle(mean, step)[span] * (times - 1))
        told = [row for row in alarms(values[: span.stop], step, rate) if row >= start]
        delays += [(row - start + 1) * step.total_seconds() / 60 for row in told[:1]]
    return f"{len(delays) / repeats:.0%}" + (f", {median(delays):.0f} min" if delays else "")


def main(arguments: list[str] | None = None) -> int:
    """Print one of the two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bursts", description=__doc__)
    parser.add_argument("--events", action="store_true", help="what is found, not what is false")
    parser.add_argument("--months", type=float, default=12, help="months of each kind")
    parser.add_argument("--repeats", type=int, default=20, help="events: series of each kind")
    parser.add_argument("--rate", type=float, default=1.0, help="events: the stated rate")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.events:
        events(options.repeats, options.seed, options.rate)
    else:
        quiet(options.months, options.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
