"""A simulated month in which everything fails now and then: nothing lost, doubled or miscounted.

    python -m benchmarks.soak [--days 30] [--sources 300] [--kills 12] [--seed 1] [--keep FOLDER]

Sources of ten kinds stand on loopback addresses of their own (Linux only) and answer as their
services do; a fifth of all requests fails. Molva collects them with its own pipeline, store and
HTTP client on simulated time, and is killed with SIGKILL and started anew. At the end the store is
compared with all that was ever written and with the stand-in's log of all requests. Ends with 1 if
anything is lost, doubled or counted wrongly.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measure import machine
from benchmarks.soak.check import Check
from benchmarks.soak.plan import Plan
from benchmarks.soak.run import Result, free_port, soak


def main(arguments: list[str] | None = None) -> int:
    """Run a soak and print its table; 1 if a line of it is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--sources", type=int, default=300)
    parser.add_argument("--kills", type=int, default=12, help="of the process, with SIGKILL")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--burst", type=int, default=10_000, help="posts of the largest burst")
    parser.add_argument("--keep", type=Path, help="a new folder for the store and the log")
    given = parser.parse_args(arguments)
    plan = Plan(given.sources, given.days, given.kills, given.seed, free_port(), given.burst)
    started = perf_counter()
    with TemporaryDirectory() as folder:
        result = soak(plan, Path(folder))
        if given.keep:
            shutil.copytree(folder, given.keep)
    sys.stdout.write(told(plan, result, perf_counter() - started))
    return int(not result.right)


def told(plan: Plan, result: Result, seconds: float) -> str:
    """The result as Markdown."""
    failed = 100 * result.failed / max(result.requests, 1)
    lines = [
        f"{plan.sources} sources, {plan.days:g} days, seed {plan.seed}: {result.posts:,} posts, "
        f"{result.polls:,} polls, {result.requests:,} requests, {failed:.1f} % of which failed; "
        f"killed {result.killed} times; {seconds:,.0f} s. {machine()}",
        "",
        "| what | expected | found | |",
        "|---|---|---|---|",
        *(_line(check) for check in result.checks),
    ]
    return "\n".join(lines) + "\n"


def _line(check: Check) -> str:
    verdict = "right" if check.right else "**wrong**: " + "; ".join(check.examples)
    return f"| {check.name} | {check.expected} | {check.found} | {verdict} |"


if __name__ == "__main__":
    sys.exit(main())
