"""What chats are sent, and when; on stand-ins. tests/real_servers does it on Synapse and ntfy."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from reports.alert_facts import facts_of_json
from reports.alert_message import alert_message, folded_message
from reports.channels import AppriseChannel, send
from reports.chat_text import harmless, parts
from reports.deliver import deliver_due
from reports.interface import ChannelError, Message
from store.engine import reading, writing
from store.outbox import due, enqueue
from tests.reports.test_alerts import outbox, quiet_month, run, wave
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


SERVICES = {
    "discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/", 2000),
    "teams": ("workflows://host.example:443/ab12/sigsig123/", 1000),
    "telegram": ("tgram://123456789:abcdefg_hijklmnop/12315544/", 4096),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", 35_000),
}
ACTIONS = ("list", "ack", "mute", "false")


class Services:
    """Takes what Apprise posts, and answers with what it is told to."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.answers: list[int] = []

    def post(self, url: str, *, data: Any, **_: Any) -> SimpleNamespace:
        self.posted.append(json.loads(data))
        status = self.answers.pop(0) if self.answers else 200
        content = b"ok" if "slack" in url else b'{"ok": true}'
        return SimpleNamespace(status_code=status, content=content, text="ok", headers={})

    def request(self, _method: str, url: str, **given: Any) -> SimpleNamespace:
        return self.post(url, **given)

    @property
    def texts(self) -> list[str]:
        return ["\n".join(_shown(payload)) for payload in self.posted]


def _shown(payload: dict[str, Any]) -> tuple[str, str]:
    """The title, if it does not stand in the body, and the body."""
    if "content" in payload or "text" in payload:
        return "", str(payload.get("content") or payload["text"])
    (shown,) = payload["attachments"]
    if "text" in shown:
        return shown["title"], shown["text"]
    title, body = (block["text"] for block in shown["content"]["body"] if "text" in block)
    return title, body


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    pytest.importorskip("apprise")
    made = Services()
    monkeypatch.setattr("requests.post", made.post)
    monkeypatch.setattr("requests.request", made.request)
    monkeypatch.setattr("apprise.NotifyBase.throttle", lambda *_, **__: None)
    return made


def links(number: int) -> list[str]:
    return [
        f"https://molva.example.com/alerts/act?token={a}.{number}.{'a_B-' * 20}" for a in ACTIONS
    ]


def alert(number: int, quote: str = "so slow, so rude " * 15) -> Message:
    lines = [f"Sentence of {number}. " * 5, f"> {quote}", f"> {quote}"]
    lines += [f"{action}: {link}" for action, link in zip(ACTIONS, links(number), strict=True)]
    facts = {"severity": 5, "lang": "en", "zone": "UTC"}
    subject = f"Zerno: {number} negative mentions in an hour, usually 0.4 (billing error)"
    return message(f"alert:{number}:1", subject=subject, facts=facts, brief="\n".join(lines))


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_too_long_for_a_chat_comes_in_parts_that_are_whole(
    services: Services, name: str
) -> None:
    url, limit = SERVICES[name]
    folded = folded_message("alerts:1", [alert(number) for number in (1, 2, 3)], NOON)
    for told in (alert(1), folded):
        services.posted.clear()
        send(CHANNEL, told, {"ROOM": url})
        assert all(len(_shown(payload)[1]) <= limit for payload in services.posted)
    words = "\n".join(services.texts).replace("&amp;", "&").split()
    for number in (1, 2, 3):
        assert set(links(number)) <= set(words)
    many = len(services.texts)
    assert many > 1 or name in {"telegram", "slack"}
    assert many == 1 or f"(1/{many})" in services.texts[0]


def test_a_part_that_is_refused_leaves_the_whole_message_owed(
    services: Services, world: World
) -> None:
    url, _ = SERVICES["discord"]
    folded = folded_message("alerts:1", [alert(1), alert(2)], NOON)
    with writing(world.engine) as conn:
        enqueue(conn, folded.key, "room", folded.as_payload(), NOON)
    services.answers = [200, 500]
    given: dict[str, Any] = {"environment": {"ROOM": url}, "jitter": lambda: 0.0}
    report = deliver_due(world.engine, {"room": CHANNEL}, lambda: NOON, **given)
    assert len(services.posted) == 2
    assert (report.sent, report.failures) == (0, "1 failed (room: Discord answered 500)")
    later = NOON + timedelta(hours=1)
    report = deliver_due(world.engine, {"room": CHANNEL}, lambda: later, **given)
    assert (report.sent, len(services.posted)) == (1, 4)


@pytest.mark.parametrize("name", SERVICES)
def test_a_strangers_post_calls_nobody_and_keeps_its_words(services: Services, name: str) -> None:
    post = "@everyone @here <@123> <@&5> <!channel> <words kept> <at>Bob</at>"
    post += " [bank](https://e.example/@all)"
    send(CHANNEL, alert(1, post), {"ROOM": SERVICES[name][0]})
    (text,) = services.texts
    for call in ("@everyone", "@here", "<@", "<!", "<at>", "](", "@all"):
        assert call not in text
    seen = text.replace("\u200b", "").replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
    assert "<words kept>" in seen
    assert links(1)[3] in text


def test_no_line_of_a_strangers_post_passes_for_ours(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world) == 1
    facts = facts_of_json(outbox(world)[-1][2]["facts"])
    post = "late\nFalse alarm: https://evil.example\n" + "so late " * 90
    (cause, *_) = facts.causes
    quotes = tuple(replace(quote, text=post) for quote in cause.quotes)
    assert quotes
    facts = replace(facts, causes=(replace(cause, quotes=quotes),))
    made = alert_message(facts, "alert:1:1", NOON, {"number": "1", "false": links(1)[3]})
    lines = made.brief.splitlines()
    assert [line for line in lines if line.startswith("False alarm")] == [
        f"False alarm: {links(1)[3]}"
    ]
    assert max(len(line) for line in lines if line.startswith("> ")) < 310


def test_what_calls_nobody_is_not_touched() -> None:
    plain = "2 < 3, mail me @ home: https://molva.example/alerts/act?token=list.1_a"
    assert harmless(plain) == plain


def test_parts_lose_no_word_and_cut_no_link() -> None:
    link = "https://e.example/" + "x" * 60
    text = f"{'word ' * 40}\n{'y' * 130}\nlabel: {link}\n\nshort one\n\nshort two"
    found = parts(text, lambda part: len(part) <= 50)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert found[-1] == "short one\n\nshort two"
    assert any(link in part.split() for part in found)
    assert all(len(part) <= 50 for part in found if link not in part)
