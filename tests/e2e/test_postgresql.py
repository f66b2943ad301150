"""All of Molva on a real PostgreSQL: collected, labelled, told; and two processes at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from molva.app import App, PassReport
from molva.config import load_config
from reports.alerts import run_detection
from reports.deliver import DeliveryReport, deliver_due
from store.alerts import alert_events, alerts
from store.engine import open_store, reading, writing
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from store.outbox import enqueue
from tests.conformance.kit import Item
from tests.conformance.kits.mastodon import MastodonKit
from tests.conformance.server import serving
from tests.reports.test_alerts import AUDIENCE, NOON, SETTINGS, quiet_month, wave
from tests.reports.test_deliver import SECRET, hook, hook_channel, message
from tests.reports.world import World
from tests.store.conftest import empty_postgres, meeting, postgres

__all__ = ["empty_postgres", "hook", "meeting", "postgres"]
CONFIG = """\
store_env = "MOLVA_STORE"
[[brand]]
id = "zerno"
name = "Zerno"
[[source]]
name = "toots"
type = "mastodon"
instance = "{url}"
tags = ["zerno"]
token_env = "MASTODON_TOKEN"
[[channel]]
name = "folder"
type = "file"
path = "told"
[http]
allow_private = true
requests_per_second = 1000
retries = 0
"""


@pytest.fixture
def world(empty_postgres: str) -> Iterator[World]:
    made = World(open_store(empty_postgres))
    yield made
    made.engine.dispose()


async def passed(path: Path, now: Any) -> tuple[PassReport, list[LabelledMention]]:
    """One pass of a new process, and what is kept after it."""
    async with App.open(load_config(path), lambda: now, seed=1) as app:
        report = await app.run_pass(force=True)
        with reading(app.rooms.engine) as conn:
            return report, list(labelled_mentions(conn, MentionFilter(include_deleted=True)))


@pytest.mark.slow
async def test_a_pass_collects_labels_edits_deletes_and_tells(
    empty_postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOLVA_STORE", empty_postgres)
    monkeypatch.setenv("MASTODON_TOKEN", MastodonKit.environment["MASTODON_TOKEN"])
    kit, path = MastodonKit(), tmp_path / "molva.toml"
    at = NOON - timedelta(minutes=5)
    items = [Item(n, f"Zerno let me wait for an hour, {n} times", at) for n in range(6)]
    items.append(Item(6, "Кофе в Zerno чудесный 🎉", at))
    with serving(lambda request: kit.answer(request, items)) as server:
        kit.table(server.url, tmp_path)
        path.write_text(CONFIG.format(url=server.url), encoding="utf-8")
        first, rows = await passed(path, NOON)
        assert (len(first.sources[0].stored), first.failed) == (7, ())
        assert {row.sentiment for row in rows} >= {"negative", "positive"}
        again, same = await passed(path, NOON)
        assert (again.sources[0].stored, again.sources[0].known) == ([], 7)
        assert [row.sequence for row in same] == [row.sequence for row in rows]
        items[:2] = [replace(items[0], text="Zerno, on second thought, is fine")]
        later, rows = await passed(path, NOON + timedelta(hours=1))
        next_day, _ = await passed(path, NOON + timedelta(days=1))
    assert later.rereads.read == 7
    by_id = {row.native_id.rpartition("/")[2]: row for row in rows}
    assert (by_id["1000"].revision, "second thought" in by_id["1000"].text) == (2, True)
    assert by_id["1000"].sentiment != "unlabelled"
    assert (by_id["1001"].text, by_id["1001"].deleted_at) == ("", NOON + timedelta(hours=1))
    assert (next_day.digests, next_day.delivery.sent) == (1, 1)
    (digest,) = (tmp_path / "told").glob("*.txt")
    assert "Zerno" in digest.read_text(encoding="utf-8")


def at_once(act: Callable[[Any], Any], engines: list[Any]) -> list[Any]:
    """What each answers, all begun at the same moment."""
    gate, answers = threading.Barrier(len(engines)), list[Any]()

    def run(engine: Any) -> None:
        gate.wait()
        answers.append(act(engine))

    threads = [threading.Thread(target=run, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(engines)
    return answers


def test_two_processes_that_see_one_wave_tell_it_once(world: World, empty_postgres: str) -> None:
    quiet_month(world)
    world.save(NOON - timedelta(days=1))
    wave(world, 9, 1)
    world.save(NOON)

    def detect(engine: Any) -> int:
        with writing(engine) as conn:
            return run_detection(conn, [world.brand, world.rival], NOON, SETTINGS, AUDIENCE)

    other = open_store(empty_postgres)
    assert sorted(at_once(detect, [world.engine, other])) == [0, 1]
    other.dispose()
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
        assert [event.action for event in alert_events(conn, alert.id)] == ["opened"]


def test_two_processes_that_deliver_send_each_message_once(
    world: World, empty_postgres: str, hook: Any
) -> None:
    with writing(world.engine) as conn:
        for number in range(20):
            enqueue(conn, f"notice:{number}", "hook", message().as_payload(), NOON)

    def deliver(engine: Any) -> DeliveryReport:
        channels = {"hook": hook_channel(hook)}
        return deliver_due(engine, channels, lambda: NOON, environment={"HOOK": SECRET})

    other = open_store(empty_postgres)
    reports = at_once(deliver, [world.engine, other])
    other.dispose()
    assert sum(report.sent for report in reports) == 20
    assert not any(report.failed for report in reports)
    assert sorted(key for key, _, _ in hook.got) == sorted(f"notice:{n}" for n in range(20))
