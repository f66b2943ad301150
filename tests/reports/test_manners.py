"""Delivery over several alerts, killed processes and failing channels, on real servers."""

from __future__ import annotations

import email
import email.policy
import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.channels import (
    AppriseChannel,
    Channel,
    EmailChannel,
    FileChannel,
    WebhookChannel,
    send,
)
from reports.deliver import CLAIM, deliver_due
from reports.interface import ChannelError
from store.engine import writing
from store.outbox import claim, due, enqueue
from tests.reports.test_alerts import outbox, quiet_month, wave
from tests.reports.test_deliver import SECRET, hook, mailbox, message
from tests.reports.test_thread import look
from tests.reports.world import NOON, World

__all__ = ["hook", "mailbox"]
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def owe_alert(
    world: World, alert_id: int, number: int = 1, brand_id: int | None = None, **facts: Any
) -> None:
    told = {"severity": 5, "action": "opened", "lang": "en", "zone": "UTC", **facts}
    made = message(f"alert:{alert_id}:{number}", subject=f"Alert {alert_id}.{number}", facts=told)
    payload = {**made.as_payload(), "alert_id": alert_id, "brand_id": brand_id or world.brand.id}
    with writing(world.engine) as conn:
        enqueue(conn, made.key, "hook", payload, NOON + number * timedelta(seconds=1))


def hook_channel(server: Any) -> WebhookChannel:
    url = f"http://127.0.0.1:{server.server_port}/"
    return WebhookChannel(name="hook", url=url, secret_env="HOOK")


def run(world: World, server: Any, later: timedelta = MINUTE, **others: Channel) -> None:
    channels: dict[str, Channel] = {"hook": hook_channel(server), **others}
    deliver_due(
        world.engine,
        channels,
        lambda: NOON + later,
        environment={"HOOK": SECRET},
        jitter=lambda: 0.5,
    )


def test_several_alerts_are_one_message_with_the_worst_first(world: World, hook: Any) -> None:
    owe_alert(world, 1)
    owe_alert(world, 1, 2, severity=6)
    owe_alert(world, 2, severity=9)
    owe_alert(world, 3, severity=2)
    run(world, hook)
    ((key, signed, body),) = hook.got
    assert key.startswith("alerts:")
    assert signed
    assert body["subject"] == "3 alerts, first: Alert 2.1"
    assert [alert["severity"] for alert in body["facts"]["alerts"]] == [9, 6, 2]
    run(world, hook, 2 * MINUTE)
    assert len(hook.got) == 1


def test_a_folded_message_that_failed_keeps_its_key(world: World, hook: Any) -> None:
    owe_alert(world, 1)
    owe_alert(world, 2)
    hook.answers = [503, 503]
    for later in (1, 3, 6, 9):
        run(world, hook, later * MINUTE)
    keys = [key for key, _, _ in hook.got]
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_two_processes_do_not_send_one_message(world: World) -> None:
    owe_alert(world, 1)
    with writing(world.engine) as conn:
        (row,) = due(conn, NOON + MINUTE, 10)
        assert claim(conn, row.id, NOON + MINUTE, NOON + MINUTE + CLAIM)
        assert not claim(conn, row.id, NOON + MINUTE, NOON + MINUTE + CLAIM)


KILLED = """
import os, signal, sys
from datetime import datetime
import reports.deliver as deliver
from reports.channels import WebhookChannel
from store.engine import open_store

deliver.mark_sent = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
channel = WebhookChannel(name="hook", url=sys.argv[2], secret_env="HOOK")
now = datetime.fromisoformat(sys.argv[3])
deliver.deliver_due(open_store(sys.argv[1]), {"hook": channel}, lambda: now, environment=os.environ)
"""


