"""A browser opens the digest of hostile posts: no script runs, nothing is asked of any server."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reports.digest_facts import DigestFacts
from reports.render import digest_message
from tests.reports.test_digest_outputs import PERIOD, facts_of
from tests.reports.world import new_world

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
RUN = "document.title='ran';fetch('/asked-by-script')"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on PATH to open the page in")


class Asked(SimpleHTTPRequestHandler):
    """Serves a folder and remembers what was asked of it."""

    def __init__(self, asked: list[str], *args: Any, **kwargs: Any) -> None:
        self.asked = asked
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Says nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Asked, asked, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def opened(address: str, profile: Path) -> str:
    """The page as the browser has it when it has settled, every host but loopback unreachable."""
    assert BROWSER is not None
    flags = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
        *("--disable-sync", "--no-proxy-server", f"--user-data-dir={profile}"),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        *("--virtual-time-budget=2000", "--dump-dom"),
    )
    done = subprocess.run(
        [BROWSER, *flags, address], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout


def hostile_facts(folder: Path, server: str) -> DigestFacts:
    """A post that would run, load and send, had its markup any force."""
    said = (
        f'<script>{RUN}</script> Zerno "><img src={server}/asked-by-image onerror="{RUN}"> '
        f'<link rel=stylesheet href={server}/asked-by-style> <svg onload="{RUN}"> '
        f"<iframe src={server}/asked-by-frame></iframe> </title><base href={server}/>"
    )
    world = new_world(folder / "molva.db")
    world.post(
        said,
        PERIOD.start + timedelta(hours=3),
        "negative",
        (("late", said),),
        author_name=f"<script>{RUN}</script>",
        site=f"<img src={server}/asked-by-site>",
        url=f"javascript:{RUN}",
    )
    world.save(PERIOD.end)
    facts = facts_of(world, accounts=("zernohelp",))
    world.engine.dispose()
    return facts


def test_the_browser_would_run_and_ask_if_it_could(tmp_path: Path) -> None:
    """The proof that the test below can fail."""
    with serving(tmp_path) as (server, asked):
        (tmp_path / "bare.html").write_text(
            f"<!doctype html><title>before</title><img src={server}/asked-by-image>"
            f"<script>{RUN}</script>"
        )
        assert "<title>ran</title>" in opened(f"{server}/bare.html", tmp_path / "profile")
    assert {"/asked-by-script", "/asked-by-image"} <= set(asked)


def test_a_browser_runs_nothing_and_asks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    with serving(folder) as (server, asked):
        facts = hostile_facts(tmp_path, server)
        assert facts.posts
        message = digest_message(facts)
        for name, html in (("page", message.html), ("mail", message.mail)):
            (folder / f"{name}.html").write_text(html, encoding="utf-8")
            shown = opened(f"{server}/{name}.html", tmp_path / "profile")
            assert "&lt;script&gt;document.title" in shown
            assert "<title>ran</title>" not in shown
    assert set(asked) - {"/favicon.ico"} == {"/page.html", "/mail.html"}
