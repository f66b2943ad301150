"""Posts as bad as they come, through collect, store, label and export: kept sanely or counted."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from molva.app import App
from molva.clock import SimulatedClock
from molva.config import load_config
from molva.pipeline.collect import SourceOutcome, collect_due, import_posts, import_settings
from molva.pipeline.label import label_pending
from reports.export import export
from store.engine import reading
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GOOD = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DATE = "<pubDate>Mon, 02 Mar 2026 09:00:00 +0000</pubDate>"
LONG = "Acme made us wait for hours. " * (5_000_000 // 29)

ITEMS = {
    "no id": f"<item><description>Acme without an id</description>{DATE}</item>",
    "no date": "<item><guid>b</guid><description>Acme without a date</description></item>",
    "html": (
        f"<item><guid>c</guid><description><![CDATA[<p onclick='x()'>Acme <b>in</b> tags</p>"
        f"<script>alert('Acme')</script>]]></description>{DATE}</item>"
    ),
    "null": f"<item><guid>d</guid><description>Acme with\x00 a null</description>{DATE}</item>",
    "long": f"<item><guid>e</guid><description>{LONG}</description>{DATE}</item>",
    "surrogate": (
        f"<item><guid>f</guid><description>Acme, \ud800 half a letter &#xDC00;</description>"
        f"{DATE}</item>"
    ),
    "2099": (
        "<item><guid>g</guid><description>Acme from the future</description>"
        "<pubDate>Tue, 03 Mar 2099 09:00:00 +0000</pubDate></item>"
    ),
    "good": f"<item><guid>h</guid><description>Acme as it should be</description>{DATE}</item>",
    "empty": "<item></item>",
}
ROWS: dict[str, dict[str, Any]] = {
    "no id": {"text": "Acme without an id", "date": GOOD.isoformat()},
    "no date": {"id": "b", "text": "Acme without a date"},
    "html": {
        "id": "c",
        "text": "<p>Acme <b>in</b> tags</p><script>alert('Acme')</script>",
        "date": GOOD.isoformat(),
    },
    "null": {"id": "d", "text": "Acme with\x00 a null", "date": GOOD.isoformat()},
    "long": {"id": "e", "text": LONG, "date": GOOD.isoformat()},
    "surrogate": {"id": "f\udc00", "text": "Acme, \ud800 half a letter", "date": GOOD.isoformat()},
    "2099": {"id": "g", "text": "Acme from the future", "date": "2099-03-03T09:00:00Z"},
    "good": {"id": "h", "text": "Acme as it should be", "date": GOOD.isoformat()},
    "empty": {"id": "i"},
}
CONFIG = """\
[[brand]]
id = "acme"
name = "Acme"

[[source]]
name = "bad-posts"
type = "rss"
url = "{url}/feed"

[[source]]
name = "bad-answer"
type = "rss"
url = "{url}/error"

[[source]]
name = "bad-format"
type = "rss"
url = "{url}/page"

[[source]]
name = "bad-host"
type = "mastodon"
instance = "http://127.0.0.1:9"
tags = ["acme"]

[http]
allow_private = true
requests_per_second = 1000
retries = 0
"""


def feed() -> bytes:
    items = "".join(ITEMS.values())
    text = f'<rss version="2.0"><channel><title>Bad</title>{items}</channel></rss>'
    return text.encode("utf-8", "surrogatepass")


@pytest.fixture
def url() -> Iterator[str]:
    answers = {
        "/feed": (200, feed()),
        "/error": (500, b"sorry"),
        "/page": (200, b"<html><body>No feed here</body></html>"),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[self.path]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def app(url: str, tmp_path: Path) -> App:
    config = tmp_path / "molva.toml"
    config.write_text(CONFIG.format(url=url))
    return App.open(load_config(config), SimulatedClock(NOW))


def mentions(app: App) -> dict[str, LabelledMention]:
    with reading(app.rooms.engine) as conn:
        return {m.text[:20]: m for m in labelled_mentions(conn, MentionFilter())}


def check_kept(kept: dict[str, LabelledMention]) -> None:
    assert set(kept) == {
        *("Acme without an id", "Acme without a date", "Acme in tags", "Acme with a null"),
        *("Acme made us wait fo", "Acme, \ufffd half a lette", "Acme from the future"),
        "Acme as it should be",
    }
    for start, mention in kept.items():
        dated = start not in {"Acme without a date", "Acme from the future"}
        assert mention.published_at == (GOOD if dated else NOW), start
        assert mention.native_id
    long = kept["Acme made us wait fo"].text
    assert 99_000 < len(long) <= 100_000
    assert long.endswith("[…]")


def check_counted(outcome: SourceOutcome) -> None:
    assert (outcome.error, outcome.fetched, len(outcome.stored)) == ("", 9, 8)
    ((_, reason),) = outcome.skipped
    assert "no" in reason
    assert (outcome.unmatched, outcome.known) == (0, 0)


async def test_a_feed_of_bad_posts_is_kept_and_other_sources_fail_alone(app: App):
    async with app:
        outcomes = {outcome.name: outcome for outcome in await collect_due(app.rooms)}
        check_counted(outcomes.pop("bad-posts"))
        assert {name for name, outcome in outcomes.items() if outcome.error} == set(outcomes)
        assert "500" in outcomes["bad-answer"].error
        assert "not a feed" in outcomes["bad-format"].error
        check_kept(mentions(app))
        again = {outcome.name: outcome for outcome in await collect_due(app.rooms, force=True)}
        assert (again["bad-posts"].stored, again["bad-posts"].changed) == ([], [])


async def test_a_file_of_bad_rows_is_imported_labelled_and_exported(app: App, tmp_path: Path):
    file = tmp_path / "bad.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS.values()))
    async with app:
        check_counted(await import_posts(app.rooms, import_settings(file)))
        check_kept(mentions(app))
        assert label_pending(app.rooms).labels == 8
        assert all(m.sentiment != "unlabelled" for m in mentions(app).values())
        check_exported(app, tmp_path)


async def test_rows_that_are_no_posts_are_counted_with_their_number(app: App, tmp_path: Path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"text": "Acme, row one"}\nnot json\n[1, 2]\n{"text": "Acme, row four"}\n')
    async with app:
        outcome = await import_posts(app.rooms, import_settings(file))
        assert len(outcome.stored) == 2
        assert [name for name, _ in outcome.skipped] == ["row 2", "row 3"]
        assert all(reason for _, reason in outcome.skipped)


def check_exported(app: App, folder: Path) -> None:
    engine = app.rooms.engine
    export(engine, folder / "all.jsonl", "jsonl", MentionFilter(), now=NOW)
    export(engine, folder / "all.csv", "csv", MentionFilter(), now=NOW)
    export(engine, folder / "all.parquet", "parquet", MentionFilter(), now=NOW)
    texts = sorted(
        json.loads(line)["text"] for line in (folder / "all.jsonl").read_text().splitlines()
    )
    assert texts == sorted(m.text for m in mentions(app).values())
    table = pyarrow.parquet.read_table(folder / "all.parquet")
    assert sorted(table.column("text").to_pylist()) == texts
    assert "\x00" not in (folder / "all.csv").read_text(encoding="utf-8")
