"""Threads' peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.interface import FatalError, RetriableError
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.threads import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)


async def test_the_fields_of_a_post_by_the_published_schema(world: World) -> None:
    post = {
        "id": "17900",
        "text": "Зерно закрыли",
        "media_type": "TEXT_POST",
        "permalink": "https://www.threads.net/@anna/post/abc",
        "timestamp": "2026-03-10T10:00:00+0000",
        "username": "anna",
        "has_replies": False,
        "is_quote_post": False,
        "is_reply": True,
    }
    pages = [{"data": [post], "paging": {"cursors": {"after": "x"}}}, {"data": []}]
    world.mood = lambda _request: json_answer(pages.pop(0))
    (found,) = (await world.poll()).posts
    assert (found.native_id, found.kind, found.author.handle) == ("17900", "comment", "anna")
    assert found.published_at == NOW - timedelta(hours=2)
    assert (found.site, found.engagement.likes) == ("threads.net", None)


async def test_a_search_of_ones_own_posts_only_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = [Item(1, "Mine")]
    changed(world, monkeypatch, username="@Anna")
    assert "approved" in (await world.poll()).notes[0]
    changed(world, monkeypatch, username="boris")
    assert (await world.poll()).notes == []


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (400, 190, FatalError, "make a new one"),
        (403, 10, FatalError, "approved"),
        (400, 613, RetriableError, "too often"),
        (500, 2, RetriableError, "later"),
    ],
)
async def test_a_refusal_says_what_to_do(
    world: World, status: int, code: int, kind: type[Exception], words: str
) -> None:
    said = {613: "Calls too often, s3cret-threads-token", 2: "Try later"}.get(code, "No")
    error: dict[str, Any] = {"error": {"message": said, "code": code}}
    world.mood = lambda _request: json_answer(error, status)
    with pytest.raises(kind, match=words) as caught:
        await world.poll()
    assert "s3cret" not in str(caught.value)
