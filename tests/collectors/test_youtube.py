"""What is peculiar to YouTube; the answers follow the published schema of the Data API v3."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from collectors.day_quota import DayQuota
from collectors.interface import FatalError, RetriableError
from collectors.registry import parse_settings
from collectors.turns import Turns
from tests.collectors.worlds import world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.youtube import KIT, SHOWN, TALKED_OF, refusal
from tests.conformance.server import Answer, Request, json_answer

PACIFIC = ZoneInfo("America/Los_Angeles")
MIDNIGHT = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
"""When the quota's day begins: in summer time already, unlike Europe."""


world = world_of(KIT)


@pytest.fixture
def settings(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The world's `[[source]]` table, open to changes."""
    table = world.table()
    monkeypatch.setattr(world, "table", lambda: table)
    return table


def videos(*numbers: int) -> list[Item]:
    return [Item(n, f"Video {n}", NOW - timedelta(minutes=60 - n)) for n in numbers]


def asked(world: World) -> Counter[str]:
    """How often each method was asked since the last look."""
    assert world.server is not None
    methods = Counter(request.path.rsplit("/", 1)[-1] for request in world.server.requests)
    world.server.requests.clear()
    return methods


def hit(native_id: str = "abcdefghijk") -> dict[str, Any]:
    snippet = {
        "publishedAt": "2026-03-10T11:00:00Z",
        "title": "Zerno &amp; the bean",
        "description": "The beginning of …",
    }
    return {"id": {"kind": "youtube#video", "videoId": native_id}, "snippet": snippet}


def video(native_id: str = "abcdefghijk", **statistics: str) -> dict[str, Any]:
    snippet = {
        "publishedAt": "2026-03-10T11:00:00Z",
        "title": "Zerno & the bean",
        "description": "The beginning of the whole description",
        "channelId": "UCzerno",
        "channelTitle": "Zerno TV",
        "defaultAudioLanguage": "ru-RU",
    }
    return {"id": native_id, "snippet": snippet, "statistics": statistics}


def comment(native_id: str, **changes: Any) -> dict[str, Any]:
    snippet = {
        "textDisplay": "Nice &lt;cup&gt;",
        "textOriginal": "Nice <cup>",
        "authorDisplayName": "@anna",
        "authorChannelId": {"value": "UCanna"},
        "likeCount": 3,
        "publishedAt": "2026-03-10T11:30:00Z",
        "updatedAt": "2026-03-10T11:30:00Z",
    }
    return {"id": native_id, "snippet": {**snippet, **changes}}


def thread(native_id: str, *replies: dict[str, Any], **changes: Any) -> dict[str, Any]:
    snippet = {"topLevelComment": comment(native_id, **changes), "totalReplyCount": len(replies)}
    return {"id": native_id, "snippet": snippet, "replies": {"comments": list(replies)}}


def serve(world: World, **answers: Any) -> None:
    """Answer each method with these items, or with a whole `Answer`."""

    def respond(request: Request) -> Answer:
        given = answers.get(request.path.rsplit("/", 1)[-1], [])
        return given if isinstance(given, Answer) else json_answer({"items": given})

    world.mood = respond


# --- Videos and comments


async def test_a_video_has_its_whole_description_and_counts(world: World) -> None:
    whole = video(viewCount="900", commentCount="0")
    serve(world, search=[hit()], videos=[whole])
    (post,) = (await world.poll()).posts
    assert (post.kind, post.native_id, post.lang) == ("video", "abcdefghijk", "ru")
    assert (post.title, post.text) == (
        "Zerno & the bean",
        "The beginning of the whole description",
    )
    assert post.url == "https://www.youtube.com/watch?v=abcdefghijk"
    assert (post.author.id, post.author.name) == ("UCzerno", "Zerno TV")
    # Hidden likes are unknown, no comments are a known zero.
    reactions = post.engagement
    assert (reactions.views, reactions.likes, reactions.comments) == (900, None, 0)


async def test_a_video_the_search_still_finds_but_is_gone_is_counted(world: World) -> None:
    serve(world, search=[hit()], videos=[])
    run = await world.poll()
    assert not run.posts
    assert [(item.native_id, item.reason) for item in run.skipped] == [
        ("abcdefghijk", "the video is gone or private")
    ]


@pytest.mark.parametrize("junk", [7, "text", [], {"id": None}, {"id": {"kind": "youtube#channel"}}])
async def test_a_malformed_hit_or_video_does_not_lose_the_page(world: World, junk: object) -> None:
    serve(
        world,
        search=[junk, hit(), hit("brokenvideo")],
        videos=[junk, video(), {"id": "brokenvideo"}],
    )
    run = await world.poll()
    assert set(run.texts) == {"abcdefghijk"}
    assert len(run.skipped) == 2


async def test_comments_and_replies_know_their_thread(world: World) -> None:
    edited = {"parentId": "Ugx1", "updatedAt": "2026-03-10T11:40:00Z"}
    serve(world, commentThreads=[thread("Ugx1", comment("Ugx1.a", **edited))])
    top, reply = (await world.poll()).posts
    assert (top.kind, top.text, top.author.handle) == ("comment", "Nice <cup>", "@anna")
    assert top.url == f"https://www.youtube.com/watch?v={TALKED_OF}&lc=Ugx1"
    assert (top.parent_id, top.thread_id) == (TALKED_OF, TALKED_OF)
    assert (reply.parent_id, reply.thread_id) == ("Ugx1", TALKED_OF)
    assert (top.engagement.likes, top.engagement.comments) == (3, 1)
    assert (top.edited_at, reply.edited_at) == (None, NOW - timedelta(minutes=20))


async def test_comments_of_a_video_found_are_read_until_it_is_old(
    world: World, settings: dict[str, Any]
) -> None:
    settings |= {"videos": [], "comments_for": "3d"}
    serve(
        world,
        search=[hit()],
        videos=[video(commentCount="1")],
        commentThreads=[thread("Ugx1")],
    )
    first = await world.poll()
    second = await world.poll(first.cursor)
    assert "Ugx1" in second.texts
    world.now += timedelta(days=4)
    serve(world)
    asked(world)
    await world.poll(second.cursor)
    assert asked(world)["commentThreads"] == 0


async def test_videos_that_take_no_comments_cost_no_unit(
    world: World, settings: dict[str, Any]
) -> None:
    settings["videos"] = []
    # A video with its comments switched off does not tell their number.
    serve(world, search=[hit()], videos=[video(viewCount="1")])
    first = await world.poll()
    await world.poll(first.cursor)
    assert asked(world)["commentThreads"] == 0


async def test_comments_switched_off_are_quietly_none(world: World) -> None:
    serve(world, commentThreads=refusal(403, "commentsDisabled"))
    run = await world.poll()
    assert not run.posts
    assert not any(page.deleted for page in run.pages)


async def test_a_deleted_video_is_reported_and_forgotten(
    world: World, settings: dict[str, Any]
) -> None:
    settings["videos"] = []
    serve(world, search=[hit()], videos=[video(commentCount="1")])
    first = await world.poll()
    serve(world, commentThreads=refusal(404, "videoNotFound"))
    second = await world.poll(first.cursor)
    assert [page.deleted for page in second.pages if page.deleted] == [("abcdefghijk",)]
    third = await world.poll(second.cursor)
    assert not any(page.deleted for page in third.pages)


async def test_a_pinned_old_comment_does_not_end_the_walk(world: World) -> None:
    serve(world, commentThreads=[thread("Ugx0")])
    first = await world.poll()
    pages = {
        "": [thread("pinned", publishedAt="2025-01-01T00:00:00Z"), thread("Ugx2")],
        "more": [thread("Ugx1")],
    }

    def service(request: Request) -> Answer:
        if not request.path.endswith("commentThreads"):
            return json_answer({"items": []})
        token = request.query.get("pageToken", "")
        return json_answer({"items": pages[token], **({} if token else {"nextPageToken": "more"})})

    world.mood = service
    assert set((await world.poll(first.cursor)).texts) == {"pinned", "Ugx2", "Ugx1"}


async def test_comments_older_than_two_days_are_not_paged_through_again(
    world: World, settings: dict[str, Any]
) -> None:
    settings |= {"queries": []}
    start = NOW - timedelta(days=10)
    world.items = [Item(2 * n, f"Comment {n}", start + timedelta(hours=9 * n)) for n in range(26)]
    first = await world.poll()
    assert len(first.texts) == 26
    assert asked(world)["commentThreads"] == 9
    await world.poll(first.cursor)
    assert asked(world)["commentThreads"] == 3


# --- Where a search ends


async def test_more_videos_than_a_search_shows_are_reached_by_slices_of_time(world: World) -> None:
    start, number = NOW - timedelta(hours=9), SHOWN * 2 + 5
    world.items = [
        Item(2 * n + 1, f"Video {n}", start + timedelta(seconds=60 * n)) for n in range(number)
    ]
    run = await world.poll()
    assert len(run.texts) == number
    assert not run.gaps


@pytest.mark.parametrize("method", ["search", "commentThreads"])
async def test_a_page_token_that_youtube_forgot_begins_the_walk_anew(
    world: World, settings: dict[str, Any], method: str
) -> None:
    number = 1 if method == "search" else 0
    if not number:
        settings["queries"] = []
    world.items = [Item(2 * n + number, f"Post {n}", NOW - timedelta(minutes=n)) for n in range(7)]
    first = await world.poll(pages=1)
    forgotten: list[Request] = []

    def forgetful(request: Request) -> Answer:
        if request.query.get("pageToken") and not forgotten:
            forgotten.append(request)
            return refusal(400, "invalidPageToken")
        return KIT.answer(request, world.items)

    world.mood = forgetful
    second = await world.poll(first.cursor)
    assert forgotten[0].path.endswith(method)
    assert len(second.texts) == 7


# --- The quota


async def test_searches_are_spread_over_the_day_and_take_turns(
    world: World, settings: dict[str, Any]
) -> None:
    settings |= {"queries": ["one", "two", "three"], "videos": [], "searches_a_day": 24}
    world.now = MIDNIGHT
    searched: list[str] = []
    cursor: dict[str, Any] = {}
    assert world.server is not None
    for _ in range(24):
        run = await world.poll(cursor)
        cursor = run.cursor
        searched += [r.query["q"] for r in world.server.requests if r.path.endswith("search")]
        assert "of 24 searches" in run.notes[-1]
        asked(world)
        world.now += timedelta(minutes=30)
    # One an hour, and each query in its turn.
    assert len(searched) == 12
    assert searched[:6] == ["one", "two", "three"] * 2


async def test_a_poll_without_quota_asks_nothing_and_the_next_day_begins_anew(
    world: World, settings: dict[str, Any]
) -> None:
    settings |= {"searches_a_day": 1, "units_a_day": 2}
    world.items = videos(1)
    first = await world.poll()
    asked(world)
    second = await world.poll(first.cursor)
    assert not asked(world)
    assert second.notes == [
        "3 searches or videos await their turn: today 1 of 1 searches and 1 of 2 units are used"
    ]
    world.now = MIDNIGHT + timedelta(days=1)
    await world.poll(second.cursor)
    assert asked(world).total() >= 1


async def test_the_first_comments_do_not_wait_for_searches_that_wait_for_quota(
    world: World, settings: dict[str, Any]
) -> None:
    settings["searches_a_day"] = 1
    first = await world.poll()
    world.items = [Item(2, "A comment")]
    assert "A comment" in (await world.poll(first.cursor)).texts.values()


async def test_a_backfill_larger_than_the_quota_is_gone_on_with(
    world: World, settings: dict[str, Any]
) -> None:
    settings |= {"searches_a_day": 24, "videos": [], "comments": False}
    world.now = MIDNIGHT
    start = MIDNIGHT - timedelta(hours=2)
    world.items = [Item(2 * n + 1, f"Video {n}", start + timedelta(minutes=n)) for n in range(9)]
    cursor: dict[str, Any] = {}
    found: set[str] = set()
    for _ in range(3):
        run = await world.poll(cursor)
        cursor = run.cursor
        found |= set(run.texts.values())
        world.now += timedelta(hours=1)
    assert len(found) == 9
    assert asked(world)["search"] == 3


async def test_a_used_up_quota_is_waited_for_until_midnight_in_california(world: World) -> None:
    serve(world, search=refusal(403, "quotaExceeded"))
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == MIDNIGHT + timedelta(days=1) - NOW


async def test_too_many_requests_at_once_are_retriable_soon(world: World) -> None:
    serve(world, search=refusal(403, "rateLimitExceeded"))
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(minutes=1)


async def test_a_refused_key_is_fatal_told_in_plain_text_and_not_shown(world: World) -> None:
    key = KIT.environment["YOUTUBE_KEY"]
    said = f'The key {key} may not: see <a href="/x">here</a>'
    serve(world, search=refusal(403, "accessNotConfigured", said))
    with pytest.raises(FatalError, match=r"accessNotConfigured: The key … may not: see here"):
        await world.poll()


def test_a_day_on_which_the_clocks_change_is_planned_by_its_real_length() -> None:
    # 2026-03-08 has 23 hours in California; its quota is half used up after 11 and a half.
    noon = datetime(2026, 3, 8, 8, 0, tzinfo=UTC) + timedelta(hours=11, minutes=30)
    quota = DayQuota({}, {"searches": 100}, noon, PACIFIC)
    assert quota.left("searches") == 51
    assert quota.until_reset == timedelta(hours=11, minutes=30)


def test_a_quota_of_another_day_or_of_nonsense_is_forgotten() -> None:
    used = {"used": {"searches": 7}}
    for stored in ({**used, "day": "2026-03-09"}, used, [], {"day": "2026-03-10", "used": 3}):
        quota = DayQuota(stored, {"searches": 10}, MIDNIGHT, PACIFIC)
        assert quota.left("searches") == 1
    today = DayQuota({**used, "day": "2026-03-10"}, {"searches": 10}, MIDNIGHT, PACIFIC)
    assert today.left("searches") == 0


def test_turns_keep_the_newest_videos_and_what_is_configured() -> None:
    turns = Turns([["q:gone", 0], ["v:old", 1], ["q:a", 0]], ["q:a", "q:b"], NOW, 2)
    assert turns.keys == ("q:b", "q:a")
    for number in (3, 1, 2):
        turns.add(f"v:{number}", NOW + timedelta(days=number))
    turns.done("q:b")
    assert turns.keys == ("q:a", "v:3", "v:2", "q:b")
    assert Turns(turns.state, ["q:a", "q:b"], NOW, 2).keys == turns.keys


@pytest.mark.parametrize(
    "table", [{}, {"queries": ["zerno"], "key_env": ""}, {"videos": ["https://youtu.be/x"]}]
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "youtube", "key_env": "KEY", **table})
