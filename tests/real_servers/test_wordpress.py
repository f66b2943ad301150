"""The search and feed sources against WordPress: paging, edits, comments, validators, discovery."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.feed_discovery import find_feeds
from collectors.http import HttpClient
from collectors.interface import Page, Post
from collectors.registry import create, parse_settings
from molva.clock import utc_now
from tests.conformance.kit import FAST
from tests.real_servers.monitor import Monitor
from tests.real_servers.wordpress import WordPress, wordpress_running


@pytest.fixture(scope="module")
def blog() -> Iterator[WordPress]:
    """One blog for all: it takes seconds to start, so every test writes with words of its own."""
    with wordpress_running() as running:
        yield running


async def read(table: dict[str, Any], cursor: Any = None, *, pages: int = 1000) -> list[Page]:
    """The pages of one poll by a new collector, which is killed after so many."""
    found: list[Page] = []
    async with HttpClient(FAST, utc_now) as http:
        collector = create(parse_settings({"name": "it", **table}), http, utc_now)
        async with aclosing(collector.poll(cursor or {})) as steps:  # type: ignore[type-var]
            async for page in steps:
                found.append(page)
                if len(found) == pages:
                    break
    return found


def search(blog: WordPress, word: str, **more: Any) -> dict[str, Any]:
    return {"type": "wordpress", "site": blog.url, "queries": [word], **more}


def feed(blog: WordPress, name: str) -> dict[str, Any]:
    return {"type": "rss", "url": f"{blog.url}/?feed={name}"}


def posts_of(pages: list[Page]) -> list[Post]:
    return [post for page in pages for post in page.posts]


async def test_a_search_is_paged_back_to_its_oldest_hit_and_repeats_nothing(
    blog: WordPress,
) -> None:
    days = [datetime.now(UTC) - timedelta(days=n) for n in range(2, 12)]
    for number, day in enumerate(days):
        blog.publish(f"Капучино {number}", "<p>Остыл &amp; горчит</p>", date_gmt=f"{day:%FT%T}")
    blog.publish("Чай", "<p>Не о том</p>")
    first = await read(search(blog, "капучино"))
    posts = posts_of(first)
    assert [post.title for post in posts] == [f"Капучино {number}" for number in range(10)]
    assert len(first) > 2
    assert {post.text for post in posts} == {"Остыл & горчит"}
    assert {post.author.name for post in posts} == {"Анна К."}
    assert all(
        abs(post.published_at - day) < timedelta(seconds=1)
        for post, day in zip(posts, days, strict=True)
        if post.published_at
    )
    # A day back from the newest known one: not the whole search again.
    second = await read(search(blog, "капучино"), first[-1].cursor)
    assert len(posts_of(second)) <= 4
    rest = await read(search(blog, "капучино"), first[0].cursor)
    # The page that was the last to be read is read once more: others may have moved up to it.
    again = dict.fromkeys(p.native_id for p in posts_of(first[:1] + rest))
    assert list(again) == [p.native_id for p in posts]
    assert len(posts_of(rest)) == len(posts)


async def test_a_search_that_finds_nothing_is_no_failure(blog: WordPress) -> None:
    assert posts_of(await read(search(blog, "nobody-wrote-this"))) == []


async def test_an_edit_is_a_revision_and_comments_are_counted(
    blog: WordPress, tmp_path: Path
) -> None:
    post = blog.publish("Latte", "<p>Zerno forgot my latte</p>")
    source = f'type = "wordpress"\nsite = "{blog.url}"\nqueries = ["latte"]'
    monitor = Monitor(tmp_path, source)
    assert len((await monitor.poll()).stored) == 1
    blog.edit(post, content="<p>Zerno forgot my latte, then made it anew</p>")
    blog.comment(post, "Same here")
    assert len((await monitor.poll()).changed) == 1
    (mention,) = await monitor.mentions()
    assert (mention.revision, mention.comments) == (2, 1)
    assert mention.text.endswith("then made it anew")
    assert (await monitor.poll()).changed == []


async def test_an_unchanged_feed_costs_a_304_until_somebody_writes(
    blog: WordPress, tmp_path: Path
) -> None:
    first = blog.publish("Espresso", "<p>Zerno pulls it well</p>")
    for kind in ("rss2", "atom"):
        folder = tmp_path / kind
        folder.mkdir()
        monitor = Monitor(folder, f'type = "rss"\nurl = "{blog.url}/?feed={kind}"')
        assert f"{blog.url}/?p={first}" in (await monitor.poll()).stored
        assert (await monitor.poll()).note == "unchanged (304)"
        # WordPress tells time in seconds: within one it would still say 304.
        await asyncio.sleep(1.1)
        second = blog.publish("More", f"<p>Zerno in {kind}</p>")
        assert (await monitor.poll()).stored == [f"{blog.url}/?p={second}"]


async def test_every_comment_is_a_mention_of_its_own(blog: WordPress, tmp_path: Path) -> None:
    post = blog.publish("News", "<p>Zerno opens a shop</p>")
    said = ["Zerno was late again", "Зерно лучшее в городе"]
    ids = [f"{blog.url}/?p={post}#comment-{blog.comment(post, text)}" for text in said]
    monitor = Monitor(tmp_path, f'type = "rss"\nurl = "{blog.url}/?feed=comments-rss2"')
    assert set(ids) <= set((await monitor.poll()).stored)
    mine = [mention for mention in await monitor.mentions() if mention.native_id in ids]
    assert {mention.text.splitlines()[-1] for mention in mine} == set(said)
    assert {mention.cluster_size for mention in mine} == {1}


async def test_the_address_of_the_blog_is_enough(blog: WordPress) -> None:
    async with HttpClient(FAST, utc_now) as http:
        found = await find_feeds(http, blog.url, utc_now(), search="zerno")
    addresses = [each.url for each in found]
    assert f"{blog.url}/?feed=rss2" in addresses
    assert any("s=zerno" in address for address in addresses)
