"""The search and the stream against Bluesky's own development network.

Its reference AppView searches by `text LIKE '%…%'` and ignores dates, language and order: what a
search means is not proven here. The stream is the network's firehose in Jetstream's form, made by
`bluesky_network/stream.js`, for Jetstream itself comes in no package.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, Page, Post, RetriableError
from collectors.registry import create, parse_settings
from molva.clock import utc_now
from tests.conformance.kit import FAST
from tests.real_servers.bluesky import PASSWORD, Bluesky, bluesky_running
from tests.real_servers.monitor import Monitor

# The network is a dozen programs in one process: a busy machine makes it slow to answer.
PATIENT = FAST.model_copy(update={"read_timeout": 90.0, "total_timeout": 120.0})
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def network() -> Iterator[Bluesky]:
    """One network for all: it takes seconds to start, so every test has words of its own."""
    with bluesky_running() as running:
        running.join("anna")
        running.join("boris")
        yield running


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", PASSWORD)


def search(network: Bluesky, query: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "it", "type": "bluesky", "queries": [query], "base_url": network.url,
        "identifier": "boris.test", "password_env": "BLUESKY_PASSWORD", **more,
    }  # fmt: skip


def stream(network: Bluesky, word: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "it", "type": "jetstream", "hosts": [network.stream], "words": [word],
        "listen": timedelta(seconds=2), **more,
    }  # fmt: skip


async def read(table: dict[str, Any], cursor: Any = None) -> list[Page]:
    async with HttpClient(PATIENT, utc_now) as http:
        collector = create(parse_settings(table), http, utc_now)
        return [page async for page in collector.poll(cursor or {})]


def posts_of(pages: list[Page]) -> list[Post]:
    return [post for page in pages for post in page.posts]


async def found(table: dict[str, Any], number: int) -> list[Page]:
    """The first poll that sees so many posts: the network indexes what is written a bit later."""
    for _ in range(120):
        pages = await read(table)
        if len(posts_of(pages)) >= number:
            return pages
        await asyncio.sleep(0.5)
    raise AssertionError(f"the search did not find {number} posts in a minute")


async def test_a_search_is_paged_without_gap_or_repeat_and_says_who_wrote(
    network: Bluesky,
) -> None:
    network.record("anna", "app.bsky.actor.profile", displayName="Анна", description="x")
    written = [network.write("anna", f"Капучино {n} в Zerno", langs=["ru"]) for n in range(12)]
    network.write("anna", "Nothing to do with it")
    pages = await found(search(network, "Капучино", page_size=5), 12)
    posts = posts_of(pages)
    assert len(pages) > 2
    assert sorted(post.native_id for post in posts) == sorted(written)
    post = posts[0]
    assert (post.lang, post.author.handle, post.author.id) == (
        "ru",
        "anna.test",
        network.people["anna"][0],
    )
    assert post.author.name == "Анна"
    assert post.author.created_at is not None
    assert utc_now() - post.author.created_at < timedelta(hours=1)
    # What was found comes again inside the overlap, and nothing but it.
    again = posts_of(await read(search(network, "Капучино"), pages[-1].cursor))
    assert {post.native_id for post in again} <= set(written)
    rest = await read(search(network, "Капучино", page_size=5), pages[0].cursor)
    assert {p.native_id for p in posts_of(pages[:1] + rest)} == set(written)


async def test_likes_and_replies_grow_and_a_deletion_is_a_tombstone(
    network: Bluesky, tmp_path: Path
) -> None:
    kept, gone = (network.write("anna", f"Zerno macchiato {which}") for which in ("kept", "gone"))
    await found(search(network, "macchiato"), 2)
    source = (
        f'type = "bluesky"\nqueries = ["macchiato"]\nbase_url = "{network.url}"\n'
        'identifier = "boris.test"\npassword_env = "BLUESKY_PASSWORD"'
    )
    monitor = Monitor(tmp_path, source)
    assert len((await monitor.poll()).stored) == 2
    (post,) = posts_of(await read(search(network, "macchiato kept")))
    assert post.engagement.likes == 0
    view = await _view(network, kept)
    network.record("boris", "app.bsky.feed.like", subject=view)
    network.write("boris", "Same here", reply={"root": view, "parent": view})
    network.delete("anna", gone)
    monitor.later = timedelta(hours=1, minutes=1)
    # The network counts a little after it was told.
    for _ in range(60):
        await monitor.reread()
        rows = {row.native_id: row for row in await monitor.mentions()}
        if rows[kept].likes and rows[kept].comments and rows[gone].deleted_at:
            break
        monitor.later += timedelta(days=1)
    assert (rows[kept].likes, rows[kept].comments, rows[kept].deleted_at) == (1, 1, None)
    assert (rows[gone].text, rows[gone].author_handle) == ("", "")


async def _view(network: Bluesky, uri: str) -> dict[str, str]:
    """A reference to a post, as likes and replies hold one."""
    (post,) = network.views(uri)
    return {"uri": uri, "cid": post["cid"]}


async def test_the_stream_and_the_search_are_one_mention_with_its_edit_and_deletion(
    network: Bluesky, tmp_path: Path
) -> None:
    uri, other = network.write("anna", "Zerno ristretto"), network.write("anna", "Zerno lungo")
    network.heard(other)
    assert [post.native_id for post in posts_of(await read(stream(network, "ristretto")))] == [uri]
    (hit,) = posts_of(await found(search(network, "ristretto"), 1))
    assert hit.native_id == uri
    source = (
        f'type = "jetstream"\nhosts = ["{network.stream}"]\nwords = ["ristretto", "lungo"]\n'
        'listen = "2s"'
    )
    monitor = Monitor(tmp_path, source)
    assert sorted((await monitor.poll()).stored) == sorted([uri, other])
    network.rewrite("anna", uri, "Zerno ristretto, on second thought, was fine")
    network.delete("anna", other)
    network.heard(other, "delete")
    assert (await monitor.poll()).changed == [uri]
    rows = {row.native_id: row for row in await monitor.mentions()}
    assert (rows[uri].revision, rows[uri].text.endswith("was fine")) == (2, True)
    assert (rows[other].text, rows[other].deleted_at is not None) == ("", True)
    assert (await monitor.poll()).stored == []


async def test_refusals_are_told_apart(network: Bluesky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", "wrong-one")
    with pytest.raises(FatalError, match=r"signing in as boris\.test failed") as refused:
        await read(search(network, "anything"))
    assert "wrong-one" not in str(refused.value)
    network.join("many")
    while network.sign_in("many") != 429:
        pass
    with pytest.raises(RetriableError) as throttled:
        await read(search(network, "anything", identifier="many.test"))
    assert throttled.value.throttled
    assert throttled.value.retry_after is not None
    assert timedelta(0) < throttled.value.retry_after <= timedelta(minutes=5)
