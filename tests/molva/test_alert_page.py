"""Signed links over real HTTP: looking changes nothing, the button acts once, errors say why."""

from __future__ import annotations

import http.client
import logging
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser

from molva.alert_page import LARGEST, PATH, AlertPages
from molva.cli.receive import alert_pages
from molva.clock import SimulatedClock
from molva.config import load_config
from molva.listener import ReceiverServer
from molva.receiver import Receiver
from reports.alert_actions import unmute
from reports.interface import Lang
from reports.links import LinkAction, make_token
from reports.words import Words
from store.alert_actions import actions_of
from store.alerts import open_alert
from store.brands import sync_brands
from store.engine import open_store, writing
from store.interface import BrandSpec
from tests.molva.conftest import Ran

SECRET = "a long enough secret"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACTIONS: tuple[LinkAction, ...] = ("ack", "mute", "false")


def token(action: LinkAction, alert_id: int, now: datetime = NOW) -> str:
    return make_token(action, alert_id, SECRET, now + HOUR)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store without anything in it, to be copied: migrating one takes longer than a test."""
    path = tmp_path_factory.mktemp("empty") / "molva.db"
    open_store(f"sqlite:///{path}").dispose()
    return path


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "molva.db"))


def new_alert(path: Path, brand: str = "Zerno", subject: str = "Zerno: 9 negative mentions") -> int:
    """Open an alert in a store; its number."""
    engine = open_store(f"sqlite:///{path}")
    with writing(engine) as conn:
        (row,) = sync_brands(conn, [BrandSpec("zerno", brand, "Zerno")], NOW)
        alert = open_alert(
            conn,
            fingerprint="zerno:1",
            brand_id=row.id,
            kind="negative_count",
            severity=7,
            started_at=NOW - HOUR,
            detected_at=NOW - HOUR / 2,
            facts={"brand": brand, "subject": subject, "about_id": ""},
            now=NOW,
        )
    engine.dispose()
    assert alert is not None
    return alert.id


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.body)

    @property
    def title(self) -> str:
        (heading,) = self.tree.css("h1")
        return heading.text()

    @property
    def commands(self) -> list[str]:
        return [code.text() for code in self.tree.css("code")]


@dataclass
class Site:
    """Molva's listener with one alert behind it, and what a browser does."""

    store: Path
    port: int = 0
    alert: int = 0
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(NOW))

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with closing(connection):
            connection.request(method, path, body.encode() if body else None, headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers), answer.read().decode())

    def look(self, link: str) -> Answer:
        return self.ask("GET", f"{PATH}?token={link}")

    def press(self, page: Answer) -> Answer:
        """Send the one form of a page as a browser would."""
        (form,) = page.tree.css("form")
        (button,) = page.tree.css("button")
        assert (form.attributes["method"], button.attributes["type"]) == ("post", "submit")
        fields = {one.attributes["name"]: one.attributes["value"] for one in form.css("input")}
        target = PATH.rpartition("/")[0] + "/" + str(form.attributes["action"])
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", target, urlencode(fields), **{"Content-Type": kind})

    def done(self) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(self.store)) as conn:
            return conn.execute("select action, who from alert_action order by id").fetchall()

    def dump(self) -> list[str]:
        with closing(sqlite3.connect(self.store)) as conn:
            return [line for line in conn.iterdump() if "mention_search" not in line]


@contextmanager
def serve(store: Path, lang: Lang = "en", **alert: str) -> Iterator[Site]:
    site = Site(store, alert=new_alert(store, **alert))
    words = Words(lang, ZoneInfo("Europe/Moscow"))
    pages = AlertPages(f"sqlite:///{store}", SECRET, words, site.clock, patience=0.05)
    with ReceiverServer(Receiver([], site.clock), "127.0.0.1", 0, pages) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        site.port = server.port
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(store: Path) -> Iterator[Site]:
    with serve(store) as made:
        yield made


