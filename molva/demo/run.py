"""Five simulated weeks through the whole of Molva: the code path of `molva run`, sooner."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Literal

from molva.app import App
from molva.clock import SimulatedClock
from molva.config import load_config
from molva.demo.bluesky import PASSWORD
from molva.demo.config import PASSWORD_VARIABLE, demo_config
from molva.demo.days import HOUR, Calendar, step
from molva.demo.outcome import DemoResult, Tally, gather
from molva.demo.server import DemoServer
from molva.demo.world import World, build_world

MARK = "# Written by `molva demo`"
_OURS = ("molva.db", "molva.db-wal", "molva.db-shm", "messages", "export", "molva.toml")

Progress = Callable[[int, int], None]


class DemoFolderError(Exception):
    """The folder holds something that is not an earlier demo; the message says which."""


def run_demo(
    output: Path,
    *,
    lang: Literal["en", "ru"] = "en",
    calendar: Calendar | None = None,
    on_progress: Progress | None = None,
) -> DemoResult:
    """Let the demo's world pass by and write what people would have received.

    Args:
        output: the folder to fill; an earlier demo in it is replaced.
        lang: of alerts and digests.
        calendar: the days of the world; five weeks unless given.
        on_progress: called with the simulated hours done and the hours in all.

    Raises:
        DemoFolderError: `output` holds other things.
    """
    world = build_world(calendar)
    _clear(output)
    clock = SimulatedClock(world.calendar.start)
    started = perf_counter()
    with DemoServer(world, clock) as server, _variable(PASSWORD_VARIABLE, PASSWORD):
        path = output / "molva.toml"
        path.write_text(demo_config(server.url, lang=lang), encoding="utf-8")
        tally = asyncio.run(_live(path, world, clock, on_progress or _silent))
        tally.requests, tally.refused = server.town.requests, server.town.refused
    tally.seconds = perf_counter() - started
    return gather(path, world, tally, clock())


def _silent(done: int, total: int) -> None:
    """Report progress to nobody."""


def _clear(output: Path) -> None:
    """Make the folder ready, taking an earlier demo away."""
    output.mkdir(parents=True, exist_ok=True)
    config = output / "molva.toml"
    earlier = config.exists() and config.read_text(encoding="utf-8").startswith(MARK)
    if any(output.iterdir()) and not earlier:
        raise DemoFolderError(f"{output} is not empty and holds no earlier demo; name another")
    for name in _OURS:
        path = output / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


async def _live(path: Path, world: World, clock: SimulatedClock, progress: Progress) -> Tally:
    """Run one pass an hour, and far more on the bad day."""
    tally = Tally()
    total = world.calendar.days * 24
    async with App.open(load_config(path), clock, seed=world.seed) as app:
        while clock() < world.calendar.end:
            tally.add(await app.run_pass())
            clock.advance(step(world.calendar, clock()))
            progress(int((clock() - world.calendar.start) / HOUR), total)
        tally.add(await app.run_pass())
    return tally
