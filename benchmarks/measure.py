"""What every benchmark shares: interleaved runs, ratios with their spread, the machine."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Seconds = Mapping[str, float]
"""What one run of one contestant took, by the name of the phase."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long as its peer something took; below 1 is faster.

    Attributes:
        ours: median seconds.
        theirs: median seconds.
        ratio: median of the ratios of the runs, each against the peer's run beside it.
        target: the most it may be; `None` if it is only told.
        runs: how many pairs.
        note: what else a reader must know.
    """

    name: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    lowest: float
    highest: float
    target: float | None
    runs: int
    note: str = ""

    def as_json(self) -> dict[str, object]:
        """The fields, as JSON knows them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Missing:
    """A comparison that could not be made, and why: never a figure from elsewhere."""

    name: str
    peer: str
    why: str

    def as_json(self) -> dict[str, object]:
        """The fields, as JSON knows them, with a ratio of null."""
        return {**asdict(self), "ratio": None}


def ratio(
    name: str,
    peer: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    target: float | None = None,
    note: str = "",
) -> Ratio:
    """Compare paired runs."""
    each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(
        name,
        peer,
        statistics.median(ours),
        statistics.median(theirs),
        statistics.median(each),
        min(each),
        max(each),
        target,
        len(each),
        note,
    )


def interleaved(
    contestants: Mapping[str, Callable[[], Seconds]], runs: int
) -> dict[str, dict[str, list[float]]]:
    """Run the contestants in turns (A B A B …), so that a busy moment hits all alike.

    Returns:
        Seconds of every run by contestant and phase.
    """
    found: dict[str, dict[str, list[float]]] = {name: {} for name in contestants}
    for run in range(runs):
        for name, contestant in contestants.items():
            for phase, seconds in contestant().items():
                found[name].setdefault(phase, []).append(seconds)
            sys.stderr.write(f"  run {run + 1} of {runs}: {name}\n")
    return found


def table(ratios: Sequence[Ratio | Missing]) -> str:
    """The ratios as a Markdown table."""
    lines = ["| what | against | Molva, s | peer, s | ratio (min–max) | target | runs |"]
    lines.append("|---|---|---|---|---|---|---|")
    for row in ratios:
        if isinstance(row, Missing):
            lines.append(f"| {row.name} | {row.peer} | – | – | not measured: {row.why} | – | 0 |")
            continue
        target = "–" if row.target is None else f"≤ {row.target:.3g}"
        spread = f"**{row.ratio:.2f}** ({row.lowest:.2f}–{row.highest:.2f})"
        lines.append(
            f"| {row.name} | {row.peer} | {row.ours:.3g} | {row.theirs:.3g} | {spread} "
            f"| {target} | {row.runs} |"
        )
    notes = [f"{row.name}: {row.note}." for row in ratios if isinstance(row, Ratio) and row.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def machine() -> str:
    """The machine the figures are of, in one line."""
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {load}; {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