@pytest.mark.parametrize(
    ("action", "button"),
    [("ack", "I am on it"), ("mute", "Mute for 4 hours"), ("false", "False alarm")],
)
def test_looking_says_what_a_link_would_do_and_changes_nothing(
    site: Site, action: LinkAction, button: str
) -> None:
    before = site.dump()
    page = site.look(token(action, site.alert))
    assert page.status == 200
    assert [one.text() for one in page.tree.css("button")] == [button]
    rows = dict(zip(*([one.text() for one in page.tree.css(tag)] for tag in ("dt", "dd")),
                    strict=True))  # fmt: skip
    assert rows == {
        "Brand": "Zerno",
        "Alert": "Zerno: 9 negative mentions",
        "Opened": "10 Mar, 14:30",
        "State": "open",
    }
    assert "has changed nothing" in page.body
    head = site.ask("HEAD", f"{PATH}?token={token(action, site.alert)}")
    assert (head.status, head.body) == (200, "")
    assert head.headers["Content-Length"] == page.headers["Content-Length"]
    assert site.dump() == before


def test_a_page_keeps_its_address_to_itself_and_asks_for_nothing(site: Site) -> None:
    page = site.look(token("ack", site.alert))
    asked = page.headers["Content-Security-Policy"]
    assert asked.startswith("default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.tree.css("script, link, img, iframe, [src], [href], [onclick]") == []
    (html,) = page.tree.css("html")
    assert html.attributes["lang"] == "en"
    assert "width=device-width" in page.body
    assert "prefers-color-scheme:dark" in page.body


@pytest.mark.parametrize(
    ("action", "done", "again"),
    [
        ("ack", "Acknowledged", "This alert was acknowledged before"),
        ("mute", "Muted", "This link has muted the alert before"),
        ("false", "Marked as a false alarm", "This alert was marked as a false alarm before"),
    ],
)
def test_the_button_acts_once(site: Site, action: LinkAction, done: str, again: str) -> None:
    asked = site.look(token(action, site.alert))
    first = site.press(asked)
    assert (first.status, first.title) == (200, done)
    state = {"ack": "acknowledged 10 Mar, 15:00", "mute": "muted until 10 Mar, 19:00",
             "false": "marked as a false alarm 10 Mar, 15:00"}[action]  # fmt: skip
    assert f"open; {state}" in first.body
    site.clock.advance(timedelta(minutes=5))
    after = site.dump()
    second = site.press(asked)
    assert (second.status, second.title) == (200, again)
    assert "Nothing was changed" in second.body
    spent = site.look(token(action, site.alert))
    assert (spent.title, spent.tree.css("form")) == (again, [])
    assert site.dump() == after
    assert site.done() == [(action, "link")]


def test_a_link_that_has_muted_does_not_mute_again_what_was_unmuted(site: Site) -> None:
    link = token("mute", site.alert)
    site.ask("POST", f"{PATH}?token={link}")
    engine = open_store(f"sqlite:///{site.store}")
    with writing(engine) as conn:
        (row,) = actions_of(conn, site.alert)
        unmute(conn, NOW, "ann", brand_id=row.brand_id, alert_id=site.alert)
    engine.dispose()
    assert site.ask("POST", f"{PATH}?token={link}").title == "This link has muted the alert before"
    assert site.done() == [("mute", "link"), ("unmute", "ann")]
    newer = make_token("mute", site.alert, SECRET, NOW + 2 * HOUR)
    assert site.ask("POST", f"{PATH}?token={newer}").title == "Muted"


def test_an_acknowledgement_after_a_false_mark_says_what_was_done(site: Site) -> None:
    site.ask("POST", f"{PATH}?token={token('false', site.alert)}")
    late = site.ask("POST", f"{PATH}?token={token('ack', site.alert)}")
    assert late.title == "This alert was marked as a false alarm before"
    assert site.done() == [("false", "link")]


def test_many_who_press_at_once_act_once(site: Site) -> None:
    def press(action: LinkAction) -> int:
        return site.ask("POST", f"{PATH}?token={token(action, site.alert)}").status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(press, ACTIONS * 4))
    assert set(statuses) <= {200, 503}  # 503 where it waited longer than this test lets it
    for action in ACTIONS:
        assert press(action) == 200
    assert sorted(site.done()) in (
        [("ack", "link"), ("false", "link"), ("mute", "link")],
        [("false", "link"), ("mute", "link")],
    )


def _expired(alert: int) -> str:
    return make_token("mute", alert, SECRET, NOW)


def _forged(alert: int) -> str:
    return token("ack", alert).replace("ack.", "false.")


