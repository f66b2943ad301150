"""Polls side by side: who waits for a slow host makes room for the others, and for the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from molva import polls as polls_module
from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import collect_due
from molva.polls import Polls
from store.engine import reading
from store.sources import due_sources, poll_counts, sources
from tests.conformance.kit import Item
from tests.conformance.kits.wordpress import WordPressKit
from tests.conformance.server import Answer, Request, serving

FEED = b"""<rss version="2.0"><channel><title>t</title>
<item><guid>%d</guid><title>Nothing of note</title></item></channel></rss>"""
HTTP = '[[brand]]\nid = "acme"\nname = "Acme"\n[http]\nallow_private = true\nretry_wait = 0.01\n'


def written(folder: Path, hosts: dict[str, int], port: int, http: str = "") -> Path:
    """A configuration of so many feeds at each host."""
    tables = [HTTP + http]
    for host, number in hosts.items():
        tables += [
            f'[[source]]\nname = "{host}-{n}"\ntype = "rss"\nurl = "http://{host}:{port}/{n}"\n'
            for n in range(number)
        ]
    path = folder / "molva.toml"
    path.write_text("".join(tables))
    return path


@asynccontextmanager
async def polling(path: Path) -> AsyncIterator[App]:
    async with App.open(load_config(path)) as app:
        polls = Polls(app.rooms)
        polls.start_due()
        yield app
        async with asyncio.timeout(60):
            await polls.finish()


async def polled(app: App, names: set[str]) -> None:
    async with asyncio.timeout(60):
        while True:
            with reading(app.rooms.engine) as conn:
                done = {row.name for row in sources(conn) if row.last_success_at}
            if names <= done:
                return
            await asyncio.sleep(0.02)


def feed_of(request: Request) -> Answer:
    return Answer(200, FEED % int(request.path.strip("/")), {"Content-Type": "text/xml"})


async def test_a_host_that_is_asked_seldom_holds_up_its_own_sources_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(polls_module, "MOST_AT_WORK", 2)
    seldom = "host_rates = { localhost = 0.01 }\n"
    with serving(feed_of) as server:
        # The slow host's sources are due first, and more than there is room for.
        path = written(tmp_path, {"localhost": 6, "127.0.0.1": 6}, server.port, seldom)
        async with polling(path) as app:
            await polled(app, {f"127.0.0.1-{n}" for n in range(6)} | {"localhost-0"})
        # The end did not wait for it either: those sources are due when Molva starts again.
        async with App.open(load_config(path)) as app:
            with reading(app.rooms.engine) as conn:
                due = {row.name for row in due_sources(conn, app.rooms.clock(), 100)}
                hour_ago = datetime.now(UTC) - timedelta(hours=1)
                counts = poll_counts(conn, hour_ago, datetime.now(UTC))
    assert due == {f"localhost-{n}" for n in range(1, 6)}
    assert counts == {"ok": 7, "crashed": 5}


async def test_a_silence_asked_for_is_kept_after_a_restart(tmp_path: Path) -> None:
    def refusing(request: Request) -> Answer:
        return Answer(429, b"", {"Retry-After": "3600"})

    with serving(refusing) as server:
        path = written(tmp_path, {"localhost": 1}, server.port)
        async with polling(path):
            pass
        assert len(server.requests) == 1
        # A source of the same host that was not refused itself: nothing else holds it back.
        path = written(tmp_path, {"localhost": 2, "127.0.0.1": 1}, server.port)
        async with polling(path) as app:
            pass
        with reading(app.rooms.engine) as conn:
            (found,) = [row for row in sources(conn) if row.name == "localhost-1"]
    assert [request.headers["host"].split(":")[0] for request in server.requests] == [
        "localhost",
        "127.0.0.1",
    ]
    assert found.last_error == "localhost asked for silence"
    assert found.next_poll_at > datetime.now(UTC) + timedelta(minutes=55)


async def test_a_host_that_asks_for_patience_holds_up_its_own_sources_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(polls_module, "MOST_AT_WORK", 1)

    def respond(request: Request) -> Answer:
        if request.headers["host"].startswith("localhost"):
            return Answer(429, b"", {"Retry-After": "9"})
        return feed_of(request)

    with serving(respond) as server:
        path = written(tmp_path, {"localhost": 3, "127.0.0.1": 3}, server.port)
        async with polling(path) as app:
            await polled(app, {f"127.0.0.1-{n}" for n in range(3)})
            assert len([r for r in server.requests if "localhost" in r.headers["host"]]) <= 3


async def test_a_burst_that_a_poll_did_not_read_to_its_end_is_gone_on_with_soon(tmp_path: Path):
    kit, now = WordPressKit(), datetime.now(UTC)
    items = [Item(n, f"Acme again, {n}", now - timedelta(minutes=n)) for n in range(30)]
    site = '[[source]]\nname = "blog"\ntype = "wordpress"\nqueries = ["zerno"]\n'
    site += 'pages = 2\ninterval = "1h"\n'
    waits, stored, goes_on = [], 0, True
    with serving(lambda request: kit.answer(request, items)) as server:
        path = written(tmp_path, {}, server.port)
        path.write_text(path.read_text() + site + f'site = "{server.url}"\n')
        async with App.open(load_config(path)) as app:
            while goes_on:
                (outcome,) = await collect_due(app.rooms, force=True)
                stored, goes_on = stored + len(outcome.stored), outcome.goes_on
                with reading(app.rooms.engine) as conn:
                    (found,) = sources(conn)
                waits.append(found.next_poll_at - datetime.now(UTC))
    assert stored == len(items)
    assert len(waits) >= 4
    assert max(waits[:-1]) < timedelta(minutes=14)
    assert min(waits[-1:]) > timedelta(minutes=59)
