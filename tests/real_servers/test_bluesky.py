"""Bluesky on its own development network: directory, data server (PDS) and AppView, on loopback.

Once, as root, on Debian 12 or later with Node 20 (360 MB under `$MOLVA_SERVERS`, which is
/opt/molva-servers unless it says otherwise):

    sh tests/real_servers/install.sh --bluesky

Then, as often as you like; the tests start everything, stop it, and leave nothing behind:

    MOLVA_REAL_SERVERS=1 python -m pytest -n 0 tests/real_servers/test_bluesky.py

Proven here is what the account's own server answers, most of it passed on from the AppView:
`searchPosts` and `getPosts`, signing in, and real refusals. The reference AppView searches by
`text LIKE '%…%'` and ignores dates, language and order, so what a search *means* is not proven.

Jetstream comes in no package of npm, PyPI or Debian (all of them hold clients alone) and is not
proven against itself: `bluesky_network/stream.js` tells the network's own firehose in Jetstream's
form. The events are real, the server that tells them is ours.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, Page, Post, RetriableError
from collectors.registry import create, parse_settings
from collectors.rereads import rereader
from molva.clock import utc_now
from store.interface import LabelledMention
from tests.conformance.kit import FAST
from tests.real_servers.bluesky import PASSWORD, Bluesky, bluesky_running
from tests.real_servers.monitor import Monitor

# The network is a dozen programs in one process: a busy machine makes it slow to answer.
PATIENT = FAST.model_copy(update={"read_timeout": 90.0, "total_timeout": 120.0})
HOUR = timedelta(hours=1, minutes=1)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def network() -> Iterator[Bluesky]:
    """One network for all: it takes seconds to start, so every test has words of its own."""
    with bluesky_running() as running:
        for name in ("anna", "boris", "masha"):
            running.join(name)
        yield running
    for url in (running.url, running.appview, running.stream):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", urlsplit(url).port)), f"{url} still answers"


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", PASSWORD)


def search(network: Bluesky, query: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "it", "type": "bluesky", "queries": [query], "base_url": network.url,
        "identifier": "masha.test", "password_env": "BLUESKY_PASSWORD", **more,
    }  # fmt: skip


def searching(network: Bluesky, folder: Path, query: str) -> Monitor:
    """The whole of Molva over one search."""
    return Monitor(
        folder,
        f'type = "bluesky"\nqueries = ["{query}"]\nbase_url = "{network.url}"\npage_size = 5\n'
        'identifier = "masha.test"\npassword_env = "BLUESKY_PASSWORD"',
    )


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


async def reread(table: dict[str, Any], *ids: str) -> Page:
    async with HttpClient(PATIENT, utc_now) as http:
        again = rereader(create(parse_settings(table), http, utc_now))
        assert again is not None
        return await again.reread(ids)


async def rows_of(monitor: Monitor) -> dict[str, LabelledMention]:
    return {row.native_id: row for row in await monitor.mentions()}


async def test_a_search_is_paged_without_gap_or_repeat_and_says_who_wrote(
    network: Bluesky,
) -> None:
    network.record("anna", "app.bsky.actor.profile", displayName="Анна", description="x")
    written = [network.write("anna", f"Капучино {n} в Zerno", langs=["ru"]) for n in range(12)]
    other = network.write("anna", "Nothing to do with it")
    named = "Анна"
    network.until(
        lambda views: len(views) == 13 and views[other]["author"].get("displayName") == named,
        *(*written, other),
    )
    pages = await read(search(network, "Капучино", page_size=5))
    posts = posts_of(pages)
    # The last full page and the one after it: only a page without a cursor is the end.
    assert [len(page.posts) for page in pages[:3]] == [5, 5, 2]
    # The newest first, each once.
    assert [post.native_id for post in posts] == written[::-1]
    post = posts[0]
    assert (post.lang, post.author.handle, post.author.name) == ("ru", "anna.test", named)
    assert post.author.id == network.people["anna"][0]
    assert post.author.created_at is not None
    assert utc_now() - post.author.created_at < timedelta(hours=1)
    # A poll that was killed after its first page goes on there.
    cursor = pages[0].cursor
    rest = await read(search(network, "Капучино", page_size=5), cursor)
    assert [post.native_id for post in posts_of(pages[:1] + rest)] == written[::-1]
    # One whose place the server does not know any more begins its window anew.
    cursor["walks"]["Капучино"]["walk"]["at"] = "no-place-of-this-server"
    anew = await read(search(network, "Капучино", page_size=5), cursor)
    assert [post.native_id for post in posts_of(anew)] == written[::-1]


async def test_descriptions_of_pictures_are_read_also_where_a_post_is_quoted(
    network: Bluesky,
) -> None:
    quoted = network.write("anna", "Zerno, a photo", embed=network.picture("anna", "A flat white"))
    media = network.picture("boris", "Latte art by Zerno")
    both = {
        "$type": "app.bsky.embed.recordWithMedia", "media": media,
        "record": {"$type": "app.bsky.embed.record", "record": network.pointer(quoted)},
    }  # fmt: skip
    quote = network.write("boris", "Zerno, a photo of a photo", embed=both)
    network.shown(quoted, quote)
    posts = posts_of(await read(search(network, "a photo")))
    assert {post.native_id: post.text for post in posts} == {
        quoted: "Zerno, a photo\nA flat white",
        quote: "Zerno, a photo of a photo\nLatte art by Zerno",
    }


async def test_a_token_that_is_refused_is_refreshed_without_signing_in_again(
    network: Bluesky, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.shown(network.write("anna", "Zerno doppio"))
    table = search(network, "doppio")
    async with HttpClient(PATIENT, utc_now) as http:
        collector = create(parse_settings(table), http, utc_now)
        assert len(posts_of([page async for page in collector.poll({})])) == 1
        (session,) = (one for one in http.memory.values() if hasattr(one, "access"))
        session.access = "no-token-of-this-server"
        # To sign in again would fail.
        monkeypatch.setenv("BLUESKY_PASSWORD", "wrong-one")
        assert len(posts_of([page async for page in collector.poll({})])) == 1


async def test_a_second_poll_keeps_only_what_is_new_or_edited(
    network: Bluesky, tmp_path: Path
) -> None:
    written = [network.write("anna", f"Zerno americano {n}") for n in range(7)]
    network.shown(*written)
    monitor = searching(network, tmp_path, "americano")
    assert sorted((await monitor.poll()).stored) == sorted(written)
    again = await monitor.poll()
    assert (again.stored, again.changed) == ([], [])
    late = network.write("anna", "Zerno americano, a late one")
    network.shown(late)
    network.rewrite("anna", written[0], "Zerno americano, and the first was cold")
    network.until(lambda views: "cold" in views[written[0]]["record"]["text"], written[0])
    third = await monitor.poll()
    assert (third.stored, third.changed) == ([late], [written[0]])
    assert len(await monitor.mentions()) == 8


async def test_likes_reposts_quotes_and_replies_are_read_again_as_they_grow(
    network: Bluesky, tmp_path: Path
) -> None:
    uri = network.write("anna", "Zerno macchiato")
    network.shown(uri)
    monitor = searching(network, tmp_path, "macchiato")
    assert (await monitor.poll()).stored == [uri]
    row = (await rows_of(monitor))[uri]
    assert (row.likes, row.shares, row.comments) == (0, 0, 0)
    # Nothing is due as yet.
    assert (await monitor.reread()).read == 0
    at = network.pointer(uri)
    network.record("boris", "app.bsky.feed.like", subject=at)
    network.record("masha", "app.bsky.feed.like", subject=at)
    network.record("boris", "app.bsky.feed.repost", subject=at)
    network.write("boris", "Look", embed={"$type": "app.bsky.embed.record", "record": at})
    network.write("boris", "Same here", reply={"root": at, "parent": at})
    counts = {"likeCount": 2, "repostCount": 1, "quoteCount": 1, "replyCount": 1}
    network.until(lambda views: counts.items() <= views[uri].items(), uri)
    monitor.later = HOUR
    assert (await monitor.reread()).read == 1
    row = (await rows_of(monitor))[uri]
    # A quote is a share as well.
    assert (row.likes, row.shares, row.comments) == (2, 2, 1)
    assert (row.revision, row.deleted_at) == (1, None)


async def test_an_edit_is_a_revision_and_a_deletion_a_tombstone_when_read_again(
    network: Bluesky, tmp_path: Path
) -> None:
    kept, edited, gone = (network.write("anna", f"Zerno espresso {n}") for n in range(3))
    network.shown(kept, edited, gone)
    monitor = searching(network, tmp_path, "espresso")
    assert len((await monitor.poll()).stored) == 3
    network.rewrite("anna", edited, "Zerno espresso, on second thought, was fine")
    network.delete("anna", gone)
    network.until(
        lambda views: (
            gone not in views and views[edited]["record"]["text"].endswith("was fine")
        ),
        kept, edited, gone,
    )  # fmt: skip
    monitor.later = HOUR
    report = await monitor.reread()
    assert (report.read, report.changed, report.deleted) == (3, 1, 1)
    rows = await rows_of(monitor)
    assert (rows[kept].revision, rows[kept].deleted_at) == (1, None)
    assert (rows[edited].revision, rows[edited].text[-8:]) == (2, "was fine")
    assert rows[edited].deleted_at is None
    assert (rows[gone].text, rows[gone].author_handle) == ("", "")
    assert rows[gone].deleted_at is not None


async def test_a_post_whose_author_blocks_the_account_is_not_called_deleted(
    network: Bluesky,
) -> None:
    network.join("carla")
    hidden, gone = (network.write("carla", f"Zerno affogato {n}") for n in range(2))
    seen = network.write("anna", "Zerno affogato 2")
    network.shown(hidden, gone, seen)
    masha, _ = network.people["masha"]
    network.record("carla", "app.bsky.graph.block", subject=masha)
    network.delete("carla", gone)
    # Written last, so the block has been indexed once it is shown.
    network.shown(network.write("carla", "Done"))
    network.until(lambda views: gone not in views, gone)
    page = await reread(search(network, "affogato"), hidden, gone, seen)
    assert [post.native_id for post in page.posts] == [seen]
    assert page.deleted == (gone,)


async def test_an_appview_is_asked_without_an_account_and_a_withdrawn_one_is_gone(
    network: Bluesky,
) -> None:
    network.join("dora")
    withdrawn, seen = (network.write(name, "Zerno cortado") for name in ("dora", "anna"))
    network.shown(withdrawn, seen)
    straight = search(network, "cortado", base_url=network.appview)
    straight |= {"identifier": "", "password_env": ""}
    assert {post.native_id for post in posts_of(await read(straight))} == {withdrawn, seen}
    network.leave("dora")
    network.until(lambda views: withdrawn not in views, withdrawn)
    for table in (straight, search(network, "cortado")):
        page = await reread(table, withdrawn, seen)
        assert [post.native_id for post in page.posts] == [seen]
        assert page.deleted == (withdrawn,)


async def test_the_firehose_in_jetstreams_form_and_the_search_are_one_mention(
    network: Bluesky, tmp_path: Path
) -> None:
    uri, other = network.write("anna", "Zerno ristretto"), network.write("anna", "Zerno lungo")
    network.heard(other)
    assert [post.native_id for post in posts_of(await read(stream(network, "ristretto")))] == [uri]
    network.shown(uri)
    (hit,) = posts_of(await read(search(network, "ristretto")))
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
    rows = await rows_of(monitor)
    assert (rows[uri].revision, rows[uri].text.endswith("was fine")) == (2, True)
    assert (rows[other].text, rows[other].deleted_at is not None) == ("", True)
    assert (await monitor.poll()).stored == []


async def test_refusals_are_told_apart(network: Bluesky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUESKY_PASSWORD", "wrong-one")
    with pytest.raises(FatalError, match=r"signing in as masha\.test failed") as refused:
        await read(search(network, "anything"))
    assert "wrong-one" not in str(refused.value)
    network.join("many")
    statuses = {network.sign_in("many") for _ in range(31)}
    assert statuses == {401, 429}
    with pytest.raises(RetriableError) as throttled:
        await read(search(network, "anything", identifier="many.test"))
    assert throttled.value.throttled
    assert throttled.value.retry_after is not None
    assert timedelta(0) < throttled.value.retry_after <= timedelta(minutes=5)
