"""The soak in small: every kind of source, every way to fail, and a process that is killed."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from benchmarks.soak.faults import FAULTS
from benchmarks.soak.kinds import KINDS
from benchmarks.soak.log import Entry, entries
from benchmarks.soak.loop import SimulatedLoop
from benchmarks.soak.plan import Plan
from benchmarks.soak.posts import DAY, Site, schedule
from benchmarks.soak.run import free_port, soak
from benchmarks.soak.told import PollRow, tell
from benchmarks.soak.worker import LOG


def test_a_simulated_hour_takes_no_time_and_a_thread_none_of_it():
    async def wait() -> float:
        await asyncio.sleep(3600)
        await asyncio.to_thread(time.sleep, 0.01)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(100.0)) as runner:
        assert runner.run(wait()) == pytest.approx(3700)


def test_a_first_full_window_after_a_kill_may_be_a_gap_or_none():
    feed = Site(0, next(kind for kind in KINDS if kind.type == "rss"), 0)
    planned = schedule(feed, 1, 3, 20)
    shown = [(), ("0.0.0",), ("0.9.0", "0.8.0")]
    asked = [Entry(n * DAY, 0, "poll", "", marks=marks, body=n) for n, marks in enumerate(shown)]
    outcomes = ("ok", "crashed", "ok")
    polls = [
        PollRow(n * DAY, n * DAY + 1, outcome, *[0] * 8, gaps=0)
        for n, outcome in enumerate(outcomes)
    ]
    last = tell(feed, planned, asked, polls, ()).polls[-1]
    # The killed poll may have kept its post or not: only if it did are those after it missed.
    assert (last.gaps.low, last.gaps.high) == (0, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no 127.0.1.0/24")
def test_days_of_failures_and_kills_lose_double_and_miscount_nothing(tmp_path: Path):
    plan = Plan(sources=20, days=3, kills=2, seed=7, port=free_port(), most=60)
    result = soak(plan, tmp_path)
    assert [check for check in result.checks if not check.right] == []
    assert result.killed == 2
    assert 0.15 < result.failed / result.requests < 0.3
    met = {entry.fault for entry in entries(tmp_path / LOG)}
    assert len(met & {fault.name for fault in FAULTS}) > len(FAULTS) / 2
