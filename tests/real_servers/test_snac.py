"""The Mastodon source against snac, which speaks Mastodon's API with habits of its own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import Page
from collectors.registry import create, parse_settings
from molva.clock import utc_now
from tests.conformance.kit import FAST
from tests.real_servers.conftest import binary, free_port, running


@dataclass
class Snac:
    program: str
    port: int
    data: Path

    def note(self, text: str) -> None:
        self._do("note", str(self.data), "alice", text)

    async def poll(self, tag: str = "zerno", cursor: Any = None, **table: Any) -> list[Page]:
        settings = {
            "name": "toots", "type": "mastodon", "tags": [tag], "page_size": 5,
            "instance": f"http://127.0.0.1:{self.port}", **table,
        }  # fmt: skip
        async with HttpClient(FAST, utc_now) as http:
            collector = create(parse_settings(settings), http, utc_now)
            return [page async for page in collector.poll(cursor or {})]

    def _do(self, *arguments: str) -> None:
        subprocess.run([self.program, *arguments], check=True, capture_output=True)


@pytest.fixture
def snac(short_folder: Path) -> Iterator[Snac]:
    program, port, data = binary("snac"), free_port(), short_folder / "data"
    answers = f"127.0.0.1\n{port}\nlocalhost:{port}\n\n\n"
    subprocess.run(
        [program, "init", str(data)], input=answers.encode(), check=True, capture_output=True
    )
    config = data / "server.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "protocol": "http"}))
    subprocess.run([program, "adduser", str(data), "alice"], check=True, capture_output=True)
    with running([program, "httpd", str(data)], port, short_folder / "snac.log"):
        yield Snac(program, port, data)


def texts(pages: list[Page]) -> list[str]:
    return [post.text for page in pages for post in page.posts]


async def test_posts_of_a_tag_are_found_once_and_new_ones_by_the_next_poll(snac: Snac) -> None:
    for number in range(1, 4):
        snac.note(f"Кофе {number} в Зерне остыл #zerno")
    snac.note("Nothing to do with it #other")
    first = await snac.poll()
    assert {text.split()[1] for text in texts(first)} == {"1", "2", "3"}
    posts = [post for page in first for post in page.posts]
    assert len({post.native_id for post in posts}) == len(posts) == 3
    assert all(post.native_id.startswith("http") and post.published_at for post in posts)
    assert all(post.author.handle.startswith("alice@") for post in posts)
    snac.note("Кофе 4 горячий #zerno")
    second = await snac.poll(cursor=first[-1].cursor)
    assert any("Кофе 4" in text for text in texts(second))
    known = {post.native_id for post in posts}
    assert len({p.native_id for page in second for p in page.posts} - known) == 1


async def test_a_tag_nobody_used_is_empty_and_no_error(snac: Snac) -> None:
    pages = await snac.poll("nobody")
    assert texts(pages) == []


async def test_more_than_a_page_is_found_whole(snac: Snac) -> None:
    for number in range(12):
        snac.note(f"Post number-{number} #zerno")
    found = {text.split()[1] for text in texts(await snac.poll())}
    assert found == {f"number-{number}" for number in range(12)}
