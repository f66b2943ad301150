"""The process that lives through the month: Molva's own collection and the stand-in, in one loop.

    python -m benchmarks.soak.worker FOLDER START UNTIL [KILL_AT AIM]

It kills itself with SIGKILL at the first chance after KILL_AT, in the middle of AIM.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from httpx_secure import httpx_ssrf_protection
from sqlalchemy import Engine, event

import collectors.http
from benchmarks.soak.log import Entry, Log
from benchmarks.soak.loop import SimulatedLoop
from benchmarks.soak.plan import Plan
from benchmarks.soak.posts import BRAND, DAY, Shelf, schedule
from benchmarks.soak.standin import StandIn
from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import collect_due
from molva.pipeline.reread import reread_due
from molva.rooms import forget_crashed_polls
from tests.conformance.kits import kits

STEP: Final = 900.0
"""Seconds between two looks for due sources."""

REREADS: Final = 6 * 3600.0
MOST_REREADS: Final = 60
MOST_POLLS: Final = 64
_OURS: Final = ip_network("127.0.0.0/8")

LOG, STORE = "requests.jsonl", "molva.db"


class Death:
    """Kills this process in the middle of what was asked for, once the time has come."""

    def __init__(self, loop: SimulatedLoop, at: float, aim: str, log: Log) -> None:
        self._loop, self._at, self._aim, self._log = loop, at, aim, log

    def attach(self, engine: Engine, standin: StandIn) -> None:
        """Lie in wait."""
        if self._aim in {"half a page", "a lookup"}:
            standin.half = self._half
        elif self._aim == "a statement":
            event.listen(engine, "before_cursor_execute", self._statement)
        else:
            event.listen(engine, "commit", self._commit)

    def _half(self, entry: Entry) -> None:
        if self._loop.time() >= self._at and (self._aim == "a lookup") == (entry.phase == "reread"):
            self._log.add(replace(entry, fault="killed"))
            self._strike()

    def _statement(self, _conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO mention "):
            self._strike()

    def _commit(self, _conn: Any) -> None:
        self._strike()

    def _strike(self) -> None:
        if self._loop.time() >= self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def configuration(tables: list[dict[str, Any]], plan: Plan) -> str:
    """`molva.toml` of all sources; limits, patience and back-off are the defaults."""
    lines = [f'[[brand]]\nid = "b"\nname = "{BRAND}"\n']
    for table, site in zip(tables, plan.sites(), strict=True):
        seconds = round(site.interval.total_seconds())
        lines.append("[[source]]\n" + f'interval = "{seconds}s"')
        lines += [f"{name} = {_toml(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _trusting(client: Any, *, custom_validator: Callable[..., bool]) -> Any:
    """The client's own guard, which takes this machine's loopback for the public network."""

    def admits(host: str, address: IPv4Address | IPv6Address, port: int) -> bool:
        ours = isinstance(address, IPv4Address) and address in _OURS
        return ours or (address.is_global and custom_validator(host, address, port))

    return httpx_ssrf_protection(client, check_globally_reachable=False, custom_validator=admits)


async def live(folder: Path, until: float, death: Mapping[str, Any]) -> None:
    """Run from the loop's time to `until`."""
    plan, loop = Plan.load(folder), asyncio.get_running_loop()
    if not isinstance(loop, SimulatedLoop):
        raise TypeError("the soak runs on simulated time only")
    with Log(folder / LOG) as log:
        standin = StandIn(log, random.Random(f"{plan.seed}:faults:{loop.time()}"), plan.port)
        tables = [
            standin.add(site, Shelf(schedule(site, plan.seed, plan.days, plan.burst(site))), folder)
            for site in plan.sites()
        ]
        path = folder / "molva.toml"
        path.write_text(configuration(tables, plan), encoding="utf-8")
        await standin.start()
        if loop.time() >= plan.end:
            standin.rate = 0.0
        async with App.open(load_config(path), loop.clock, seed=plan.seed) as app:
            forget_crashed_polls(app.rooms)
            if death:
                Death(loop, death["at"], death["aim"], log).attach(app.rooms.engine, standin)
            await _days(app, standin, loop, until)
        await standin.close()


async def _days(app: App, standin: StandIn, loop: SimulatedLoop, until: float) -> None:
    begun, rereads, told = perf_counter(), loop.time(), loop.time()
    while True:
        standin.phase = "poll"
        await collect_due(app.rooms, limit=MOST_POLLS)
        if loop.time() >= rereads:
            standin.phase = "reread"
            await reread_due(app.rooms, limit=MOST_REREADS)
            rereads += REREADS
        if loop.time() >= told:
            sys.stderr.write(
                f"  day {loop.time() / DAY:5.1f}: {standin.requests} requests in "
                f"{perf_counter() - begun:.0f} s\n"
            )
            told += DAY
        if standin.broken is not None:
            raise standin.broken
        if loop.time() >= until:
            return
        await asyncio.sleep(STEP)


def main(arguments: list[str]) -> None:
    """Run one life."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("molva.pipeline.reread").setLevel(logging.ERROR)
    for kit in kits().values():
        os.environ.update(kit.environment)
    vars(collectors.http)["httpx_ssrf_protection"] = _trusting
    folder, start, until = Path(arguments[0]), float(arguments[1]), float(arguments[2])
    death = {"at": float(arguments[3]), "aim": arguments[4]} if arguments[3:] else {}
    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(start)) as runner:
        runner.run(live(folder, until, death))


if __name__ == "__main__":
    main(sys.argv[1:])
