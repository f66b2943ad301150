"""Kill -9 at any moment: nothing lost, nothing twice."""

import multiprocessing
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from store.engine import open_store, reading
from tests.faults.worker import one_pass
from tests.growing_server import GrowingServer, Item

KILLS = 50
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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_kills_at_random_points_lose_and_repeat_nothing(tmp_path: Path):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.faults.worker"])
    rng = random.Random(20260302)
    config = tmp_path / "molva.toml"
    killed, now = 0, START
    with GrowingServer() as server:
        config.write_text(CONFIG.format(url=server.url))
        pass_seconds = 1.0
        for round_ in range(KILLS * 3):
            now += timedelta(minutes=5)
            grow(server, round_, now)
            worker = processes.Process(target=one_pass, args=(str(config), now.isoformat()))
            began = datetime.now(UTC)
            worker.start()
            worker.join(rng.uniform(0.02, pass_seconds))
            if worker.is_alive():
                worker.kill()
                killed += 1
            worker.join()
            if worker.exitcode == 0:
                # It got through before the kill: aim a little earlier in the next rounds.
                pass_seconds = max((datetime.now(UTC) - began).total_seconds(), 0.1)
            else:
                pass_seconds *= 1.1
            if killed == KILLS:
                break
        assert killed == KILLS
        one_pass(str(config), (now + timedelta(hours=1)).isoformat())
        check(open_store(f"sqlite:///{tmp_path / 'molva.db'}"), server)


def check(engine: Engine, server: GrowingServer) -> None:
    stored = Counter(native_id for (native_id,) in rows(engine, "SELECT native_id FROM mention"))
    offered = {item.id for item in server.feed}
    offered |= {f"{server.url}/statuses/{item.id}" for item in server.toots}
    assert set(stored) == offered
    assert set(stored.values()) == {1}
    assert rows(engine, "SELECT count(*) FROM revision") == [(len(offered),)]
    assert rows(engine, "SELECT count(*) FROM label") == [(len(offered),)]
    assert rows(engine, "SELECT DISTINCT outcome FROM poll WHERE outcome = 'running'") == []
    outbox = rows(engine, "SELECT key, channel, status FROM outbox")
    assert outbox
    assert {status for _, _, status in outbox} == {"sent"}
    assert len({(key, channel) for key, channel, _ in outbox}) == len(outbox)
    # A kill between sending and marking may send once more, with the same idempotency key.
    assert len(server.delivered) == len(outbox)
