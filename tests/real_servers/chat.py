"""What the tests of chats share: a brand with one chat, an alert owed to it, its delivery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from reports.channels import AppriseChannel
from reports.deliver import DeliveryReport, deliver_due
from tests.molva.conftest import Ran
from tests.reports.test_alerts import AUDIENCE, NOON, quiet_month, run, wave
from tests.reports.world import World

CHAT = AppriseChannel(name="chat", url_env="CHAT")
CONFIG = """
language = "{lang}"
[[brand]]
id = "zerno"
name = "Zerno"
[[channel]]
name = "chat"
type = "apprise"
url_env = "CHAT"
"""


def send_test(molva: Callable[..., Ran], folder: Path, lang: str) -> None:
    """`molva alerts test` to the chat of the environment's `CHAT`, which takes it."""
    config = folder / "molva.toml"
    config.write_text(CONFIG.format(lang=lang), encoding="utf-8")
    ran = molva("alerts", "test", "chat", "-c", config)
    assert (ran.status, ran.err) == (0, "chat: taken\n")


def owe_an_alert(world: World) -> None:
    """Nine complaints in an hour after a quiet month: one message for the chat."""
    quiet_month(world)
    world.save(NOON - timedelta(days=1))
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world, audience=replace(AUDIENCE, channels=("chat",))) == 1


def deliver(world: World, address: str, now: datetime) -> DeliveryReport:
    """Deliver what is due to the chat at this address."""
    return deliver_due(
        world.engine,
        {"chat": CHAT},
        lambda: now,
        environment={"CHAT": address},
        jitter=lambda: 0.5,
    )
