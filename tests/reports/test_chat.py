"""A chat that asks to wait is left alone, on a stand-in; tests/real_servers does it on Synapse."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from reports.channels import AppriseChannel, send
from reports.deliver import deliver_due
from reports.interface import ChannelError
from store.engine import reading, writing
from store.outbox import due, enqueue
from tests.reports.test_deliver import message
from tests.reports.world import NOON, World


class Throttled(BaseHTTPRequestHandler):
    """Signs nobody in, and asks for five minutes of patience as Matrix does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 300_000}).encode()
        self.send_response(429)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    pytest.importorskip("apprise")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Throttled)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"matrix://bot:topsecret@127.0.0.1:{server.server_port}/#alerts"
    server.shutdown()
    thread.join()
    server.server_close()


CHANNEL = AppriseChannel(name="room", url_env="ROOM")


def test_nobody_sleeps_as_long_as_a_chat_asks(address: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ChannelError, match="Matrix asks to wait 300 s") as refused:
        send(CHANNEL, message(), {"ROOM": address})
    assert refused.value.retry_after == timedelta(minutes=5)
    assert "topsecret" not in str(refused.value)
    assert time.monotonic() - begun < 30


def test_the_outbox_waits_as_long_as_it_was_asked_to(address: str, world: World) -> None:
    with writing(world.engine) as conn:
        enqueue(conn, "notice:1", "room", message().as_payload(), NOON)
    given: dict[str, Any] = {"environment": {"ROOM": address}, "jitter": lambda: 0.0}
    report = deliver_due(world.engine, {"room": CHANNEL}, lambda: NOON, **given)
    assert (report.sent, report.failed) == (0, 1)
    with reading(world.engine) as conn:
        assert due(conn, NOON + timedelta(minutes=4), 10) == []
        assert len(due(conn, NOON + timedelta(minutes=5), 10)) == 1
