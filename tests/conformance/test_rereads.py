"""What a collector owes that can read posts again by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from collectors.http import HttpClient
from collectors.interface import CollectorError, Page, Post
from collectors.rereads import Rereads
from tests.conformance.kit import NOW, Item, World
from tests.conformance.server import Answer

PAGE = b"<html><head><title>Error</title></head><body><p>Something went wrong</p></body></html>"


@pytest.fixture
def readable(online: World) -> World:
    collector = online.collector(HttpClient(online.http_settings, lambda: online.now))
    if not isinstance(collector, Rereads):
        pytest.skip(f"{online.kit.type} offers no lookup by id")
    assert collector.can_reread, "give the kit what the lookup needs"
    return online


async def reread(world: World, ids: Sequence[str]) -> Page:
    """All of these ids, in as many lookups as are needed, as one page."""
    posts: list[Post] = []
    deleted: list[str] = []
    skipped = []
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        for start in range(0, len(ids), collector.reread_size):
            page = await collector.reread(ids[start : start + collector.reread_size])
            posts += page.posts
            deleted += page.deleted
            skipped += page.skipped
    return Page({}, tuple(posts), tuple(skipped), tuple(deleted))


def some(count: int) -> list[Item]:
    numbers = range(1, count + 1)
    return [Item(n, f"Post {n} on Zerno coffee", NOW - timedelta(minutes=60 - n)) for n in numbers]


async def test_a_post_read_again_is_the_same_post(readable: World) -> None:
    readable.items = some(7)
    polled = {post.native_id: post for post in (await readable.poll()).posts}
    page = await reread(readable, list(polled))
    assert {post.native_id for post in page.posts} == set(polled)
    assert not page.deleted
    for post in page.posts:
        before = polled[post.native_id]
        for told in ("title", "text", "kind", "published_at", "edited_at", "lang"):
            assert getattr(post, told) == getattr(before, told), told
        assert post.author.id == before.author.id
        # A lookup may tell less of where a post stands, but nothing else.
        for told in ("url", "site", "parent_id", "thread_id"):
            assert getattr(post, told) in {"", getattr(before, told)}, told


async def test_what_is_deleted_is_told_and_what_is_edited_is_new(readable: World) -> None:
    readable.items = some(5)
    ids = {post.text: post.native_id for post in (await readable.poll()).posts}
    first, second, *rest = readable.items
    readable.items = [replace(first, text="Zerno: I changed my mind"), *rest]
    page = await reread(readable, list(ids.values()))
    assert page.deleted == (ids[str(second.text)],)
    texts = {post.native_id: post.text for post in page.posts}
    assert texts[ids[str(first.text)]] == "Zerno: I changed my mind"
    assert len(texts) == 4


@pytest.mark.parametrize("status", [200, 403, 404, 429, 503])
async def test_an_error_is_never_taken_for_a_deletion(readable: World, status: int) -> None:
    readable.items = some(3)
    ids = [post.native_id for post in (await readable.poll()).posts]
    for body in (PAGE, b"", b"{}", b"[]", b"null", b'{"items": {}}'):
        answer = Answer(status, body, {"Content-Type": "text/html"})
        readable.mood = lambda _request, answer=answer: answer
        try:
            page = await reread(readable, ids)
        except CollectorError:
            continue
        assert not page.deleted, body


async def test_more_ids_than_one_lookup_takes_are_read(readable: World) -> None:
    readable.items = some(30)
    ids = [post.native_id for post in (await readable.poll()).posts]
    assert {post.native_id for post in (await reread(readable, ids)).posts} == set(ids)
