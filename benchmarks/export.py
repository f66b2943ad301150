"""A million mentions exported, against a bare sqlite3 cursor that reads the same rows.

The store is written straight into SQLite, once a run. The peer executes the very SELECT of the
export and throws its rows away; so what is measured is all that an export adds to reading. Each
contestant runs in a process of its own, which tells its seconds and its peak memory.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.export_store import fill
from benchmarks.measure import Missing, Ratio, Seconds, interleaved, ratio

MENTIONS: Final = 1_000_000
RUNS: Final = 3
MOST_MEMORY: Final = 250
TARGETS: Final = {"parquet": 1 / 0.7, "csv": 1 / 0.5, "jsonl": None}


def run(*, quick: bool) -> list[Ratio | Missing]:
    """Ratios of each format against the cursor, and of memory against its target."""
    count = MENTIONS // 10 if quick else MENTIONS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        fill(place / "molva.db", count)
        sys.stderr.write(f"  {count} mentions written\n")
        contestants: dict[str, Callable[[], Seconds]] = {
            name: _contestant(name, place) for name in ("cursor", *TARGETS)
        }
        found = interleaved(contestants, 1 if quick else RUNS)
    return list(_ratios(found, count))


def _ratios(found: dict[str, dict[str, list[float]]], count: int) -> Iterator[Ratio]:
    for name, target in TARGETS.items():
        own = found[name]["seconds"]
        note = f"{count / sorted(own)[len(own) // 2]:,.0f} rows a second"
        base = found["cursor"]["seconds"]
        yield ratio(f"export, {name}", "bare cursor", own, base, target=target, note=note)
        # Where others keep the machine busy, time on the clock says little.
        worked = (found[name]["processor"], found["cursor"]["processor"])
        yield ratio(f"export, {name}: processor's seconds", "bare cursor", *worked)
        memory = found[name]["memory"]
        most = [float(MOST_MEMORY)] * len(memory)
        yield ratio(f"export, {name}: peak MB", "250 MB", memory, most, target=1)


def _contestant(name: str, place: Path) -> Callable[[], Seconds]:
    def measured() -> Seconds:
        told = subprocess.run(
            [sys.executable, "-m", "benchmarks.export_run", name, str(place)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        seconds: Seconds = json.loads(told.stdout)
        return seconds

    return measured
