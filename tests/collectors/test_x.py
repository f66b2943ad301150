"""X's peculiarities. The answers follow its published schema; all text is made up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from collectors.http import HttpClient
from collectors.interface import FatalError, Page
from collectors.rereads import Rereads, rereader
from collectors.spend import SpendCapError
from tests.collectors.worlds import asked, changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.x import KIT, not_found
from tests.conformance.server import json_answer

world = world_of(KIT)


def items(count: int, first: int = 1) -> list[Item]:
    return [
        Item(n, f"Post {n}", NOW - timedelta(minutes=90 - n)) for n in range(first, first + count)
    ]


def answer(*posts: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"data": list(posts), "meta": {"result_count": len(posts)}, **rest}


def post(**changes: Any) -> dict[str, Any]:
    """The fields of the published schema."""
    return {
        "id": "1900000000000000002",
        "edit_history_tweet_ids": ["1900000000000000001", "1900000000000000002"],
        "text": "Cut in the midd…",
        "note_tweet": {"text": "Cut in the middle no more &amp; whole"},
        "author_id": "7",
        "lang": "ru",
        "created_at": "2026-03-10T11:00:00.000Z",
        "conversation_id": "18",
        "referenced_tweets": [{"type": "quoted", "id": "5"}, {"type": "replied_to", "id": "18"}],
        "public_metrics": {
            "like_count": 3,
            "reply_count": 1,
            "retweet_count": 2,
            "quote_count": 4,
            "impression_count": 99,
        },
        **changes,
    }


async def test_the_fields_of_a_post_by_the_published_schema(world: World) -> None:
    user = {"id": "7", "username": "anna", "public_metrics": {"followers_count": 31}}
    world.mood = lambda _request: json_answer(answer(post(), includes={"users": [user]}))
    (found,) = (await world.poll()).posts
    assert found.native_id == "1900000000000000001"
    assert found.text.startswith("Cut in the middle no more")
    assert (found.author.handle, found.author.followers) == ("anna", 31)
    assert (found.parent_id, found.thread_id, found.lang) == ("18", "18", "ru")
    reactions = found.engagement
    assert (reactions.likes, reactions.comments, reactions.shares, reactions.views) == (3, 1, 6, 99)


async def test_what_was_read_is_not_paid_for_again(world: World) -> None:
    world.items = items(5)
    first = await world.poll()
    world.items += items(2, first=6)
    second = await world.poll(first.cursor)
    assert len(second.posts) == 2
    assert asked(world)[-1].query["since_id"] == "1005"


async def test_the_request_that_could_pass_the_cap_is_not_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, price_per_item=0.01, spend_per_day=0.25)
    world.items = items(60)
    pages: list[Page] = []

    async def read() -> None:
        async with HttpClient(world.http_settings, lambda: world.now) as http:
            async for page in world.collector(http).poll({}):
                pages.append(page)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(SpendCapError, match="spend_per_day") as caught:
        await read()
    assert sum(len(page.posts) for page in pages) == 20
    assert len(asked(world)) == 2
    assert caught.value.retry_after == timedelta(hours=12)
    changed(world, monkeypatch, spend_per_day=10)
    rest = await world.poll(pages[-1].cursor)
    found = {p.text for page in pages for p in page.posts} | set(rest.texts.values())
    assert found == {item.text for item in world.items}


async def test_a_refusal_costs_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(world, monkeypatch, price_per_item=0.01, spend_per_day=0.1)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        world.mood = lambda _request: json_answer({}, 401)
        for _ in range(3):
            with pytest.raises(FatalError, match="credentials"):
                [page async for page in world.collector(http).poll({})]
        world.mood, world.items = None, items(3)
        (page,) = [page async for page in world.collector(http).poll({})]
    assert len(page.posts) == 3


async def test_an_empty_answer_has_no_data_at_all(world: World) -> None:
    world.mood = lambda _request: json_answer({"meta": {"result_count": 0}})
    assert (await world.poll()).posts == []


async def test_after_more_than_a_week_away_the_gap_is_told(world: World) -> None:
    world.items = items(3)
    first = await world.poll()
    world.now += timedelta(days=9)
    second = await world.poll(first.cursor)
    assert [gap.start for gap in second.gaps] == [world.items[-1].at]
    assert "since_id" not in asked(world)[-1].query


async def test_a_forgotten_place_begins_the_walk_anew(world: World) -> None:
    world.items = items(25)
    first = await world.poll(pages=1)

    stale = ["1016"]

    def forgetful(request: Any) -> Any:
        if stale and request.query.get("next_token") == stale.pop():
            return json_answer({"title": "Invalid"}, 400)
        return KIT.answer(request, world.items)

    world.mood = forgetful
    second = await world.poll(first.cursor)
    assert {**first.texts, **second.texts}.keys() == {str(1000 + n) for n in range(1, 26)}


async def test_without_credits_the_reader_is_told_to_buy_some(world: World) -> None:
    world.mood = lambda _request: json_answer({"title": "CreditsDepleted"}, 402)
    with pytest.raises(FatalError, match="credits"):
        await world.poll()


async def test_reposts_are_left_out_unless_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.poll()
    changed(world, monkeypatch, reposts=True, authors=True)
    await world.poll()
    without, with_them = asked(world)
    assert without.query["query"] == "(zerno) -is:retweet"
    assert (with_them.query["query"], with_them.query["expansions"]) == ("zerno", "author_id")


async def read_again(world: World, *ids: str) -> Page:
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        return await collector.reread(ids)


async def test_an_edited_post_read_again_is_its_newest_version(world: World) -> None:
    versions = ["1900000000000000001", "1900000000000000002"]
    old = post(id=versions[0], note_tweet=None, text="Before")
    answers = [answer(old), answer(post(note_tweet=None, text="After"))]
    world.mood = lambda _request: json_answer(answers.pop(0))
    page = await read_again(world, versions[0])
    assert [(found.native_id, found.text) for found in page.posts] == [(versions[0], "After")]
    assert [request.query["ids"] for request in asked(world)] == versions


async def test_a_protected_post_goes_like_a_deleted_one(world: World) -> None:
    errors = [
        not_found("1"),
        not_found("2", "not-authorized-for-resource"),
        not_found("3", "service-unavailable"),
    ]
    world.mood = lambda _request: json_answer({"errors": errors})
    page = await read_again(world, "1", "2", "3", "sha256:4")
    assert page.deleted == ("1", "2")
    assert asked(world)[0].query["ids"] == "1,2,3"


async def test_reading_again_stops_at_its_part_of_the_cap(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(
        world, monkeypatch, price_per_item=0.01, spend_per_day=0.35, rereads_per_day=0.05, pages=1
    )
    world.items = items(60)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        collector = world.collector(http)
        assert isinstance(collector, Rereads)
        assert collector.reread_size == 5
        ids = [str(1000 + n) for n in range(1, 6)]
        assert len((await collector.reread(ids)).posts) == 5
        with pytest.raises(SpendCapError):
            await collector.reread(ids[:1])
        # What the refused lookup would have cost is still there for the search.
        for _ in range(3):
            [page async for page in collector.poll({})]
        assert "0.35 of 0.35 today" in await collector.limits_left({})
        with pytest.raises(SpendCapError):
            [page async for page in collector.poll({})]


async def test_without_a_part_for_it_nothing_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(world, monkeypatch, rereads_per_day=0)
    async with HttpClient(world.http_settings, lambda: world.now) as http:
        assert rereader(world.collector(http)) is None
