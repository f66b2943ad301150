"""Does the stated false-alarm rate hold, and what size of event is found how fast?

    python -m benchmarks.alarms quiet --months 24
    python -m benchmarks.alarms events --repeats 20

*quiet*: simulated brands with nothing to tell (see `benchmarks/quiet.py`), looked at after every
ten minutes with all their series: alarms a month with an exact 95 % Poisson interval, against the
stated rate of one.

*events*: something happens in an otherwise quiet brand: negative stories times 1.5, 2 or 4 for
half an hour, three hours, a day or three; ten of them more; only the share changing; only one
cause. How often it is found while it lasts, and the median delay.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

import numpy as np

from benchmarks.quiet import KINDS, Event, QuietKind, brand, rates, walk
from reports.signals import Watch
from reports.statistics import _bisect, lower_gamma
from reports.usual import HISTORY_DAYS, PER_DAY, PER_HOUR, SIZE

SIZES = (3, 30, 300, 3000, 10_000)
QUIET_SIZES = (30, 300, 3000)
LENGTHS = {"30 minutes": 3, "3 hours": 18, "a day": 144, "three days": 432}
TIMES = (1.5, 2.0, 4.0)
MONTH_DAYS = 30
BLOCK_MONTHS = 2
"""Months of one simulated brand, after its eight weeks of history."""


@dataclass(frozen=True)
class QuietResult:
    """Alarms of one kind of quiet brand."""

    kind: str
    months: int
    alarms: int
    kinds: Counter[str]

    def __str__(self) -> str:
        low, high = poisson_interval(self.alarms)
        parts = ", ".join(f"{kind} {count}" for kind, count in self.kinds.most_common())
        return (
            f"| {self.kind} | {self.months} | {self.alarms} | {self.alarms / self.months:.2f} | "
            f"{low / self.months:.2f}–{high / self.months:.2f} | {parts or '–'} |"
        )


def poisson_interval(count: int) -> tuple[float, float]:
    """The exact 95 % interval of a Poisson mean (Garwood, Biometrika 28 (1936) 437-442)."""
    low = 0.0 if count == 0 else _mean_where(0.025, count)
    return low, _mean_where(0.975, count + 1)


def _mean_where(probability: float, count: int) -> float:
    return _bisect(lambda mean: lower_gamma(count, mean), probability, 0.0, 10.0 * count + 50)


def quiet(
    kind: QuietKind,
    months: int,
    seed: int,
    watch: Watch,
    sizes: Sequence[int] = QUIET_SIZES,
    places: int = 0,
) -> QuietResult:
    """Look at quiet brands of these mentions a day in turn."""
    alarms, kinds = 0, Counter[str]()
    for block in range(0, months, BLOCK_MONTHS):
        dice = np.random.default_rng([seed, KINDS.index(kind), block])
        size = sizes[block // BLOCK_MONTHS % len(sizes)]
        days = HISTORY_DAYS + 1 + MONTH_DAYS * BLOCK_MONTHS
        series = brand(rates(kind, days, size, dice), dice, places=places)
        told = walk(series, SIZE, days * PER_DAY, watch)
        alarms += len(told)
        kinds.update(verdict.strongest.kind for _, verdict in told)
    return QuietResult(kind, months, alarms, kinds)


def event_row(size: float, what: Event, repeats: int, seed: int) -> tuple[int, list[float]]:
    """How often an event is found while it lasts, and the delays in minutes."""
    delays = []
    for repeat in range(repeats):
        dice = np.random.default_rng([seed, repeat, int(size), what.length, int(10 * what.times)])
        start = SIZE + int(dice.integers(0, PER_DAY))
        days = HISTORY_DAYS + 3 + ceil(what.length / PER_DAY)
        event = Event(start, what.length, what.times, what.what)
        series = brand(rates("cycles", days, size, dice), dice, event)
        # Looked at from the hour it begins in: what was told before it is not its discovery.
        begin = start // PER_HOUR * PER_HOUR
        told = walk(series, begin, start + what.length + 1, Watch(), first_only=True)
        found = [now for now, _ in told if now > start]
        delays += [10.0 * (now - start) for now in found]
    return len(delays), delays


def events(sizes: Sequence[int], repeats: int, seed: int) -> None:
    """Print the table of events: the share found and the median delay, by mentions a day."""
    print(f"| event | {' | '.join(f'{size:,}' for size in sizes)} |")
    print("|---" * (len(sizes) + 1) + "|", flush=True)
    tried = [
        (f"negative ×{times:g} for {name}", Event(0, length, times))
        for name, length in LENGTHS.items()
        for times in TIMES
    ]
    tried.append(("ten negative stories more in a day", Event(0, PER_DAY, 10.0, "added")))
    tried.append(("only the share, 20 % to 40 % for a day", Event(0, PER_DAY, 2.0, "share")))
    tried.append(("only one cause ×4 for a day", Event(0, PER_DAY, 4.0, "cause")))
    tried.append(("only one cause ×4 for three days", Event(0, 3 * PER_DAY, 4.0, "cause")))
    for name, event in tried:
        cells = []
        for size in sizes:
            count, delays = event_row(size, event, repeats, seed)
            delay = f", {median(delays):.0f} min" if delays else ""
            cells.append(f"{count / repeats:.0%}{delay}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two and print its table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alarms", description=__doc__)
    parser.add_argument("which", choices=("quiet", "events"))
    parser.add_argument("--months", type=int, default=24, help="quiet: months of each kind")
    parser.add_argument("--size", type=int, action="append", help="mentions a day")
    parser.add_argument("--repeats", type=int, default=20, help="events: brands of each row")
    parser.add_argument("--rate", type=float, default=1.0, help="the stated rate")
    parser.add_argument("--kind", choices=KINDS, action="append", help="quiet: only this kind")
    parser.add_argument("--places", type=int, default=0, help="quiet: places of each brand")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if options.which == "events":
        events(options.size or SIZES, options.repeats, options.seed)
        return 0
    print("| kind | months | alarms | a month | 95 % interval | what was told |")
    print("|---|---|---|---|---|---|", flush=True)
    watch = Watch(options.rate)
    for kind in options.kind or KINDS:
        sizes = options.size or QUIET_SIZES
        row = quiet(kind, options.months, options.seed, watch, sizes, options.places)
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
