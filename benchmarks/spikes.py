"""A thousand brands with twelve series each, decided from the store on one core; against 10 s.

The store holds eight weeks of every brand (rates from one to ten thousand mentions a day) as a
refresh of the counts leaves them. Measured is what a look does once the counts are up to date:
read each brand's series, learn what is usual, judge. No mention is read.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.measure import Ratio, ratio
from benchmarks.quiet import brand, rates
from reports.series import judge
from reports.signals import Watch
from reports.usual import HISTORY_DAYS, PER_DAY
from reports.watch import board_of, scene
from store.brands import sync_brands
from store.engine import open_store, reading, writing
from store.interface import BrandRow, BrandSpec
from store.series_counts import keep_counts
from store.series_tally import bucket_of

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
BRANDS = 1000
ALLOWED = 10.0
_MADE = 20
"""Different brands that are simulated; the others repeat them."""


def run(*, quick: bool) -> list[Ratio]:
    """The ratio of the time to the ten seconds that are allowed; `quick` takes a tenth."""
    count, runs = (BRANDS // 10, 1) if quick else (BRANDS, 3)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as folder:
        engine = open_store(f"sqlite:///{Path(folder) / 'molva.db'}")
        with writing(engine) as conn:
            specs = [BrandSpec(f"brand-{n}", f"Brand {n}", f"brand{n}") for n in range(count)]
            brands = sync_brands(conn, specs, NOW - timedelta(days=90))
            for number, days in enumerate(_simulated(brands)):
                for day, counts in days:
                    keep_counts(conn, brands[number].id, day, counts)
        seconds, cpu = [], []
        for _ in range(runs):
            started, worked = time.perf_counter(), time.process_time()
            with reading(engine) as conn:
                at = scene(conn, NOW, trust_history=True)
                for row in brands:
                    board, _ = board_of(conn, row.id, at)
                    judge(board, Watch())
            seconds.append(time.perf_counter() - started)
            cpu.append(time.process_time() - worked)
        engine.dispose()
    allowed = [ALLOWED * count / BRANDS] * runs
    name = f"{count:,} brands x 12 series decided"
    return [
        ratio(name, "the time allowed", seconds, allowed),
        ratio(f"{name}, processor time", "the time allowed", cpu, allowed, target=1.0),
    ]


def _simulated(
    brands: list[BrandRow],
) -> Iterator[list[tuple[int, dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]]]]]:
    dice = np.random.default_rng(1)
    sizes = np.geomspace(1, 10_000, _MADE)
    today = bucket_of(NOW) // PER_DAY
    made = []
    for size in sizes:
        series = brand(rates("cycles", HISTORY_DAYS + 2, float(size), dice), dice)
        series["cause:6"] = series["cause:5"]
        days = []
        for day in range(HISTORY_DAYS + 2):
            part = slice(day * PER_DAY, (day + 1) * PER_DAY)
            counts = {name: row[part].astype(np.int64) for name, row in series.items()}
            days.append((today - HISTORY_DAYS - 1 + day, counts))
        made.append(days)
    for number in range(len(brands)):
        yield made[number % _MADE]
