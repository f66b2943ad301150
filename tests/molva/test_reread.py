"""Mentions are read again through the whole of Molva: once each, and an outage buries nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import collect_due
from molva.pipeline.reread import RereadReport, reread_due
from store.engine import reading
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from tests.conformance.kit import NOW, Item
from tests.conformance.kits.mastodon import MastodonKit
from tests.conformance.server import Answer, Request, Server, serving

CONFIG = """\
[[brand]]
id = "zerno"
name = "Zerno"
[[source]]
name = "toots"
type = "mastodon"
instance = "{url}"
tags = ["zerno"]
token_env = "MASTODON_TOKEN"
[http]
allow_private = true
requests_per_second = 1000
retries = 0
"""


@dataclass
class World:
    folder: Path
    server: Server
    now: datetime = NOW
    items: list[Item] = field(default_factory=list)
    down: bool = False
    empty: bool = False
    kit: MastodonKit = field(default_factory=MastodonKit)

    def answer(self, request: Request) -> Answer:
        if self.down:
            return Answer(503, b"<html>down")
        return self.kit.answer(request, [] if self.empty else self.items)

    def restarted(self) -> App:
        path = self.folder / "molva.toml"
        path.write_text(CONFIG.format(url=self.server.url))
        return App.open(load_config(path), lambda: self.now, seed=1)

    async def poll(self) -> None:
        async with self.restarted() as app:
            await collect_due(app.rooms, force=True)

    async def reread(self) -> RereadReport:
        async with self.restarted() as app:
            return await reread_due(app.rooms)

    async def mentions(self) -> list[LabelledMention]:
        async with self.restarted() as app:
            with reading(app.rooms.engine) as conn:
                return list(labelled_mentions(conn, MentionFilter(include_deleted=True)))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("MASTODON_TOKEN", MastodonKit.environment["MASTODON_TOKEN"])
    made: list[World] = []

    def answer(request: Request) -> Answer:
        return made[0].answer(request)

    with serving(answer) as server:
        made.append(World(tmp_path, server))
        made[0].kit.table(server.url, tmp_path)
        yield made[0]


@pytest.fixture
async def grown(world: World) -> World:
    """A dozen posts of a minute ago, polled."""
    world.items = [
        Item(n, f"Zerno is on my mind {n}", NOW - timedelta(minutes=1)) for n in range(12)
    ]
    await world.poll()
    return world


async def test_a_mention_is_read_after_an_hour_and_not_again_by_a_restart(grown: World) -> None:
    assert await grown.reread() == RereadReport()
    grown.now = NOW + timedelta(hours=1)
    assert (await grown.reread()).read == 12
    assert await grown.reread() == RereadReport()
    grown.now = NOW + timedelta(days=1)
    assert (await grown.reread()).read == 12


async def test_edits_become_revisions_and_deletions_tombstones(grown: World) -> None:
    first, _, *rest = grown.items
    grown.items = [replace(first, text="Zerno, on second thought, is too sour"), *rest]
    grown.now = NOW + timedelta(hours=1)
    report = await grown.reread()
    assert (report.changed, report.deleted) == (1, 1)
    by_id = {row.native_id.rpartition("/")[2]: row for row in await grown.mentions()}
    assert by_id["1000"].revision == 2
    assert "too sour" in by_id["1000"].text
    assert (by_id["1001"].text, by_id["1001"].author_id) == ("", "")
    assert by_id["1001"].deleted_at == grown.now


async def test_an_outage_buries_nothing_and_is_waited_out(grown: World) -> None:
    grown.now, grown.down = NOW + timedelta(hours=1), True
    assert await grown.reread() == RereadReport(postponed=12)
    assert await grown.reread() == RereadReport()
    grown.now, grown.down = NOW + timedelta(hours=2), False
    assert (await grown.reread()).read == 12


async def test_all_posts_gone_at_once_is_not_believed(grown: World) -> None:
    grown.now, grown.empty = NOW + timedelta(hours=1), True
    assert await grown.reread() == RereadReport(postponed=12)
    assert not any(row.deleted_at for row in await grown.mentions())
