"""What is peculiar to Mastodon."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.interface import FatalError
from tests.collectors.worlds import world_of
from tests.conformance.kit import World
from tests.conformance.kits.mastodon import KIT
from tests.conformance.server import Answer, json_answer

world = world_of(KIT)


def status(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "uri": f"https://kofe.example/s/{number}",
        "content": f"<p>Post {number}</p>",
        "visibility": "public",
        "created_at": "2026-03-10T11:00:00Z",
        "account": {"acct": "anna@kofe.example", "followers_count": 5},
        **changes,
    }


async def polled(world: World, *statuses: dict[str, Any]) -> dict[str, str]:
    world.mood = lambda request: json_answer([] if "max_id" in request.query else list(statuses))
    return (await world.poll()).texts


async def test_mastodon_takes_the_boosted_post_and_every_text_of_it(world: World) -> None:
    inner = status(
        1,
        spoiler_text="Careful",
        media_attachments=[{"description": "A cup of Zerno"}],
        content='<p>Look: <a href="https://zerno.example/m"><span class="invisible">https://</span>'
        "<span>zerno.example/m</span></a></p><p>Next</p>",
    )
    texts = await polled(world, status(2, reblog=inner, content=""))
    assert texts == {
        "https://kofe.example/s/1": "Careful\nLook: https://zerno.example/m\n\nNext\nA cup of Zerno"
    }


async def test_mastodon_leaves_private_posts_and_unwilling_authors_alone(world: World) -> None:
    world.mood = lambda request: json_answer(
        []
        if "max_id" in request.query
        else [
            status(1),
            status(2, visibility="private"),
            status(3, visibility="unlisted"),
            status(4, account={"acct": "b", "noindex": True}),
            status(5, account={"acct": "c", "note": "<p><a href='x'>#<span>nobot</span></a>"}),
        ]
    )
    run = await world.poll()
    assert list(run.texts) == ["https://kofe.example/s/1"]
    assert len(run.skipped) == 4


async def test_mastodon_servers_without_upward_paging_leave_a_gap(world: World) -> None:
    page = [status(n) for n in (3, 2, 1)]
    world.mood = lambda request: json_answer([] if "max_id" in request.query else page)
    first = await world.poll()
    page = [status(n) for n in (90, 80, 70)]
    second = await world.poll(first.cursor)
    assert len(second.texts) == 3
    assert "came twice" in second.notes[0]
    third = await world.poll(second.cursor)
    assert "cannot page upwards" in third.gaps[0].reason
    assert not (await world.poll(third.cursor)).gaps


async def test_mastodon_ids_may_be_letters(world: World) -> None:
    page = [status(1, id="AbC"), status(2, id="aXe")]
    world.mood = lambda request: json_answer([] if "max_id" in request.query else page)
    first = await world.poll()
    page = [status(3, id="zzZ"), *page]
    second = await world.poll(first.cursor)
    assert "Post 3" in second.texts.values()
    assert not second.gaps


async def test_a_tag_nobody_used_is_empty_but_no_mastodon_is_an_error(world: World) -> None:
    world.mood = lambda _request: json_answer({"error": "Record not found"}, 404)
    assert (await world.poll()).posts == []
    world.mood = lambda _request: Answer(404, b"<html>", {"Content-Type": "text/html"})
    with pytest.raises(FatalError, match="no Mastodon API"):
        await world.poll()
