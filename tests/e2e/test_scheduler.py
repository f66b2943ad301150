"""`molva run` as a real process: it polls on its own, refuses a twin and stops on SIGTERM."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.growing_server import GrowingServer, Item

CONFIG = """\
[[brand]]
id = "acme"
name = "Acme"
[[source]]
name = "feed"
type = "rss"
url = "{url}/feed"
interval = "10s"
[digest]
enabled = false
[http]
allow_private = true
"""


def eventually(check: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "molva", "run", "-c", str(config)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def count(database: Path, query: str) -> int:
    if not database.exists():
        return 0
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not migrated yet
    finally:
        connection.close()


@pytest.mark.slow
def test_run_collects_and_labels_alone_refuses_a_twin_and_stops_cleanly(tmp_path: Path):
    config, database = tmp_path / "molva.toml", tmp_path / "molva.db"
    with GrowingServer() as server:
        config.write_text(CONFIG.format(url=server.url))
        server.feed.append(Item("1", datetime.now(UTC), "Acme is slow today"))
        with running(config) as first:
            eventually(lambda: count(database, "SELECT count(*) FROM label") == 1)
            server.feed.append(Item("2", datetime.now(UTC), "Acme is slow again"))
            eventually(lambda: count(database, "SELECT count(*) FROM label") == 2)

            with running(config) as twin:
                assert twin.wait(timeout=60) == 1
                assert twin.stderr is not None
                assert "another molva run" in twin.stderr.read()

            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=30) == 0
    assert count(database, "SELECT count(*) FROM lease") == 0
    assert count(database, "SELECT count(*) FROM poll WHERE outcome = 'running'") == 0
