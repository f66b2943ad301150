"""Jetstream's peculiarities, also against a real WebSocket server. Events follow its published
schema; all text is made up.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from collectors.interface import FatalError, RetriableError
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.jetstream import DID, KIT, time_us
from tests.conformance.server import Request, json_answer, stream_answer

world = world_of(KIT)


def commit(number: int, operation: str = "create", **record: Any) -> dict[str, Any]:
    """An event of the published schema."""
    change = {"operation": operation, "collection": "app.bsky.feed.post", "rkey": f"3k{number}"}
    if record:
        change["record"] = {"$type": "app.bsky.feed.post", **record}
    return {"did": DID, "time_us": time_us(number), "kind": "commit", "commit": change}


BEAT = {"kind": "identity", "did": DID, "time_us": time_us(10**5)}


def streaming(world: World, *events: Any) -> None:
    world.mood = lambda request: stream_answer(request, [json.dumps(event) for event in events])


async def test_the_fields_of_an_event_by_the_published_schema(world: World) -> None:
    reply = {"parent": {"uri": "at://p"}, "root": {"uri": "at://r"}}
    embed = {"images": [{"alt": "A cup of Zerno"}]}
    created = "2026-03-10T10:00:00.123Z"
    record = {"text": "Вкусно", "createdAt": created, "langs": ["ru"]}
    streaming(world, commit(1, **record, reply=reply, embed=embed), BEAT)
    (post,) = (await world.poll()).posts
    assert post.native_id == f"at://{DID}/app.bsky.feed.post/3k1"
    assert post.text == "Вкусно\nA cup of Zerno"
    assert (post.lang, post.parent_id, post.thread_id) == ("ru", "at://p", "at://r")
    assert post.url == f"https://bsky.app/profile/{DID}/post/3k1"


@pytest.mark.parametrize(
    "embed",
    [
        {"record": {"uri": "at://q"}, "media": {"images": [{"alt": "A cup of Zerno"}]}},
        {"video": {}, "alt": "A cup of Zerno"},
        {"record": {"uri": "at://q"}, "media": {"video": {}, "alt": "A cup of Zerno"}},
    ],
)
async def test_descriptions_beside_a_quote_and_of_videos_are_text(
    world: World, embed: dict[str, Any]
) -> None:
    streaming(world, commit(1, text="Look", embed=embed), BEAT)
    assert (await world.poll()).posts[0].text == "Look\nA cup of Zerno"


async def test_only_posts_with_a_word_are_collected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, words=["Зёрно"])
    other, image = commit(2, text="Чай"), commit(3, text="")
    streaming(world, commit(1, text="ЗЕРНО открылось"), other, image, BEAT)
    run = await world.poll()
    assert list(run.texts.values()) == ["ЗЕРНО открылось"]
    assert not run.skipped


async def test_edits_and_deletions_are_heard(world: World) -> None:
    streaming(world, commit(1, "update", text="Edited"), commit(2, "delete"), BEAT)
    run = await world.poll()
    assert run.posts[0].edited_at is not None
    assert run.pages[-1].deleted == (f"at://{DID}/app.bsky.feed.post/3k2",)


async def test_what_the_service_no_longer_keeps_is_a_gap(world: World) -> None:
    world.items = [Item(1, "Post")]
    first = await world.poll()
    streaming(world, commit(600, text="Much later"), BEAT)
    (gap,) = (await world.poll(first.cursor)).gaps
    assert gap.start == NOW - timedelta(hours=1) + timedelta(seconds=1)
    assert gap.end == NOW - timedelta(hours=1) + timedelta(seconds=600)


async def test_a_poll_that_has_caught_up_leaves_the_rest_to_the_next(world: World) -> None:
    streaming(world, commit(1, text="Now"), commit(3700, text="After this poll began"), BEAT)
    first = await world.poll()
    assert (list(first.texts.values()), first.notes) == (["Now"], [])
    world.now += timedelta(minutes=5)
    second = await world.poll(first.cursor)
    assert "After this poll began" in second.texts.values()
    assert int(asked(world)[-1].query["cursor"]) == time_us(1) - 5_000_000


async def test_a_stream_that_breaks_off_keeps_what_it_brought(world: World) -> None:
    streaming(world, commit(1, text="Before the break"))
    run = await world.poll()
    assert (len(run.posts), len(run.notes)) == (1, 1)


async def test_a_stream_that_says_nothing_is_an_error(world: World) -> None:
    streaming(world)
    with pytest.raises(RetriableError, match="said nothing"):
        await world.poll()


async def test_the_next_host_is_asked_if_one_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (host,) = world.table()["hosts"]
    changed(world, monkeypatch, hosts=[f"{host}/broken", host])
    whole = KIT.answer

    def answer(request: Request) -> Any:
        broken = request.path.startswith("/broken")
        return json_answer({}, 503) if broken else whole(request, world.items)

    world.mood, world.items = answer, [Item(1, "Post")]
    assert len((await world.poll()).posts) == 1


async def test_a_private_address_is_not_listened_to(world: World) -> None:
    world.http_settings = world.http_settings.model_copy(update={"allow_private": False})
    with pytest.raises(FatalError, match="private"):
        await world.poll()
    assert asked(world) == []


async def test_without_the_extra_the_reader_is_told_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "websockets.asyncio.client", None)
    with pytest.raises(FatalError, match=r"molva\[streams\]"):
        await world.poll()


async def test_a_real_server_is_left_with_a_good_bye(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = []

    async def network(connection: ServerConnection) -> None:
        for number in range(1, 2001):
            await connection.send(json.dumps(commit(number, text=f"Post {number}")))
        await connection.send(json.dumps(BEAT))
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with serve(network, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        changed(world, monkeypatch, hosts=[f"ws://127.0.0.1:{port}"], page_size=500)
        run = await world.poll()
    assert len(run.texts) == 2000
    assert codes == [1000]
