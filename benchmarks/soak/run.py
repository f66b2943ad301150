"""Runs the worker through the month, from death to death, and has what it left checked."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from benchmarks.soak.check import Check, checks, healths
from benchmarks.soak.ledger import Ledger
from benchmarks.soak.log import entries
from benchmarks.soak.plan import DRAIN, Plan
from benchmarks.soak.posts import DAY
from benchmarks.soak.worker import LOG

_SHORTEST, _LONGEST = 60.0, 3 * 3600.0


@dataclass(frozen=True)
class Result:
    """What a soak found.

    Attributes:
        failed: requests of the month that did.
        requests: of the month; the days after it, in which nothing fails, do not count.
    """

    checks: tuple[Check, ...]
    posts: int
    polls: int
    requests: int
    failed: int
    killed: int

    @property
    def right(self) -> bool:
        """Whether nothing was lost, doubled or miscounted."""
        return all(check.right for check in self.checks)


class SoakError(Exception):
    """The worker ended in another way than it should."""


def soak(plan: Plan, folder: Path) -> Result:
    """Live through it all in a folder of its own and compare.

    Raises:
        SoakError: the worker failed by itself.
    """
    killed = live(plan, folder)
    first = Ledger(plan, folder)
    found = healths(first)
    asked = [entry for each in first.entries.values() for entry in each]
    first.engine.dispose()
    drain(plan, folder)
    last = Ledger(plan, folder)
    found += checks(last)
    last.engine.dispose()
    return Result(
        tuple(found),
        posts=sum(map(len, last.planned)),
        polls=sum(map(len, last.polls)),
        requests=len(asked),
        failed=sum(bool(entry.fault) for entry in asked),
        killed=killed,
    )


def free_port() -> int:
    """One that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def live(plan: Plan, folder: Path) -> int:
    """Live through the month and the days after it; how often the worker was killed.

    Raises:
        SoakError: it failed by itself.
    """
    plan.save(folder)
    rng = random.Random(f"{plan.seed}:downtimes")
    start, killed = 0.0, 0
    for at, aim in plan.deaths():
        if start >= plan.end:
            break
        if _worker(folder, start, plan.end, max(at, start), aim):
            killed += 1
            start = _last(folder) + rng.uniform(_SHORTEST, _LONGEST)
        else:
            start = plan.end
    if start < plan.end:
        _worker(folder, start, plan.end)
    return killed


def drain(plan: Plan, folder: Path) -> None:
    """The days after the month, in which nothing fails and nothing is written."""
    start = max(plan.end, _last(folder)) + _SHORTEST
    _worker(folder, start, start + DRAIN * DAY)


def _worker(folder: Path, start: float, until: float, *death: object) -> bool:
    """One life; whether it was killed."""
    given = map(str, chain((folder, start, until), death))
    command = [sys.executable, "-m", "benchmarks.soak.worker", *given]
    code = subprocess.run(command, check=False).returncode
    if code not in {0, -signal.SIGKILL}:
        raise SoakError(f"the worker ended with {code} (see above)")
    return code != 0


def _last(folder: Path) -> float:
    last: Iterator[float] = (entry.at for entry in entries(folder / LOG))
    return max(last, default=0.0)
