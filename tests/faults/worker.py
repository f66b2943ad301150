"""One pass of the real pipeline in a process of its own, made to be killed."""

import asyncio
from datetime import datetime
from pathlib import Path

from molva.app import App
from molva.clock import SimulatedClock
from molva.config import load_config
from molva.rooms import forget_crashed_polls


def one_pass(config: str, now: str) -> None:
    asyncio.run(_one_pass(Path(config), datetime.fromisoformat(now)))


async def _one_pass(config: Path, now: datetime) -> None:
    async with App.open(load_config(config), SimulatedClock(now)) as app:
        forget_crashed_polls(app.rooms)
        await app.run_pass(force=True)
