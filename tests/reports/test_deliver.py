"""Real servers on loopback take what is sent, and check it by means of their own."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from pydantic import TypeAdapter, ValidationError

from reports.channels import (
    Channel,
    EmailChannel,
    FileChannel,
    WebhookChannel,
    send,
)
from reports.deliver import GIVE_UP_AFTER, back_off, deliver_due
from reports.interface import ChannelError, Message
from store.engine import reading, writing
from store.outbox import due, enqueue
from tests.reports.world import NOON, World

SECRET = "s3cret-Пароль"


def message(key: str = "alert:1:1", **given: Any) -> Message:
    values: dict[str, Any] = {
        "key": key,
        "kind": "alert",
        "subject": "Zerno: 9 негативных\nBcc: eve@evil.example",
        "text": "Plain text, кофе\n",
        "html": "<!doctype html><p>Page, кофе</p>",
        "facts": {"observed": 9, "thread": "zerno:negative"},
        "created_at": NOON,
        "title": "alert-zerno",
    }
    return Message(**{**values, **given})


class Hook(BaseHTTPRequestHandler):
    """Verifies as the documentation says, with nothing of ours; answers what it is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamped = self.headers["Molva-Timestamp"].encode() + b"." + body
        good = hmac.new(SECRET.encode(), stamped, hashlib.sha256).hexdigest()
        signed = self.headers.get("Molva-Signature", "") == f"v1={good}"
        server: Any = self.server
        server.got.append((self.headers["Idempotency-Key"], signed, json.loads(body)))
        status = server.answers.pop(0) if server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - the name http.server looks for

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Mailbox:
    """Keeps each envelope as received; refuses those that it is told to."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.envelopes.append(envelope)
        return "250 OK"


def _check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=good)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on a free port, in a thread with a loop of its own."""
    box, loop = Mailbox(), asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            box, authenticator=_check, auth_require_tls=False, enable_SMTPUTF8=True, loop=loop
        )

    async def close() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = loop.run_until_complete(loop.create_server(session, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield box, server.sockets[0].getsockname()[1]
    asyncio.run_coroutine_threadsafe(close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def mail_channel(port: int, **given: Any) -> EmailChannel:
    values: dict[str, Any] = {
        "name": "mail",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "Molva <molva@example.org>",
        "to": ("pr@example.org", "smm@example.org"),
        "unsubscribe": "mailto:admin@example.org?subject=unsubscribe",
    }
    return EmailChannel(**{**values, **given})


def hook_channel(server: Any, **given: Any) -> WebhookChannel:
    url = f"http://127.0.0.1:{server.server_port}/hook?token=abc"
    return WebhookChannel(**{"name": "hook", "url": url, "secret_env": "HOOK", **given})


def test_an_email_arrives_as_text_and_page(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    send(mail_channel(port), message(replies_to=("alert:1:0",)), {})
    (envelope,) = box.envelopes
    assert envelope.rcpt_tos == ["pr@example.org", "smm@example.org"]
    assert isinstance(envelope.content, bytes)
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert mail.get_content_type() == "multipart/alternative"
    text, page = mail.iter_parts()
    assert text.get_content().splitlines() == ["Plain text, кофе"]
    assert "<p>Page, кофе</p>" in page.get_content()
    assert mail["Subject"] == "Zerno: 9 негативных Bcc: eve@evil.example"
    assert mail["Bcc"] is None
    assert mail["List-Unsubscribe"] == "<mailto:admin@example.org?subject=unsubscribe>"
    assert mail["References"] == mail["In-Reply-To"] != mail["Message-ID"]


def test_the_same_message_has_the_same_id(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    for key in ("alert:1:1", "alert:1:1", "alert:1:2"):
        send(mail_channel(port), message(key), {})
    ids = [email.message_from_bytes(e.content)["Message-ID"] for e in box.envelopes]  # type: ignore[arg-type]
    assert ids[0] == ids[1] != ids[2]


def test_a_refused_recipient_is_named_and_the_others_are_not_sent_it_twice(
    mailbox: tuple[Mailbox, int], world: World, caplog: pytest.LogCaptureFixture
) -> None:
    box, port = mailbox
    box.refused = {"smm@example.org"}
    with writing(world.engine) as conn:
        enqueue(conn, "a", "mail", message("a").as_payload(), NOON)
    channels: dict[str, Channel] = {"mail": mail_channel(port)}
    report = deliver_due(world.engine, channels, lambda: NOON, environment={})
    assert (report.sent, report.failed) == (1, 0)
    assert report.failures == "refused: mail: smm@example.org"
    assert "mail: the mail server refused smm@example.org (550)" in caplog.text
    deliver_due(world.engine, channels, lambda: NOON + timedelta(days=1), environment={})
    assert [envelope.rcpt_tos for envelope in box.envelopes] == [["pr@example.org"]]
    box.refused |= {"pr@example.org"}
    with pytest.raises(ChannelError, match="refused every recipient"):
        send(mail_channel(port), message(), {})


def test_the_mail_password_comes_from_the_environment(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    channel = mail_channel(port, username="molva", password_env="MAIL_PASSWORD", timeout=2)
    with pytest.raises(ChannelError, match="MAIL_PASSWORD is not set"):
        send(channel, message(), {})
    with pytest.raises(ChannelError) as refused:
        send(channel, message(), {"MAIL_PASSWORD": "wrong-but-secret"})
    assert "wrong-but-secret" not in str(refused.value)
    assert box.envelopes == []


def test_a_mail_server_without_tls_is_refused_when_tls_is_asked_for(
    mailbox: tuple[Mailbox, int],
) -> None:
    with pytest.raises(ChannelError, match="failed"):
        send(mail_channel(mailbox[1], security="starttls"), message(), {})
    assert mailbox[0].envelopes == []


def test_a_webhook_is_signed_and_keyed(hook: Any) -> None:
    send(hook_channel(hook), message(), {"HOOK": SECRET})
    ((key, signed, body),) = hook.got
    assert key == "alert:1:1"
    assert signed
    assert body["facts"]["observed"] == 9
    assert body["text"] == "Plain text, кофе\n"


def test_a_webhook_with_another_secret_does_not_verify(hook: Any) -> None:
    send(hook_channel(hook), message(), {"HOOK": "other"})
    assert hook.got[0][1] is False


def test_webhook_errors_tell_no_secrets(hook: Any) -> None:
    for status, permanent in ((500, False), (410, True), (302, False)):
        hook.answers = [status]
        with pytest.raises(ChannelError) as failed:
            send(hook_channel(hook), message(), {"HOOK": SECRET})
        assert str(failed.value) == f"the webhook answered {status}"
        assert failed.value.permanent is permanent
    assert len(hook.got) == 3
    with pytest.raises(ChannelError, match="cannot be reached") as unreachable:
        send(WebhookChannel(name="h", url="http://127.0.0.1:1/?token=abc"), message(), {})
    assert "abc" not in str(unreachable.value)


def test_a_webhook_that_does_not_speak_http_is_tried_again(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer_nonsense, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with writing(world.engine) as conn:
            enqueue(conn, "a", "hook", message("a").as_payload(), NOON)
        channels: dict[str, Channel] = {"hook": WebhookChannel(name="hook", url=url)}
        report = deliver_due(world.engine, channels, lambda: NOON, environment={})
        thread.join()
    said = "1 failed (hook: the webhook cannot be reached: BadStatusLine)"
    assert (report.given_up, report.failures) == (0, said)
    with reading(world.engine) as conn:
        assert len(due(conn, NOON + timedelta(minutes=2), 10)) == 1


def _answer_nonsense(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"220 mail.example.org ESMTP\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def test_a_folder_holds_each_message_once(tmp_path: Path) -> None:
    channel = FileChannel(name="f", path=tmp_path / "alerts")
    for key in ("alert:1:1", "alert:1:1", "alert:1:2"):
        send(channel, message(key, title="../../etc/<x>"), {})
    names = sorted(path.name for path in (tmp_path / "alerts").iterdir())
    assert len(names) == 6
    assert {name.rsplit(".", 1)[1] for name in names} == {"html", "json", "txt"}
    assert not any(".." in name or "/" in name for name in names)
    facts = json.loads(next((tmp_path / "alerts").glob("*.json")).read_text("utf-8"))
    assert facts["facts"]["observed"] == 9


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ChannelError, match="cannot write"):
        send(FileChannel(name="f", path=tmp_path / "taken"), message(), {})


def owe(world: World, *pairs: tuple[str, str]) -> None:
    with writing(world.engine) as conn:
        for key, channel in pairs:
            enqueue(conn, key, channel, message(key).as_payload(), NOON)


def test_a_failing_channel_stops_no_other(world: World, hook: Any, tmp_path: Path) -> None:
    owe(world, ("a", "file"), ("a", "hook"), ("b", "file"), ("b", "hook"), ("c", "gone"))
    hook.answers = [503]
    channels: dict[str, Channel] = {
        "file": FileChannel(name="file", path=tmp_path / "out"),
        "hook": hook_channel(hook),
    }
    given: dict[str, Any] = {"environment": {"HOOK": SECRET}, "jitter": lambda: 0.5}
    report = deliver_due(world.engine, channels, lambda: NOON, **given)
    assert (report.sent, report.failed, report.given_up) == (2, 2, 0)
    assert "hook: the webhook answered 503" in report.errors
    again = deliver_due(world.engine, channels, lambda: NOON, **given)
    assert [key for key, _, _ in hook.got] == ["a", "b"]
    assert again.sent == 1
    later = deliver_due(world.engine, channels, lambda: NOON + timedelta(minutes=2), **given)
    assert [key for key, _, _ in hook.got] == ["a", "b", "a"]
    assert later.sent == 1
    assert len(list((tmp_path / "out").iterdir())) == 6
    end = deliver_due(world.engine, channels, lambda: NOON + timedelta(minutes=2), **given)
    assert end.sent == 0
    assert len(hook.got) == 3


def test_a_channel_that_is_gone_for_good_is_given_up(world: World, hook: Any) -> None:
    owe(world, ("a", "hook"))
    hook.answers = [410]
    report = deliver_due(
        world.engine, {"hook": hook_channel(hook)}, lambda: NOON, environment={"HOOK": SECRET}
    )
    assert report.given_up == 1
    with reading(world.engine) as conn:
        assert due(conn, NOON + timedelta(days=30), 10) == []


def test_waits_double_with_jitter_up_to_a_cap() -> None:
    assert back_off(0, 0.5) == timedelta(minutes=1)
    assert back_off(3, 0.5) == timedelta(minutes=8)
    assert back_off(50, 0.5) == timedelta(hours=6)
    assert back_off(0, 0) < back_off(0, 0.99)
    total = sum((back_off(n, 0.5) for n in range(GIVE_UP_AFTER)), timedelta())
    assert timedelta(days=1) < total < timedelta(days=3)


def test_channel_tables_are_checked() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Channel)
    made = adapter.validate_python({"type": "file", "name": "pr", "path": "x", "sends": ["alerts"]})
    assert made.wants("alert")
    assert not made.wants("digest")
    for wrong in (
        {"type": "pigeon", "name": "p"},
        {"type": "webhook", "name": "p", "url": "ftp://x"},
        {"type": "file", "name": "p"},
        {"type": "email", "name": "p", "host": "h", "sender": "a@b\nBcc: x", "to": ["c@d"]},
        {"type": "file", "name": "p", "path": "x", "password": "oops"},
    ):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