def _other_secret(alert: int) -> str:
    return make_token("ack", alert, SECRET + "!", NOW + HOUR)


ALL_COMMANDS = [
    "molva alerts list",
    "molva alerts mentions N",
    "molva alerts ack N",
    "molva alerts mute N --hours 4",
    "molva alerts false N",
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("made", "status", "title", "commands"),
    [
        (_expired, 410, "This link has expired", ["molva alerts mute 1 --hours 4"]),
        (_forged, 403, "This link is not valid", ALL_COMMANDS),
        (_other_secret, 403, "This link is not valid", ALL_COMMANDS),
        (lambda _: token("ack", 99), 404, "There is no alert 99 any more", ["molva alerts list"]),
        (lambda a: token("ack", a)[:-1], 400, "This link is not whole", ALL_COMMANDS),
        (lambda _: "", 400, "This link is not whole", ALL_COMMANDS),
        (lambda _: "%D1%91%FF%00", 400, "This link is not whole", ALL_COMMANDS),
        (lambda _: "http://[", 400, "This link is not whole", ALL_COMMANDS),
        (lambda _: "<script>alert(1)</script>", 400, "This link is not whole", ALL_COMMANDS),
    ],
)
def test_a_link_that_cannot_be_followed_says_why_and_what_to_type(
    site: Site,
    method: str,
    made: Callable[[int], str],
    status: int,
    title: str,
    commands: list[str],
) -> None:
    link = made(site.alert)
    page = site.ask(method, f"{PATH}?token={quote(link, safe='%')}")
    assert (page.status, page.title, page.commands) == (status, title, commands)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.tree.css("form, script") == []
    assert site.done() == []


def test_a_store_that_is_gone_is_not_made_anew(site: Site) -> None:
    site.store.rename(site.store.with_name("elsewhere.db"))
    assert site.look(token("ack", site.alert)).status == 404
    assert not site.store.exists()
    site.store.with_name("elsewhere.db").rename(site.store)
    assert site.look(token("ack", site.alert)).status == 200


def test_markup_in_a_brand_or_a_headline_is_inert(store: Path) -> None:
    brand = "<img src=x onerror=alert(1)>\u202e"
    subject = '"><script>alert(2)</script> {{ 7*7 }} &amp;'
    with serve(store, brand=brand, subject=subject) as site:
        asked = site.look(token("ack", site.alert))
        for page in (asked, site.press(asked)):
            assert page.tree.css("img, script") == []
            shown = [one.text() for one in page.tree.css("dd")]
            assert shown[:2] == [brand, subject]
            assert page.body.count('<bdi dir="auto">') == 4


def test_the_page_speaks_russian(store: Path) -> None:
    with serve(store, lang="ru") as site:
        asked = site.look(token("mute", site.alert))
        assert asked.title == "Молчать об этой тревоге 4 часа?"
        assert asked.tree.css("html")[0].attributes["lang"] == "ru"
        assert [one.text() for one in asked.tree.css("button")] == ["Тихо на 4 часа"]
        assert "10 мар., 14:30" in asked.body
        assert "тишина до 10 мар., 19:00" in site.press(asked).body
        assert site.press(asked).title == "Эта ссылка уже включала тишину"
        assert site.look(_expired(site.alert)).title == "Срок ссылки истёк"


