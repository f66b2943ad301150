"""The soak in small: every kind of source, every way to fail, and a process that is killed."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from benchmarks.soak.faults import FAULTS
from benchmarks.soak.log import entries
from benchmarks.soak.loop import SimulatedLoop
from benchmarks.soak.plan import Plan
from benchmarks.soak.run import free_port, soak
from benchmarks.soak.worker import LOG


def test_a_simulated_hour_takes_no_time_and_a_thread_none_of_it():
    async def wait() -> float:
        await asyncio.sleep(3600)
        await asyncio.to_thread(time.sleep, 0.01)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(100.0)) as runner:
        assert runner.run(wait()) == pytest.approx(3700)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no 127.0.1.0/24")
def test_days_of_failures_and_kills_lose_double_and_miscount_nothing(tmp_path: Path):
    plan = Plan(sources=20, days=3, kills=2, seed=7, port=free_port(), most=60)
    result = soak(plan, tmp_path)
    assert [check for check in result.checks if not check.right] == []
    assert result.killed == 2
    assert 0.15 < result.failed / result.requests < 0.3
    met = {entry.fault for entry in entries(tmp_path / LOG)}
    assert len(met & {fault.name for fault in FAULTS}) > len(FAULTS) / 2
