"""molva sources test, add, import: tried before it is added, and the file stays whole."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from molva.cli import add_source
from molva.config import load_config
from tests.conformance.server import Answer, Request, Server, serving
from tests.molva.conftest import Ran

Molva = Callable[..., Ran]

CONFIG = """\
# Мои настройки: этот комментарий остаётся.
language = "en"
[[brand]]
id = "acme"
name = "Acme"

[[source]]
name = "news"   # the first
type = "rss"
url = "{url}/feed.xml"

[http]
allow_private = true
requests_per_second = 1000
retries = 0
"""

ITEM = """<item><guid>{0}</guid><title>Acme item {0}</title><description>Words</description>
<pubDate>Tue, 03 Mar 2026 10:00:00 GMT</pubDate></item>"""
FEED = "<rss version='2.0'><channel><title>T</title>{}</channel></rss>"
PAGE = """<html><head><meta name="generator" content="WordPress 6.7">
<link rel="alternate" type="application/rss+xml" title="Town » Feed" href="/feed.xml">
<link rel="alternate" type="application/rss+xml" title="Broken" href="/broken.xml">
<link rel="stylesheet" href="/style.css"></head><body>Hello</body></html>"""


def site(request: Request) -> Answer:
    html, xml = {"Content-Type": "text/html"}, {"Content-Type": "application/rss+xml"}
    if request.path in {"/", "/plain/"}:
        page = PAGE if request.path == "/" else "<html><body>No feed is named here</body></html>"
        if request.query.get("s"):
            return Answer(200, FEED.format(ITEM.format("found")).encode(), xml)
        return Answer(200, page.encode(), html)
    if request.path in {"/feed.xml", "/plain/atom.xml"}:
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299"}
        items = "".join(map(ITEM.format, range(3))) + "<item></item>"
        return Answer(200, FEED.format(items).encode(), {**xml, **limits})
    if request.path == "/html.xml":
        return Answer(200, PAGE.encode(), html)
    return Answer(404, b"", html)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(site) as running:
        yield running


@pytest.fixture
def config(server: Server, tmp_path: Path) -> Path:
    path = tmp_path / "molva.toml"
    path.write_text(CONFIG.format(url=server.url), encoding="utf-8")
    return path


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Somebody sits there and types this."""
    monkeypatch.setattr(add_source, "_can_ask", lambda: True)
    return lambda typed: typed


def test_test_shows_an_item_what_was_skipped_and_the_limits_and_stores_nothing(
    molva: Molva, config: Path
) -> None:
    ran = molva("sources", "test", "news", "-c", config)
    assert ran.status == 0, ran.err
    assert "an item and 2 more" in ran.err
    assert "Acme item 0" in ran.err
    assert "skipped 1: " in ran.err
    assert "299 of 300 requests left" in ran.err
    assert not (config.parent / "molva.db").exists()
    told = json.loads(molva("sources", "test", "news", "-c", config, "--json").out)
    assert (told["ok"], told["items"], told["item"]["title"]) == (True, 3, "Acme item 0")


def test_json_before_a_subcommand_is_refused(molva: Molva, config: Path) -> None:
    ran = molva("sources", "--json", "-c", config, "test", "feed")
    assert ran.status == 2
    assert "--json stands before test" in ran.err


def test_test_of_a_page_that_is_no_feed_fails_and_says_so(molva: Molva, config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("/feed.xml", "/html.xml"))
    ran = molva("sources", "test", "news", "-c", config)
    assert ran.status == 1
    assert "not a feed" in ran.err
    assert molva("sources", "test", "nope", "-c", config).status == 2


def test_add_finds_the_feed_of_a_site_and_keeps_the_file(
    molva: Molva, config: Path, server: Server
) -> None:
    before = config.read_text(encoding="utf-8")
    ran = molva("sources", "add", server.url, "--set", "interval=1h", "-c", config)
    assert ran.status == 0, ran.err
    after = config.read_text(encoding="utf-8")
    assert after.startswith(before)
    [_, added] = load_config(config).sources
    assert added.name == "127.0.0.1 Town » Feed"
    assert added.interval.total_seconds() == 3600
    assert f'url = "{server.url}/feed.xml"' in after.removeprefix(before)
    assert sorted(p.name for p in config.parent.iterdir()) == ["molva.toml"]


