"""Kill -9 at any moment: nothing lost, nothing twice."""

import multiprocessing
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store.engine import open_store, reading
from tests.faults.worker import STEPS, one_pass
from tests.growing_server import GrowingServer, Item

KILLS = 50
AIMS = ("open", *STEPS)
START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CONFIG = """\
language = "en"

[[brand]]
id = "acme"
name = "Acme"

[[source]]
name = "feed"
type = "rss"
url = "{url}/feed"
interval = "1m"

[[source]]
name = "toots"
type = "mastodon"
instance = "{url}"
tags = ["acme"]
interval = "1m"

[[channel]]
name = "hook"
type = "webhook"
url = "{url}/hook"
sends = ["alerts", "digests"]

[digest]
hour = 0

[http]
allow_private = true
requests_per_second = 1000
"""


def grow(server: GrowingServer, round_: int, now: datetime) -> None:
    for number in range(6):
        at = now - timedelta(seconds=10 - number)
        said = f"Acme made me wait {round_} hours and {number} minutes, awful service"
        server.feed.append(Item(f"feed-{round_}-{number}", at, said))
        server.toots.append(Item(str(round_ * 10 + number + 1), at, said + " again"))


def rows(engine: Engine, query: str) -> list[tuple]:
    with reading(engine) as conn:
        return [tuple(row) for row in conn.execute(text(query))]


@dataclass
class Victim:
    """A process that runs one pass of the pipeline."""

    process: BaseProcess
    steps: Connection
    last: str = ""

    def kill_in(self, step: str, delay: float) -> bool:
        """Kill it so long after it entered a step, if it lives that long."""
        try:
            while self.last != step:
                self.last = self.steps.recv()
        except EOFError:
            return False
        time.sleep(delay)
        self.process.kill()
        self.process.join()
        self._hear()
        return self.process.exitcode == -signal.SIGKILL

    def _hear(self) -> None:
        """What it said before it died: the kill may have met a later step."""
        with suppress(EOFError, OSError):
            while self.steps.poll():
                self.last = self.steps.recv()


class Passes:
    """Starts passes over one configuration, each some hours after the one before."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.now = START
        self._processes = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.faults.preload"])

    def start(self) -> Victim:
        self.now += timedelta(hours=5)
        ours, theirs = self._processes.Pipe(duplex=False)
        arguments = (str(self.config), self.now.isoformat(), theirs)
        process = self._processes.Process(target=one_pass, args=arguments)
        process.start()
        theirs.close()
        return Victim(process, ours)


@pytest.mark.slow
def test_fifty_kills_at_random_points_lose_and_repeat_nothing(tmp_path: Path):
    rng = random.Random(20260302)
    config = tmp_path / "molva.toml"
    passes = Passes(config)
    met: Counter[str] = Counter()
    with GrowingServer() as server:
        config.write_text(CONFIG.format(url=server.url))
        for round_ in range(KILLS * 2):
            grow(server, round_, passes.now)
            victim = passes.start()
            if victim.kill_in(AIMS[round_ % len(AIMS)], rng.expovariate(1 / 0.01)):
                met[victim.last] += 1
            if met.total() == KILLS:
                break
        assert met.total() == KILLS
        assert set(met) >= {"collect", "keep", "label", "detect", "digest", "deliver"}, met
        last = passes.start()
        last.process.join(60)
        assert last.process.exitcode == 0
        check(open_store(f"sqlite:///{tmp_path / 'molva.db'}"), server)


def check(engine: Engine, server: GrowingServer) -> None:
    stored = Counter(native_id for (native_id,) in rows(engine, "SELECT native_id FROM mention"))
    offered = {item.id for item in server.feed}
    offered |= {f"{server.url}/statuses/{item.id}" for item in server.toots}
    assert set(stored) == offered
    assert set(stored.values()) == {1}
    assert rows(engine, "SELECT count(*) FROM revision") == [(0,)]  # no text was ever edited
    assert rows(engine, "SELECT count(*) FROM sighting") == [(len(offered),)]
    assert rows(engine, "SELECT count(*) FROM label") == [(len(offered),)]
    assert rows(engine, "SELECT DISTINCT outcome FROM poll WHERE outcome = 'running'") == []
    outbox = rows(engine, "SELECT key, channel, status FROM outbox")
    assert outbox
    assert {status for _, _, status in outbox} == {"sent"}
    assert len({(key, channel) for key, channel, _ in outbox}) == len(outbox)
    # A kill between sending and marking may send once more, with the same idempotency key.
    assert len(server.delivered) == len(outbox)
