"""Who hears that a channel takes nothing, when, and how often."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from reports.channels import Channel, FileChannel
from reports.deliver import deliver_due
from reports.manners import Manners
from reports.quiet import QuietHours
from tests.reports.test_alerts import HOUR, outbox
from tests.reports.test_deliver import hook
from tests.reports.test_manners import MINUTE, owe_alert, run
from tests.reports.test_thread import PLAIN, UTC_ZONE
from tests.reports.world import NOON, World

__all__ = ["hook"]
ESCALATION = {"escalate_after_minutes": 30, "minimum_severity": 9}


def told(
    world: World, folder: Path, later: timedelta, manners: Manners = PLAIN, **settings: Any
) -> set[str]:
    """Deliver where `hook` is a folder that cannot be written; the channels that got something."""
    (folder / "hook").touch()
    channels: dict[str, Channel] = {
        name: FileChannel(name=name, path=folder / name, **given)
        for name, given in {"hook": {}, **settings}.items()
    }
    before = set(folder.rglob("*.txt"))
    deliver_due(world.engine, channels, lambda: NOON + later, environment={}, manners=manners)
    return {path.parent.name for path in set(folder.rglob("*.txt")) - before}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"pr": {}, "boss": ESCALATION, "news": {"sends": ["digests"]}}, {"pr"}),
        ({"hook": {"brands": ["zerno"]}, "pr": {"brands": ["zerno"]}, "all": {}}, {"pr", "all"}),
        ({"hook": {"brands": ["zerno"]}, "pr": {}, "other": {"brands": ["other"]}}, {"pr"}),
        ({"boss": {**ESCALATION, "brands": ["other"]}}, {"boss"}),
        ({"news": {"sends": ["digests"]}, "boss": ESCALATION}, {"news", "boss"}),
    ],
)
def test_a_notice_goes_to_those_it_concerns_else_to_whoever_can_be_reached(
    world: World, tmp_path: Path, settings: dict[str, Any], expected: set[str]
) -> None:
    owe_alert(world, 1)
    assert told(world, tmp_path, MINUTE, **settings) == set()
    assert told(world, tmp_path, 25 * HOUR, **settings) == expected
    assert told(world, tmp_path, 30 * HOUR, **settings) == set()


def test_a_notice_waits_out_the_quiet_hours(world: World, tmp_path: Path) -> None:
    night = Manners(UTC_ZONE, QuietHours(start=time(12), end=time(20), override_severity=1))
    settings: dict[str, Any] = {"pr": {}, "wall": {"quiet": False}}
    owe_alert(world, 1)
    told(world, tmp_path, MINUTE, night, **settings)
    assert told(world, tmp_path, 25 * HOUR, night, **settings) == {"wall"}
    assert told(world, tmp_path, 31 * HOUR, night, **settings) == set()
    assert told(world, tmp_path, 32 * HOUR, night, **settings) == {"pr"}


def test_an_outage_is_told_once_though_ever_newer_messages_fail(
    world: World, hook: Any, tmp_path: Path
) -> None:
    hook.answers = [500] * 99
    pr = FileChannel(name="pr", path=tmp_path / "pr")
    owe_alert(world, 1)
    for number in range(2, 9):
        run(world, hook, number * 7 * HOUR, pr=pr)
        owe_alert(world, 1, number, severity=5 + number)
        owe_alert(world, number)
        run(world, hook, number * 7 * HOUR + MINUTE, pr=pr)
    assert len(list((tmp_path / "pr").glob("*.txt"))) == 1
    assert {channel for _, channel, _ in outbox(world)} == {"hook"}
