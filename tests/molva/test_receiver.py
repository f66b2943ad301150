"""Pushed posts: who may, what is kept, and that a kill loses and repeats nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.http import HttpClient, HttpSettings
from collectors.inbox import Inbox
from collectors.interface import FatalError, Page
from collectors.registry import create, parse_settings
from collectors.signing import signature
from collectors.sources import webhook
from collectors.sources.webhook import WebhookSettings
from molva.listener import ReceiverServer
from molva.receiver import LARGEST, Receiver

SECRET = "a-secret-of-our-own"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", SECRET)


def settings(folder: Path, name: str = "our site") -> WebhookSettings:
    table = {"name": name, "type": "webhook", "secret_env": "HOOK_SECRET"}
    made = parse_settings(table, folder=folder)
    assert isinstance(made, WebhookSettings)
    return made


@dataclass
class Sender:
    port: int
    secret: str = SECRET
    now: datetime = NOW

    def send(self, body: bytes | object, **headers: str) -> tuple[int, dict[str, Any]]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(self.now.timestamp()))
        given = {"X-Timestamp": stamp, "X-Signature-256": signature(self.secret, stamp, data)}
        return self.post("/hooks/our-site", data, {**given, **headers})

    def post(self, path: str, data: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST", path, data, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    with ReceiverServer(Receiver([settings(tmp_path)], lambda: NOW), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Sender(server.port)
        server.shutdown()
        thread.join()


async def poll(folder: Path, cursor: Any = None) -> list[Page]:
    async with HttpClient(HttpSettings(), lambda: NOW) as client:
        collector = create(settings(folder), client, lambda: NOW)
        return [page async for page in collector.poll(cursor or {})]


def texts(pages: list[Page]) -> list[str]:
    return [post.text for page in pages for post in page.posts]


async def test_a_signed_post_is_accepted_kept_and_read_once(sender: Sender, tmp_path: Path) -> None:
    post = {"id": 7, "text": "Zerno is late", "author": "Anna", "published_at": 1773136800,
            "rating": 2, "rating_scale": 5}  # fmt: skip
    status, answer = sender.send(post)
    assert (status, answer["accepted"], answer["rejected"]) == (202, 1, [])
    assert answer["id"]
    pages = await poll(tmp_path)
    (kept,) = pages[0].posts
    assert (kept.native_id, kept.author.name, kept.rating) == ("7", "Anna", 2)
    assert kept.published_at == datetime(2026, 3, 10, 10, tzinfo=UTC)
    again = await poll(tmp_path, pages[-1].cursor)
    assert (texts(again), again[-1].note) == ([], "no new deliveries")
    assert Inbox(tmp_path / "inbox" / "our-site").names() == []


async def test_what_a_look_at_the_source_reads_is_not_used_up(
    sender: Sender, tmp_path: Path
) -> None:
    sender.send({"text": "one"})
    assert texts(await poll(tmp_path)) == texts(await poll(tmp_path)) == ["one"]


async def test_the_same_request_again_is_the_same_delivery(sender: Sender, tmp_path: Path) -> None:
    first, second = sender.send({"text": "one"}), sender.send({"text": "one"})
    assert first == second
    assert texts(await poll(tmp_path)) == ["one"]


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_or_early_request_is_refused(sender: Sender, seconds: int) -> None:
    sender.now += timedelta(seconds=seconds)
    status, answer = sender.send({"text": "one"})
    assert (status, "our clock" in answer["error"]) == (401, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Signature-256": ""},
        {"X-Signature-256": "sha256=" + "0" * 64},
        {"X-Signature-256": "sha256=\xe9"},
        {"X-Timestamp": "1773144001"},
        {"X-Timestamp": "yesterday"},
        {"X-Timestamp": "9" * 400},
    ],
)
def test_a_request_not_signed_by_the_secret_is_refused(
    sender: Sender, tmp_path: Path, headers: dict[str, str]
) -> None:
    status, answer = sender.send({"text": "one"}, **headers)
    assert status == 401
    assert SECRET not in json.dumps(answer)
    assert Inbox(tmp_path / "inbox" / "our-site").names() == []


async def test_the_bad_posts_of_a_list_are_named_and_the_others_kept(
    sender: Sender, tmp_path: Path
) -> None:
    status, answer = sender.send(
        [{"text": "good"}, {"txet": "bad"}, 7, {"id": "9", "deleted": True}, {"text": " "}]
    )
    assert (status, answer["accepted"]) == (202, 2)
    assert [problem["index"] for problem in answer["rejected"]] == [1, 2, 4]
    assert "txet" in answer["rejected"][0]["error"]
    (page,) = await poll(tmp_path)
    assert ([post.text for post in page.posts], page.deleted) == (["good"], ("9",))
    assert len(page.skipped) == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"not json", 400), (b"7", 400), (b"[" * 5000, 400), (b'{"text": ""}', 422), (b"[]", 422),
     (b"\xff\xfe", 400), (b" " * (LARGEST + 1), 413)],
)  # fmt: skip
def test_what_cannot_be_posts_is_refused(
    sender: Sender, tmp_path: Path, body: bytes, status: int
) -> None:
    assert sender.send(body)[0] == status
    assert Inbox(tmp_path / "inbox" / "our-site").names() == []


def test_other_addresses_and_methods(sender: Sender) -> None:
    assert sender.post("/hooks/other", b"{}", {})[0] == 404
    assert sender.post("/hooks/../our-site", b"{}", {})[0] == 404
    with socket.create_connection(("127.0.0.1", sender.port), timeout=5) as raw:
        raw.sendall(b"POST /hooks/our-site HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert b"411" in raw.recv(4096)


def test_a_secret_that_is_missing_or_short_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "short")
    with pytest.raises(FatalError, match="16 characters"):
        Receiver([settings(tmp_path)], lambda: NOW)
    monkeypatch.delenv("HOOK_SECRET")
    with pytest.raises(FatalError, match="set the environment variable HOOK_SECRET"):
        Receiver([settings(tmp_path)], lambda: NOW)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    with pytest.raises(FatalError, match="two webhook sources"):
        Receiver([settings(tmp_path), settings(tmp_path, "Our Site!")], lambda: NOW)


# --- The command, in a process of its own

CONFIG = """
[[brand]]
id = "zerno"
name = "Zerno"
[[source]]
name = "our-site"
type = "webhook"
secret_env = "HOOK_SECRET"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG)
    return path


