"""The feed source against nginx: redirects, validators, compression, refusals, limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import CollectorError, FatalError, Page, RetriableError
from collectors.registry import create, parse_settings
from tests.conformance.kit import FAST, NOW
from tests.real_servers.conftest import binary, free_port, running

CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  types {{ application/rss+xml xml; }}
  limit_req_zone $binary_remote_addr zone=one:1m rate=1r/m;
  gzip_types application/rss+xml; gzip_min_length 1;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/www;
    location /plain/ {{ alias {folder}/www/; }}
    location /zipped/ {{ alias {folder}/www/; gzip on; }}
    location /301 {{ return 301 /plain/feed.xml; }}
    location /302 {{ return 302 /plain/feed.xml; }}
    location /308 {{ return 308 /plain/feed.xml; }}
    location /chain {{ return 302 /301; }}
    location /loop {{ return 302 /loop; }}
    location /private {{ return 302 http://10.255.255.1/feed.xml; }}
    location /410 {{ return 410; }}
    location /429 {{ add_header Retry-After 17 always; return 429; }}
    location /limited/ {{ alias {folder}/www/; limit_req zone=one; limit_req_status 429; }}
    location /page {{ default_type text/html; return 200 "<html><p>Sign in</p></html>"; }}
  }}
}}
"""


@dataclass
class Nginx:
    port: int
    folder: Path

    def publish(self, *numbers: int) -> None:
        items = "".join(
            f"<item><guid>g{n}</guid><title>Зерно {n}</title>"
            f"<description>Post {n} {'on coffee ' * 40}</description></item>"
            for n in numbers
        )
        feed = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
        (self.folder / "www" / "feed.xml").write_text(feed, encoding="utf-8")

    async def poll(self, path: str, cursor: Any = None, **http: Any) -> list[Page]:
        table = {"name": "feed", "type": "rss", "url": f"http://127.0.0.1:{self.port}{path}"}
        async with HttpClient(FAST.model_copy(update=http), lambda: NOW) as client:
            collector = create(parse_settings(table), client, lambda: NOW)
            return [page async for page in collector.poll(cursor or {})]

    def statuses(self) -> list[str]:
        lines = (self.folder / "access.log").read_text().splitlines()
        return [line.split('"')[2].split()[0] for line in lines]


@pytest.fixture
def nginx(short_folder: Path) -> Iterator[Nginx]:
    program, port = binary("nginx"), free_port()
    (short_folder / "www").mkdir()
    config = short_folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=short_folder, port=port))
    command = [
        program,
        "-p",
        str(short_folder),
        "-c",
        str(config),
        "-e",
        f"{short_folder}/error.log",
    ]
    with running(command, port, short_folder / "said.log"):
        server = Nginx(port, short_folder)
        server.publish(1, 2)
        yield server


def ids(pages: list[Page]) -> list[str]:
    return [post.native_id for page in pages for post in page.posts]


@pytest.mark.parametrize("path", ["/plain/feed.xml", "/301", "/302", "/308", "/chain"])
async def test_a_feed_is_read_through_redirects_and_then_costs_a_304(
    nginx: Nginx, path: str
) -> None:
    first = await nginx.poll(path)
    assert ids(first) == ["g1", "g2"]
    second = await nginx.poll(path, first[-1].cursor)
    assert (ids(second), second[-1].note) == ([], "unchanged (304)")
    assert nginx.statuses()[-1] == "304"
    nginx.publish(1, 2, 3)
    assert "g3" in ids(await nginx.poll(path, second[-1].cursor))


async def test_a_compressed_feed_has_a_weak_validator_that_still_works(nginx: Nginx) -> None:
    first = await nginx.poll("/zipped/feed.xml")
    assert ids(first) == ["g1", "g2"]
    assert first[-1].cursor["validators"]["etag"].startswith('W/"')
    second = await nginx.poll("/zipped/feed.xml", first[-1].cursor)
    assert second[-1].note == "unchanged (304)"


async def test_what_is_gone_is_fatal(nginx: Nginx) -> None:
    for path in ("/410", "/nothing-here"):
        with pytest.raises(FatalError):
            await nginx.poll(path)


async def test_retry_after_is_passed_on(nginx: Nginx) -> None:
    with pytest.raises(RetriableError) as caught:
        await nginx.poll("/429")
    assert caught.value.retry_after == timedelta(seconds=17)
    assert nginx.statuses() == ["429"]


async def test_a_rate_limit_of_the_server_is_no_loss(nginx: Nginx) -> None:
    first = await nginx.poll("/limited/feed.xml", retries=0)
    nginx.publish(1, 2, 3)
    with pytest.raises(RetriableError):
        await nginx.poll("/limited/feed.xml", first[-1].cursor, retries=0)
    assert "g3" in ids(await nginx.poll("/plain/feed.xml", first[-1].cursor))


async def test_a_loop_of_redirects_ends(nginx: Nginx) -> None:
    with pytest.raises(CollectorError, match="redirect"):
        await nginx.poll("/loop")
    assert len(nginx.statuses()) <= FAST.max_redirects + 2


async def test_a_page_in_place_of_a_feed_is_no_success(nginx: Nginx) -> None:
    with pytest.raises(RetriableError, match="not a feed"):
        await nginx.poll("/page")


async def test_loopback_itself_is_refused_unless_allowed(nginx: Nginx) -> None:
    with pytest.raises(CollectorError):
        await nginx.poll("/plain/feed.xml", allow_private=False)
    assert nginx.statuses() == []
