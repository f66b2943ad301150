"""The chat channel against an ntfy server: what is sent is what a telephone is given."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from reports.channels import send
from reports.deliver import DeliveryReport
from tests.molva.conftest import Ran, molva
from tests.real_servers.chat import CHAT, deliver, owe_an_alert, send_test
from tests.real_servers.conftest import binary, free_port, running
from tests.reports.conftest import world
from tests.reports.test_alerts import NOON
from tests.reports.test_deliver import message
from tests.reports.world import World

__all__ = ["molva", "world"]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """One server for all, at this port."""
    pytest.importorskip("apprise")
    folder, port = tmp_path_factory.mktemp("ntfy"), free_port()
    config = folder / "server.yml"
    config.write_text(
        f'listen-http: "127.0.0.1:{port}"\nbase-url: "http://127.0.0.1:{port}"\n'
        f'cache-file: "{folder}/cache.db"\n'
    )
    command = [binary("ntfy"), "serve", "--config", str(config)]
    with running(command, port, folder / "ntfy.log"):
        yield port


def read(port: int, topic: str) -> list[dict[str, Any]]:
    """What subscribers of a topic were given."""
    with urlopen(f"http://127.0.0.1:{port}/{topic}/json?poll=1", timeout=10) as answer:
        lines = [json.loads(line) for line in answer]
    return [line for line in lines if line["event"] == "message"]


@pytest.mark.parametrize(("lang", "said"), [("en", "test"), ("ru", "проверка канала")])
def test_a_test_message_reaches_the_telephone(
    port: int,
    molva: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lang: str,
    said: str,
) -> None:
    monkeypatch.setenv("CHAT", f"ntfy://127.0.0.1:{port}/test-{lang}?image=no")
    send_test(molva, tmp_path, lang)
    (shown,) = read(port, f"test-{lang}")
    assert said in f"{shown.get('title', '')} {shown['message']}".lower()


def test_an_alert_is_given_once_with_its_reason(port: int, world: World) -> None:
    owe_an_alert(world)
    address = f"ntfy://127.0.0.1:{port}/alerts?image=no"
    assert deliver(world, address, NOON).sent == 1
    assert deliver(world, address, NOON) == DeliveryReport()
    (shown,) = read(port, "alerts")
    told = f"{shown.get('title', '')}\n{shown['message']}"
    assert "Zerno: 9 negative mentions" in told
    assert "late delivery" in told


def test_title_and_words_arrive_as_they_were_sent(port: int) -> None:
    told = message(subject="Зерно: 9 жалоб", brief="Чаще всего: «поздняя доставка».\n> it was late")
    url = f"ntfy://127.0.0.1:{port}/words?image=no"
    send(CHAT, told, {"CHAT": url})
    (shown,) = read(port, "words")
    assert (shown["title"], shown["message"]) == ("Зерно: 9 жалоб", told.brief)


def test_what_is_too_long_for_the_server_comes_in_parts(port: int) -> None:
    lines = [f"{number}. «Доставка опоздала, курьер нагрубил» и ещё слова" for number in range(150)]
    told = message(subject="Зерно: 9 жалоб", brief="\n".join(lines))
    send(CHAT, told, {"CHAT": f"ntfy://127.0.0.1:{port}/long?image=no"})
    shown = read(port, "long")
    assert len(shown) > 1
    assert [line for part in shown for line in part["message"].splitlines()] == lines
    assert not any("attachment" in part for part in shown)
    assert shown[0]["title"] == f"Зерно: 9 жалоб (1/{len(shown)})"