def start(config: Path) -> tuple[subprocess.Popen[str], Sender]:
    process = subprocess.Popen(
        [sys.executable, "-m", "molva", "receive", "-c", str(config), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOOK_SECRET": SECRET, "COLUMNS": "200"},
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.search(r"127\.0\.0\.1:(\d+)/hooks/our-site", said)
    assert found, said
    return process, Sender(int(found[1]), now=datetime.now(UTC))


def end(process: subprocess.Popen[str]) -> int:
    if process.poll() is None:
        process.kill()
    with process:
        return process.wait()


async def test_killed_while_receiving_it_loses_nothing_accepted(
    config: Path, tmp_path: Path
) -> None:
    process, sender = start(config)
    accepted: list[str] = []
    enough = threading.Event()

    def send_on() -> None:
        for number in range(10_000):
            try:
                status, _ = sender.send({"id": f"p{number}", "text": f"Zerno {number} " * 50})
            except (OSError, http.client.HTTPException, ValueError):
                return
            if status == 202:
                accepted.append(f"p{number}")
            if len(accepted) == 25:
                enough.set()

    thread = threading.Thread(target=send_on)
    thread.start()
    await asyncio.to_thread(enough.wait, 60)
    process.send_signal(signal.SIGKILL)
    thread.join()
    end(process)
    assert len(accepted) >= 25
    pages = await poll(tmp_path)
    read = [post.native_id for page in pages for post in page.posts]
    assert set(accepted) <= set(read)
    assert len(read) == len(set(read))
    assert not any(page.skipped for page in pages)


async def test_killed_between_storing_and_removing_it_repeats_nothing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox" / "our-site")
    for number in range(3):
        inbox.put(f"{number}", json.dumps({"id": number, "text": f"n {number}"}).encode())
    stored = await poll(tmp_path)  # ended right after its last page was stored
    assert len(inbox.names()) == 3
    inbox.put("3", b'{"id": 3, "text": "n 3"}')
    assert texts(await poll(tmp_path, stored[-1].cursor)) == ["n 3"]


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl"
)
async def test_the_pages_shell_example_works_and_sigterm_ends(config: Path, tmp_path: Path) -> None:
    page = webhook.__doc__ or ""
    found = re.search(r"^ {4}BODY=(?: {4}.+\n|.+\n)+", page, re.MULTILINE)
    assert found
    process, sender = start(config)
    try:
        script = textwrap.dedent(found[0]).replace("8787", str(sender.port))
        environment = {**os.environ, "HOOK_SECRET": SECRET, "no_proxy": "127.0.0.1"}
        ran = await asyncio.to_thread(
            subprocess.run, ["bash", "-c", script], capture_output=True, env=environment, check=True
        )
        assert json.loads(ran.stdout)["accepted"] == 1
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        end(process)
    assert texts(await poll(tmp_path)) == ["Zerno is late again"]


def test_without_a_webhook_source_it_says_so(config: Path, molva: Any) -> None:
    config.write_text(CONFIG.partition("[[source]]")[0])
    ran = molva("receive", "-c", config)
    assert (ran.status, "webhook" in ran.err) == (2, True)
