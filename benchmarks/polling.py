"""How long `molva run` takes for a thousand feeds that are due at once, against the ideal.

    python -m benchmarks.polling [--feeds 1000] [--hosts 100] [--rounds 4]

The feeds stand on a loopback server that takes 50 to 500 ms for each answer. The first round reads
them, each further one finds them unchanged. The ideal is the sum of the waits shared by as many
polls as may be in flight: no work of ours, no limit of a host. No entry matches the brand, so that
nothing is labelled. Printed: seconds against the ideal, how late the event loop was, memory,
and what the server answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.request import urlopen

import psutil
from sqlalchemy import text

from benchmarks.measure import machine
from benchmarks.slow_server import host, latency, serving
from collectors.http import HttpSettings
from molva.app import App
from molva.clock import utc_now
from molva.config import load_config
from molva.scheduler import Scheduler
from store.engine import reading, writing
from store.sources import poll_counts, sources

AT_ONCE: Final = HttpSettings().concurrency
ENTRIES: Final = 10
BEAT: Final = 0.01
GLANCE: Final = 0.2
"""Seconds between two looks whether all is done: each takes time from what is measured."""

ROUND_TIMEOUT: Final = 600.0

HTTP: Final = '[[brand]]\nid = "b"\nname = "Zzyzx"\n[http]\nallow_private = true\n'


@dataclass(frozen=True, slots=True)
class Round:
    """What one round over all feeds took.

    Attributes:
        ideal: seconds, if waiting were all there is.
        lag: milliseconds the event loop was late: median, 99 of 100, most.
        cpu: seconds of this process.
        megabytes: resident after it.
    """

    seconds: float
    ideal: float
    ratio: float
    lag: tuple[float, float, float]
    cpu: float
    megabytes: float
    answered: dict[str, int]
    failed: int


def ideal(feeds: int, at_once: int = AT_ONCE) -> float:
    """Seconds of waiting, shared out; no order of the polls is quicker."""
    waits = [latency(feed) for feed in range(feeds)]
    return max(sum(waits) / at_once, *waits)


class Bench:
    """Molva's own scheduler over the feeds, all of which are made due at each round."""

    def __init__(self, folder: Path, port: int, feeds: int, hosts: int) -> None:
        self.feeds, self.begun = feeds, utc_now()
        self._stats = f"http://{host(0, hosts)}:{port}/stats"
        tables = "\n".join(
            f'[[source]]\nname = "feed-{n}"\ntype = "rss"\n'
            f'url = "http://{host(n, hosts)}:{port}/{n}.xml"\n'
            for n in range(feeds)
        )
        self._config = folder / "molva.toml"
        self._config.write_text(HTTP + tables, encoding="utf-8")

    async def run(self, rounds: int) -> list[Round]:
        """The figures of each round, the first of which brings all entries."""
        async with App.open(load_config(self._config), seed=0) as app:
            scheduler = Scheduler(app, tick=1.0, watch=3600.0)
            # As in a Molva that has been running: `molva run` does this before it polls.
            await scheduler.settle()
            running = None
            found = []
            for number in range(rounds):
                _let_all_be_due(app)
                before, lags, cpu = self._answered(), list[float](), time.process_time()
                start = utc_now()
                beating = asyncio.create_task(_beat(lags))
                if running is None:
                    running = asyncio.create_task(scheduler.run())
                done = (number + 1) * self.feeds
                await self._until(app, done)
                seconds = (self._last_end(app) - start).total_seconds()
                beating.cancel()
                after = Counter(self._answered())
                after.subtract(before)
                failed = done - self._polls(app).get("ok", 0)
                found.append(self._round(seconds, lags, time.process_time() - cpu, after, failed))
            scheduler.stop()
            if running is not None:
                await running
        return found

    async def _until(self, app: App, polls: int) -> None:
        async with asyncio.timeout(ROUND_TIMEOUT):
            while sum(self._polls(app).values()) < polls:  # noqa: ASYNC110 - the store has no event
                await asyncio.sleep(GLANCE)

    def _round(
        self, seconds: float, lags: Sequence[float], cpu: float, answered: Counter[str], failed: int
    ) -> Round:
        best = ideal(self.feeds)
        cuts = statistics.quantiles(lags, n=100)
        lag = (cuts[49], cuts[98], max(lags))
        rss = psutil.Process().memory_info().rss / 1e6
        late = tuple(round(value * 1000, 1) for value in lag)
        return Round(
            round(seconds, 2),
            round(best, 2),
            round(seconds / best, 2),
            (late[0], late[1], late[2]),
            round(cpu, 2),
            round(rss, 1),
            {status: number for status, number in answered.items() if number},
            failed,
        )

    def _polls(self, app: App) -> dict[str, int]:
        with reading(app.rooms.engine) as conn:
            counts = poll_counts(conn, self.begun, utc_now())
        return {outcome: number for outcome, number in counts.items() if outcome != "running"}

    def _last_end(self, app: App) -> datetime:
        with reading(app.rooms.engine) as conn:
            return max(row.last_success_at for row in sources(conn) if row.last_success_at)

    def _answered(self) -> dict[str, int]:
        with urlopen(self._stats, timeout=10) as answer:
            found: dict[str, int] = json.load(answer)
        return found


def _let_all_be_due(app: App) -> None:
    with writing(app.rooms.engine) as conn:
        conn.execute(text("UPDATE source SET next_poll_at = coalesce(last_started_at, created_at)"))


async def _beat(lags: list[float]) -> None:
    with suppress(asyncio.CancelledError):
        while True:
            start = time.perf_counter()
            await asyncio.sleep(BEAT)
            lags.append(max(time.perf_counter() - start - BEAT, 0.0))


def measure(feeds: int, hosts: int, rounds: int) -> list[Round]:
    """Run it in a folder of its own."""
    with serving(hosts, ENTRIES) as port, TemporaryDirectory() as folder:
        return asyncio.run(Bench(Path(folder), port, feeds, hosts).run(rounds))


def main() -> None:
    """Print the rounds as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args()
    rounds = measure(given.feeds, given.hosts, given.rounds)
    told = {"machine": machine(), "in flight": AT_ONCE, **vars(given)}
    told["rounds"] = [asdict(each) for each in rounds]
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
