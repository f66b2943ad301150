"""Mastodon's stream, against a real WebSocket server, and its search. Events and answers follow
the published schema; all text is made up.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from collectors.registry import create, parse_settings
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.mastodon import status_of
from tests.conformance.kits.mastodon_search import KIT as SEARCH
from tests.conformance.kits.mastodon_stream import KIT
from tests.conformance.server import json_answer

world = world_of(KIT)
searched = world_of(SEARCH)


def event(kind: str, payload: Any) -> str:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return json.dumps({"stream": ["hashtag", "zerno"], "event": kind, "payload": text})


async def heard(world: World, monkeypatch: pytest.MonkeyPatch, *events: str) -> tuple[Any, Any]:
    subscriptions = []

    async def streaming(connection: ServerConnection) -> None:
        subscriptions.append(json.loads(await connection.recv()))
        for message in events:
            await connection.send(message)

    async with serve(streaming, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        changed(world, monkeypatch, streaming_url=f"ws://127.0.0.1:{port}")
        return await world.poll(), subscriptions


async def test_what_is_written_edited_and_deleted_is_heard(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.items = [Item(1, "Missed"), Item(2, "To be deleted")]
    edited = {**status_of(Item(1, "Edited")), "edited_at": NOW.isoformat()}
    run, subscriptions = await heard(
        world,
        monkeypatch,
        event("update", status_of(Item(3, "Live"))),
        event("status.update", edited),
        event("delete", "1002"),
        event("delete", "77"),
    )
    assert subscriptions == [{"type": "subscribe", "stream": "hashtag", "tag": "zerno"}]
    assert [post.text for post in run.posts] == ["To be deleted", "Missed", "Live", "Edited"]
    (second,) = (post.native_id for post in run.posts if post.text == "To be deleted")
    assert run.pages[-1].deleted == (second,)


async def test_an_event_that_is_not_understood_loses_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = await heard(
        world,
        monkeypatch,
        "not json",
        event("update", "[]"),
        event("announcement", {}),
        event("update", status_of(Item(3, "Live"))),
    )
    assert [post.text for post in run.posts] == ["Live"]
    assert len(run.skipped) == 2


async def test_what_was_heard_before_is_deleted_in_a_later_poll(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = await heard(world, monkeypatch, event("update", status_of(Item(3, "Live"))))
    world.items = []
    cursor = first.cursor
    poll = world.poll

    async def again(*_: Any) -> Any:
        return await poll(cursor)

    monkeypatch.setattr(world, "poll", again)
    second, _ = await heard(world, monkeypatch, event("delete", "1003"))
    assert second.pages[-1].deleted == ("https://kofe.example/users/anna/statuses/1003",)


def test_all_three_ways_share_the_identity_of_a_post() -> None:
    tables: list[dict[str, Any]] = [
        {"type": "mastodon", "tags": ["a"]},
        {"type": "mastodon_stream", "tags": ["a"], "token_env": "T"},
        {"type": "mastodon_search", "queries": ["zerno"], "token_env": "T"},
    ]
    address = {"name": "m", "instance": "https://kofe.example"}
    scopes = {create(parse_settings({**address, **t}), None, None).scope for t in tables}  # type: ignore[arg-type]
    assert scopes == {"mastodon"}


async def test_a_short_page_of_a_search_is_not_its_end(searched: World) -> None:
    first = [status_of(Item(1, "First"))]
    second = [status_of(Item(2, "Second"))]
    answers = [json_answer({"statuses": found}) for found in (first, second, [])]
    searched.mood = lambda _request: answers.pop(0)
    assert len((await searched.poll()).posts) == 2
    assert [request.query["offset"] for request in asked(searched)] == ["0", "3", "6"]
    assert asked(searched)[0].query["q"] == "zerno after:2026-03-02"