def test_add_offers_the_search_feed_of_a_wordpress_site_for_the_brand(
    molva: Molva, config: Path, server: Server
) -> None:
    ran = molva("sources", "add", server.url, "--feed", 2, "-c", config)
    assert ran.status == 0, ran.err
    assert f"{server.url}/?s=Acme&feed=rss2" in config.read_text(encoding="utf-8")


def test_add_looks_where_feeds_usually_are(molva: Molva, config: Path, server: Server) -> None:
    ran = molva("sources", "add", f"{server.url}/plain/", "--name", "plain", "-c", config)
    assert ran.status == 0, ran.err
    assert f"{server.url}/plain/atom.xml" in config.read_text(encoding="utf-8")


def test_add_of_what_cannot_be_read_changes_nothing(
    molva: Molva, config: Path, server: Server
) -> None:
    before = config.read_bytes()
    assert "HTTP 404" in molva("sources", "add", f"{server.url}/gone", "-c", config).err
    assert molva("sources", "add", "nonsense", "-c", config).status == 2
    toots = ("sources", "add", "mastodon", "--set", f"instance={server.url}", "--set", "tags=acme")
    refused = molva(*toots, "-c", config)
    assert refused.status == 2
    assert "--force" in refused.err
    assert config.read_bytes() == before
    assert molva(*toots, "--force", "-c", config).status == 0
    assert load_config(config).sources[1].type == "mastodon"


def test_add_by_a_script_says_what_a_type_needs(molva: Molva, config: Path) -> None:
    ran = molva("sources", "add", "vk", "-c", config)
    assert ran.status == 2
    assert "--set queries=" in ran.err
    assert "--set token_env=" in ran.err
    both = ("--set", "queries=acme", "--set", "token_env=NO_SUCH_TOKEN")
    ran = molva("sources", "add", "vk", *both, "-c", config)
    assert ran.status == 0, ran.err
    assert "not tested: set NO_SUCH_TOKEN" in ran.err
    assert molva("sources", "add", "vk", "--set", "colour=red", "-c", config).status == 2


def test_add_asks_a_person_only_for_what_is_needed(
    molva: Molva, config: Path, answers: Callable[[str], str]
) -> None:
    ran = molva("sources", "add", "vk", "-c", config, stdin=answers('acme, "acme coffee"\n\n'))
    assert ran.status == 0, ran.err
    [_, added] = load_config(config).sources
    assert added.model_dump(include={"queries", "token_env"}) == {
        "queries": ("acme", '"acme coffee"'),
        "token_env": "MOLVA_VK_TOKEN",
    }


def test_a_file_that_would_break_is_left_as_it_is(molva: Molva, tmp_path: Path) -> None:
    path = tmp_path / "molva.toml"
    path.write_text('source = []\n[[brand]]\nid = "acme"\nname = "Acme"\n')
    before = path.read_bytes()
    ran = molva("sources", "add", "vk", "--set", "queries=a b", "--set", "token_env=X", "-c", path)
    assert ran.status == 2
    assert "left as it is" in ran.err
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["molva.toml"]


def test_a_list_of_feeds_is_imported_once(molva: Molva, config: Path, tmp_path: Path) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        "<opml><body><outline text='News' xmlUrl='https://a.example/1'/>"
        "<outline text='news' xmlUrl='https://a.example/2'/></body></opml>"
    )
    ran = molva("sources", "import", opml, "--interval", "30m", "-c", config, "--json")
    assert json.loads(ran.out.splitlines()[-1])["added"] == 2
    assert [source.name for source in load_config(config).sources] == ["news", "News 2", "news 3"]
    again = molva("sources", "import", opml, "-c", config)
    assert "0 feeds added" in again.err
    assert "2 were there already" in again.err
    assert molva("sources", "import", tmp_path / "none.opml", "-c", config).status == 2


def test_line_ends_of_the_file_are_kept(molva: Molva, config: Path) -> None:
    config.write_bytes(config.read_bytes().replace(b"\n", b"\r\n"))
    both = ("--set", "queries=acme", "--set", "token_env=NO_SUCH_TOKEN")
    assert molva("sources", "add", "vk", *both, "-c", config).status == 0
    assert b"\n" not in config.read_bytes().replace(b"\r\n", b"")


def test_nobody_is_asked_where_nobody_sits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert not add_source._can_ask()
