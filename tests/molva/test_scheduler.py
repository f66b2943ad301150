"""The lease: one process works on a store, for as long as it lives and no longer."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from molva import app as app_module
from molva import polls as polls_module
from molva import scheduler as scheduler_module
from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import import_posts, import_settings
from molva.pipeline.label import LabelReport
from molva.scheduler import LEASE, AlreadyRunningError, Scheduler
from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import MentionFilter
from store.leases import acquire
from store.sources import poll_counts, sources


def opened(folder: Path) -> App:
    path = folder / "molva.toml"
    path.write_text('[[brand]]\nid = "acme"\nname = "Acme"\n')
    return App.open(load_config(path))


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left_by(app: App, holder: str) -> None:
    with writing(app.rooms.engine) as conn:
        assert acquire(conn, LEASE, holder, datetime.now(UTC), timedelta(minutes=1))


async def test_a_pass_longer_than_the_lease_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def slow_labelling(_rooms: object) -> LabelReport:
        time.sleep(1.5)
        return LabelReport()

    monkeypatch.setattr(scheduler_module, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(app_module, "label_pending", slow_labelling)
    async with opened(tmp_path) as app, Scheduler(app).lease():
        await app.run_pass()
        with writing(app.rooms.engine) as conn:
            assert not acquire(conn, LEASE, "a twin", datetime.now(UTC), timedelta(minutes=1))


async def test_the_lease_of_a_killed_process_is_free_at_once(tmp_path: Path):
    async with opened(tmp_path) as app:
        machine = scheduler_module._machine()
        left_by(app, f"{machine}:{ended_process()}")
        async with Scheduler(app).lease():
            pass


async def test_a_living_process_or_another_machine_is_not_robbed(tmp_path: Path):
    machine = scheduler_module._machine()
    for number, holder in enumerate((f"{machine}:{os.getppid()}", f"far:1:{ended_process()}")):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with opened(folder) as app:
            left_by(app, holder)
            with pytest.raises(AlreadyRunningError):
                async with Scheduler(app).lease():
                    pass


async def test_texts_go_by_age_where_that_was_asked_for_and_nowhere_else(tmp_path: Path):
    path = tmp_path / "molva.toml"
    path.write_text('[[brand]]\nid = "acme"\nname = "Acme"\n')
    assert set(load_config(path).retention.by_terms().values()) == {0}
    path.write_text(path.read_text() + "[retention]\nown = 30\n")
    file = tmp_path / "posts.jsonl"
    days = {"old": datetime.now(UTC) - timedelta(days=40), "new": datetime.now(UTC)}
    posts = [
        {"id": name, "text": f"Acme is {name}", "date": at.isoformat()} for name, at in days.items()
    ]
    file.write_text("".join(json.dumps(post) + "\n" for post in posts))
    async with App.open(load_config(path)) as app:
        await import_posts(app.rooms, import_settings(file))
        scheduler = Scheduler(app)
        running = asyncio.create_task(scheduler.run())
        for _ in range(500):
            await asyncio.sleep(0.02)
            with reading(app.rooms.engine) as conn:
                living = [mention.text for mention in labelled_mentions(conn, MentionFilter())]
            if len(living) < len(days):
                break
        scheduler.stop()
        await running
    assert living == ["Acme is new"]


async def test_sources_that_had_no_room_do_not_wait_for_the_next_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(polls_module, "MOST_AT_WORK", 1)
    tables = ['[[brand]]\nid = "acme"\nname = "Acme"\n']
    for number in range(7):
        posts = tmp_path / f"{number}.jsonl"
        posts.write_text('{"id": "1", "text": "Nothing of note"}\n')
        tables.append(f'[[source]]\nname = "s{number}"\ntype = "file"\npath = "{posts}"\n')
    path = tmp_path / "molva.toml"
    path.write_text("".join(tables))
    async with App.open(load_config(path)) as app:
        scheduler = Scheduler(app, tick=3600, watch=3600)
        running = asyncio.create_task(scheduler.run())
        async with asyncio.timeout(20):
            while True:
                with reading(app.rooms.engine) as conn:
                    found = sources(conn)
                if all(row.last_success_at for row in found):
                    break
                await asyncio.sleep(0.02)
        scheduler.stop()
        await running
        assert len(found) == 7
        with reading(app.rooms.engine) as conn:
            start = datetime.now(UTC) - timedelta(hours=1)
            assert poll_counts(conn, start, datetime.now(UTC)) == {"ok": 7}