def test_a_locked_store_asks_to_come_later(site: Site) -> None:
    link = token("ack", site.alert)
    with closing(sqlite3.connect(site.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert site.look(link).status == 200
        page = site.ask("POST", f"{PATH}?token={link}")
        assert (page.status, page.commands) == (503, [f"molva alerts ack {site.alert}"])
        assert int(page.headers["Retry-After"]) > 0
        other.execute("rollback")
    assert site.done() == []
    assert site.ask("POST", f"{PATH}?token={link}").title == "Acknowledged"


def test_a_damaged_store_is_no_blank_page(site: Site) -> None:
    for old in site.store.parent.glob("molva.db-*"):
        old.unlink()
    site.store.write_bytes(b"no database at all" * 100)
    page = site.look(token("ack", site.alert))
    assert (page.status, "Nothing was changed" in page.body) == (503, True)


def test_a_form_is_bounded(site: Site) -> None:
    large = site.ask("POST", PATH, "token=" + "a" * LARGEST)
    assert (large.status, large.title) == (413, "This link is not whole")
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as raw:
        raw.sendall(f"POST {PATH} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())
        assert b" 411 " in raw.recv(4096)
    assert site.ask("PUT", PATH).status == 501
    assert site.ask("GET", "/alerts/acts").status == 404
    assert site.ask("GET", "/health").status == 200


def test_the_token_stands_in_no_log_line(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = token("ack", site.alert)
    sign = link.rpartition(".")[2]
    for target in (f"{PATH}?token={link}", f"{PATH}?t%6Fken={link}", f"{PATH}%3Ftoken={link}",
                   f"{PATH}/{link}", f"http://[x?token={link}"):  # fmt: skip
        for method in ("GET", "HEAD", "BREW"):
            with socket.create_connection(("127.0.0.1", site.port), timeout=5) as raw:
                raw.sendall(f"{method} {target} HTTP/1.1\r\n\r\n".encode())
                while raw.recv(4096):
                    pass
    for line in (f"GET {PATH}?token={link} a b c\r\n\r\n", f"GET {PATH}?token={link} HTTP/x\r\n"):
        with socket.create_connection(("127.0.0.1", site.port), timeout=5) as raw:
            raw.sendall(line.encode())
            while raw.recv(4096):
                pass
    site.press(site.look(link))
    with closing(sqlite3.connect(site.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        site.ask("POST", f"{PATH}?token={token('mute', site.alert)}")
    said = [record.getMessage() + str(record.exc_text or "") for record in caplog.records]
    assert any("GET /alerts/act: 200" in line for line in said)
    assert any("a link to ack was followed" in line for line in said)
    assert any("could not be followed: database is locked" in line for line in said)
    assert not any(sign in line or "token=" in line for line in said)


# --- The command

CONFIG = """
store = "sqlite:///molva.db"
[[brand]]
id = "zerno"
name = "Zerno"
[links]
base_url = "https://molva.example/below/"
"""
HOOK = """
[[source]]
name = "our-site"
type = "webhook"
secret_env = "HOOK_SECRET"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG)
    return path


def test_receive_serves_links_without_a_webhook_source(config: Path, store: Path) -> None:
    site = Site(store, alert=new_alert(store))
    environment = {**os.environ, "MOLVA_LINK_SECRET": SECRET, "COLUMNS": "200"}
    command = [sys.executable, "-m", "molva", "receive", "-c", str(config), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            told = process.stderr.readline() + process.stderr.readline()
            assert "https://molva.example/below/alerts/act" in told
            found = re.search(r"listening at http://127\.0\.0\.1:(\d+)/alerts/act", told)
            assert found, told
            site.port = int(found[1])
            asked = site.look(token("ack", site.alert, datetime.now(UTC)))
            assert site.press(asked).title == "Acknowledged"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert site.done() == [("ack", "link")]


def test_links_without_a_secret_stop_receive_that_has_nothing_else(
    config: Path, molva: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MOLVA_LINK_SECRET", raising=False)
    ran = molva("receive", "-c", config)
    assert (ran.status, "MOLVA_LINK_SECRET" in ran.err) == (2, True)


def test_links_without_a_secret_do_not_stop_deliveries(
    config: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("MOLVA_LINK_SECRET", raising=False)
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    config.write_text(CONFIG + HOOK)
    assert alert_pages(load_config(config), alone=False) is None
    assert "links of alerts are not answered" in caplog.text


def test_a_taxonomy_that_cannot_be_read_stops_neither_links_nor_deliveries(
    config: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MOLVA_LINK_SECRET", SECRET)
    config.write_text(f'{config.read_text()}\n[sentiment]\ntaxonomy = "gone.toml"\n')
    assert alert_pages(load_config(config), alone=False) is not None
    assert "gone.toml" in caplog.text


def test_without_links_there_is_no_page(tmp_path: Path) -> None:
    def clock() -> datetime:
        return NOW

    with ReceiverServer(Receiver([], clock), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            site: Any = Site(tmp_path / "molva.db", server.port)
            assert site.look(token("ack", 1)).status == 404
            assert site.ask("POST", f"{PATH}?token={token('ack', 1)}").status == 404
        finally:
            server.shutdown()
            thread.join()