def run_killed(world: World, server: Any, later: timedelta = MINUTE) -> None:
    """As `run`, in a process that is killed when its first message was taken, but not marked."""
    url = f"http://127.0.0.1:{server.server_port}/"
    store = world.engine.url.render_as_string(hide_password=False)
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, store, url, (NOON + later).isoformat()],
        env={**os.environ, "HOOK": SECRET, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert ran.returncode == -9


def test_killed_between_sending_and_marking_it_is_sent_again_under_its_key(
    world: World, hook: Any
) -> None:
    owe_alert(world, 1)
    run_killed(world, hook)
    assert [key for key, _, _ in hook.got] == ["alert:1:1"]
    run(world, hook, 2 * MINUTE)
    assert len(hook.got) == 1
    run(world, hook, 2 * MINUTE + CLAIM)
    run(world, hook, 3 * HOUR)
    assert [key for key, _, _ in hook.got] == ["alert:1:1", "alert:1:1"]


def test_a_channel_that_fails_for_a_day_is_told_of_once_on_the_others(
    world: World, hook: Any, tmp_path: Path
) -> None:
    owe_alert(world, 1)
    folder = tmp_path / "pr"
    pr = FileChannel(name="pr", path=folder)
    hook.answers = [500] * 9
    for later in (MINUTE, 20 * HOUR):
        run(world, hook, later, pr=pr)
    assert not folder.exists()
    for later in (25 * HOUR, 26 * HOUR, 40 * HOUR):
        run(world, hook, later, pr=pr)
    (notice,) = folder.glob("*.txt")
    text = notice.read_text("utf-8")
    assert "channel “hook” takes no messages" in text
    assert "the webhook answered 500" in text
    assert SECRET not in text
    assert all(key == "alert:1:1" for key, _, _ in hook.got)


def test_openssl_verifies_a_webhook(world: World) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    from reports.channels import signature  # noqa: PLC0415 - only here

    body = json.dumps({"text": "кофе"}).encode()
    ran = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", "a-secret", "-hex"],
        input=b"1790000000." + body,
        capture_output=True,
        check=True,
    )
    assert signature("a-secret", "1790000000", body) == "v1=" + ran.stdout.decode().split()[-1]


def test_an_alert_as_mail_has_its_chart_inside_and_its_thread_together(
    world: World, mailbox: Any
) -> None:
    box, port = mailbox
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert look(world) == 1
    assert look(world, 5 * HOUR) == 1
    channel = EmailChannel(
        name="pr",
        host="127.0.0.1",
        port=port,
        security="none",
        sender="a@x.example",
        to=("b@x.example",),
    )
    for later in (MINUTE, 6 * HOUR):
        given = {"environment": {}, "jitter": lambda: 0.5}
        deliver_due(world.engine, {"pr": channel}, lambda at=NOON + later: at, **given)
    opened, over = (
        email.message_from_bytes(envelope.content, policy=email.policy.default)
        for envelope in box.envelopes
    )
    page = opened.get_body(("html",))
    assert page is not None
    html = page.get_content()
    (picture,) = [part for part in opened.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html
    assert "<svg" not in html
    assert "var(--" not in html
    assert over["In-Reply-To"] == opened["Message-ID"]
    assert outbox(world) == []


def test_a_chat_needs_a_url_that_apprise_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("apprise")
    channel = AppriseChannel(name="chat", url_env="CHAT")
    with pytest.raises(ChannelError, match="CHAT is not set"):
        send(channel, message(), {})
    with pytest.raises(ChannelError, match="holds no Apprise URL") as wrong:
        send(channel, message(), {"CHAT": "nonsense://token"})
    assert "token" not in str(wrong.value)


def test_a_chat_out_of_reach_says_so_without_its_token() -> None:
    pytest.importorskip("apprise")
    channel = AppriseChannel(name="chat", url_env="CHAT")
    with pytest.raises(ChannelError, match="could not be reached") as refused:
        send(channel, message(), {"CHAT": "json://127.0.0.1:1/topsecret"})
    assert "topsecret" not in str(refused.value)
