"""The chat channel against Matrix Synapse: what is sent is what a person in the room reads."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reports.channels import send
from reports.deliver import DeliveryReport
from reports.interface import ChannelError
from store.engine import reading, writing
from store.outbox import due, enqueue
from tests.molva.conftest import Ran, molva
from tests.real_servers.chat import CHAT, deliver, owe_an_alert, send_test
from tests.real_servers.synapse import PASSWORD, Synapse, synapse_running
from tests.reports.conftest import world
from tests.reports.test_alerts import NOON
from tests.reports.test_deliver import message
from tests.reports.world import World

__all__ = ["molva", "world"]


@pytest.fixture(scope="module")
def matrix() -> Iterator[Synapse]:
    """One homeserver for all: it takes seconds to start."""
    pytest.importorskip("apprise")
    with synapse_running() as server:
        yield server


@pytest.mark.parametrize(("lang", "said"), [("en", "test"), ("ru", "проверка канала")])
def test_a_test_message_is_read_in_the_room(
    matrix: Synapse,
    molva: Callable[..., Ran],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lang: str,
    said: str,
) -> None:
    monkeypatch.setenv("CHAT", matrix.address())
    before = len(matrix.messages())
    send_test(molva, tmp_path, lang)
    (message,) = matrix.messages()[before:]
    assert message["sender"] == "@bot:localhost"
    assert said in message["content"]["body"].lower()


def test_an_alert_waits_out_a_refusal_and_is_read_once_with_its_reason(
    matrix: Synapse,
    world: World,
) -> None:
    owe_an_alert(world)
    before, wrong = len(matrix.messages()), "another-Secret"
    refused = deliver(world, matrix.address(f"bot:{wrong}"), NOON)
    assert (refused.sent, refused.failed, refused.given_up) == (0, 1, 0)
    assert "Matrix answered 403" in refused.errors[0]
    assert wrong not in refused.errors[0]
    later = NOON + timedelta(minutes=5)
    assert deliver(world, matrix.address(), later).sent == 1
    assert deliver(world, matrix.address(), later) == DeliveryReport()
    (shown,) = matrix.messages()[before:]
    subject, *lines = shown["content"]["body"].splitlines()
    assert "Zerno: 9 negative mentions" in subject
    assert any("late delivery" in line for line in lines)
    assert any(line.startswith(">") for line in lines)


def test_every_spelling_of_the_room_leads_there_and_a_mistyped_one_is_told(
    matrix: Synapse,
) -> None:
    before = len(matrix.messages())
    for room in ("#alerts:localhost", f"{matrix.room}?hsreq=no"):
        url = matrix.address(matrix.token, room)
        # The token is good for more than one message.
        send(CHAT, message(brief=room), {"CHAT": url})
        send(CHAT, message(brief=room), {"CHAT": url})
    assert len(matrix.messages()) == before + 4
    with pytest.raises(ChannelError, match="Matrix answered 404"):
        send(CHAT, message(), {"CHAT": matrix.address(matrix.token, "#alertz:localhost")})
    # Nobody reads a room that was made for a misspelling.
    assert matrix.status("directory/room/%23alertz:localhost") == 404


def test_a_server_that_asks_to_wait_keeps_nobody_waiting(matrix: Synapse, world: World) -> None:
    url, begun = matrix.address(f"busy:{PASSWORD}"), time.monotonic()
    with writing(world.engine) as conn:
        for number in range(10):
            enqueue(conn, f"notice:{number}", "chat", message().as_payload(), NOON)
    report = deliver(world, url, NOON)
    assert 0 < report.sent < 10
    assert re.search(r"Matrix asks to wait \d{2,4} s", report.errors[0])
    assert time.monotonic() - begun < 60
    with reading(world.engine) as conn:
        soon, late = (len(due(conn, NOON + timedelta(minutes=n), 100)) for n in (2, 30))
    assert (soon, late) == (9 - report.sent, 10 - report.sent)
