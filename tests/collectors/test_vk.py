"""What is peculiar to VK; the answers follow the published schema of `newsfeed.search` (5.199)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collectors.interface import Author, FatalError, RetriableError
from tests.collectors.worlds import changed, world_of
from tests.conformance.kit import NOW, Item, World
from tests.conformance.kits.vk import KIT, SHOWN
from tests.conformance.server import Answer, Request, json_answer

world = world_of(KIT)


def wall(**changes: Any) -> dict[str, Any]:
    return {
        "id": 12,
        "owner_id": -7,
        "from_id": -7,
        "date": int(NOW.timestamp()) - 60,
        "text": "Zerno",
        "post_type": "post",
        **changes,
    }


def found(*items: object, **changes: Any) -> Answer:
    response = {"items": list(items), "count": len(items), "total_count": len(items), **changes}
    return json_answer({"response": response})


def refused(code: int, **changes: Any) -> Answer:
    error = {"error_code": code, "error_msg": "No", "request_params": [], **changes}
    return json_answer({"error": error})


async def test_a_post_of_a_community_has_its_name_and_members(world: World) -> None:
    item = wall(
        edited=int(NOW.timestamp()) - 30,
        likes={"count": 5},
        comments={"count": 0},
        reposts={"count": 1},
        views={"count": 900},
    )
    group = {"id": 7, "name": "Zerno Club", "screen_name": "zerno", "members_count": 4100}
    namesake = {"id": 7, "first_name": "Pyotr", "last_name": "Petrov"}
    world.mood = lambda _request: found(item, groups=[group], profiles=[namesake])
    (post,) = (await world.poll()).posts
    assert post.native_id == "-7_12"
    assert post.url == "https://vk.com/wall-7_12"
    assert post.author == Author("-7", "zerno", "Zerno Club", 4100)
    assert post.edited_at == NOW - timedelta(seconds=30)
    reactions = post.engagement
    assert (reactions.likes, reactions.comments, reactions.shares, reactions.views) == (
        5,
        0,
        1,
        900,
    )


async def test_a_post_on_someone_elses_wall_is_its_writers(world: World) -> None:
    people = [
        {"id": 3, "first_name": "Anna", "last_name": "Ivanova", "followers_count": 31},
        {"id": 4, "first_name": "Wall", "last_name": "Owner"},
    ]
    world.mood = lambda _request: found(wall(owner_id=4, from_id=3), profiles=people)
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.author.name, post.author.followers) == ("4_12", "Anna Ivanova", 31)
    # VK leaves the views of old posts out: unknown, not none.
    assert post.engagement.views is None


async def test_the_text_holds_the_repost_and_titles_and_mentions_are_unwrapped(
    world: World,
) -> None:
    link = {"type": "link", "link": {"url": "https://zerno.example", "title": "Zerno: menu"}}
    reposted = {
        "id": 1,
        "owner_id": 9,
        "text": "Zerno opens in [club9|Kazan]",
        "attachments": [link],
    }
    item = wall(
        text="Go, [id3|Anna]! [not a link] [https://vk.com/zerno|here]",
        copy_history=[reposted],
        attachments=[
            link,
            {"type": "video", "video": {"title": "Latte art"}},
            {"type": "poll", "poll": {"question": "Flat white?"}},
            {"type": "photo", "photo": {"text": "IMG_1"}},
        ],
    )
    world.mood = lambda _request: found(item)
    (post,) = (await world.poll()).posts
    assert post.text.splitlines() == [
        "Go, Anna! [not a link] here",
        "Zerno: menu",
        "Latte art",
        "Flat white?",
        "Zerno opens in Kazan",
    ]


async def test_deleted_posts_are_counted_and_advertising_if_it_is_not_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ad, deleted = wall(id=1, marked_as_ads=1), wall(id=2, is_deleted=True)
    world.mood = lambda _request: found(ad, deleted)
    assert list((await world.poll()).texts) == ["-7_1"]
    changed(world, monkeypatch, ads=False)
    run = await world.poll()
    assert not run.posts
    assert [item.native_id for item in run.skipped] == ["-7_1", "-7_2"]


async def test_more_posts_than_a_search_shows_are_reached_by_slices_of_time(world: World) -> None:
    start = NOW - timedelta(hours=2)
    count = SHOWN * 2 + 5
    world.items = [Item(n, f"Post {n}", start + timedelta(seconds=9 * n)) for n in range(count)]
    run = await world.poll()
    assert len(run.texts) == count
    assert not run.gaps
    assert world.server is not None
    assert len({request.query["end_time"] for request in world.server.requests}) > 2


async def test_a_second_with_more_posts_than_a_search_shows_is_a_gap(world: World) -> None:
    crowded = NOW - timedelta(minutes=5)
    world.items = [Item(n, f"Post {n}", crowded) for n in range(SHOWN + 5)]
    world.items.append(Item(99, "Before the crowd", crowded - timedelta(minutes=1)))
    run = await world.poll()
    assert "Before the crowd" in run.texts.values()
    assert {(gap.start, gap.end) for gap in run.gaps} >= {(crowded, crowded + timedelta(seconds=1))}


async def test_a_search_that_ignores_its_window_or_repeats_its_place_ends(world: World) -> None:
    now = int(NOW.timestamp())
    world.mood = lambda _request: found(
        *(wall(id=n, date=now - n) for n in range(1, 4)), next_from="again", total_count=10**6
    )
    assert len((await world.poll()).pages) < 10


async def test_the_search_is_begun_anew_when_vk_forgot_where_it_stopped(world: World) -> None:
    world.items = [Item(n, f"Post {n}", NOW - timedelta(minutes=n)) for n in range(1, 8)]
    first = await world.poll(pages=1)
    forgotten: list[Request] = []

    def forgetful(request: Request) -> Answer:
        if request.query.get("start_from") == "3" and not forgotten:
            forgotten.append(request)
            return refused(100, error_msg="One of the parameters specified was invalid")
        return KIT.answer(request, world.items)

    world.mood = forgetful
    second = await world.poll(first.cursor)
    assert forgotten
    assert len(second.texts) == 7


async def test_too_many_requests_a_second_are_waited_out(world: World) -> None:
    world.items = [Item(1, "Patience")]
    asked: list[Request] = []

    def hurried(request: Request) -> Answer:
        asked.append(request)
        return refused(6) if len(asked) < 3 else KIT.answer(request, world.items)

    world.mood = hurried
    assert len((await world.poll()).posts) == 1
    world.mood = lambda _request: refused(6)
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(seconds=5)


@pytest.mark.parametrize("code", [9, 29])
async def test_flood_control_and_the_daily_limit_ask_for_hours(world: World, code: int) -> None:
    world.mood = lambda _request: refused(code)
    with pytest.raises(RetriableError) as caught:
        await world.poll()
    assert caught.value.retry_after == timedelta(hours=3)


@pytest.mark.parametrize(
    ("code", "advice"), [(5, "token"), (14, "captcha"), (15, "may not"), (28, "kind"), (113, "No")]
)
async def test_what_only_a_person_can_mend_is_fatal(world: World, code: int, advice: str) -> None:
    world.mood = lambda _request: refused(code, error_subcode=1133)
    with pytest.raises(FatalError, match=rf"VK error {code}/1133: .*{advice}"):
        await world.poll()


async def test_an_internal_error_is_retriable(world: World) -> None:
    world.mood = lambda _request: refused(10)
    with pytest.raises(RetriableError):
        await world.poll()


async def test_the_token_does_not_show_even_if_vk_repeats_it(world: World) -> None:
    token = KIT.environment["VK_TOKEN"]
    params = [{"key": "access_token", "value": token}]
    world.mood = lambda _request: refused(113, error_msg=f"Bad {token}", request_params=params)
    with pytest.raises(FatalError) as caught:
        await world.poll()
    assert token not in str(caught.value)


async def test_the_first_run_asks_for_its_whole_backfill(world: World) -> None:
    # Without a start VK shows one day.
    await world.poll()
    assert world.server is not None
    start = datetime.fromtimestamp(int(world.server.requests[0].query["start_time"]), UTC)
    assert start == NOW - timedelta(days=7)


async def test_strange_profiles_do_not_lose_the_page(world: World) -> None:
    world.mood = lambda _request: found(wall(), profiles=[7, None, {}], groups="none")
    (post,) = (await world.poll()).posts
    assert post.author == Author(id="-7")
