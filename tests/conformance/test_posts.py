"""What every collector owes its posts: nothing lost, nothing twice, nothing unclean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collectors.text import CUT_MARK, MAX_CHARS
from tests.conformance.kit import NOW, Item, Run, World


def minutes_ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def some_items(count: int) -> list[Item]:
    return [Item(n, f"Post {n} on Zerno coffee", minutes_ago(60 - n)) for n in range(1, count + 1)]


def texts(*runs: Run) -> set[str]:
    return {post.text for run in runs for post in run.posts}


async def test_every_item_becomes_a_clean_post(world: World) -> None:
    world.items = some_items(7)
    run = await world.poll()
    assert texts(run) == {item.text for item in world.items}
    assert len({post.native_id for post in run.posts}) == 7
    published = {post.text: post.published_at for post in run.posts}
    assert published == {item.text: item.at for item in world.items}
    assert all(post.published_at.tzinfo is UTC for post in run.posts if post.published_at)
    assert not run.skipped
    assert not run.gaps


async def test_ids_are_the_same_in_two_first_runs(world: World) -> None:
    world.items = some_items(5)
    assert (await world.poll()).texts == (await world.poll()).texts


async def test_the_second_run_adds_nothing(world: World) -> None:
    world.items = some_items(8)
    first = await world.poll()
    second = await world.poll(first.cursor)
    third = await world.poll(second.cursor)
    assert {**first.texts, **second.texts, **third.texts} == first.texts
    assert not second.gaps


async def test_a_new_item_is_found_by_the_next_run(world: World) -> None:
    world.items = some_items(4)
    first = await world.poll()
    world.now += timedelta(minutes=15)
    world.items = [*world.items, Item(5, "Fresh from Zerno", NOW + timedelta(minutes=14))]
    second = await world.poll(first.cursor)
    assert "Fresh from Zerno" in texts(second)


async def test_a_burst_of_more_than_a_page_is_found_whole(world: World) -> None:
    world.items = some_items(4)
    first = await world.poll()
    world.now += timedelta(minutes=15)
    burst = [Item(n, f"Burst {n}", NOW + timedelta(minutes=1, seconds=n)) for n in range(5, 26)]
    world.items = [*world.items, *burst]
    second = await world.poll(first.cursor)
    assert texts(second) >= {item.text for item in burst}


async def test_a_late_item_is_found_once(world: World) -> None:
    world.items = some_items(4)
    first = await world.poll()
    newest = max(item.at for item in world.items if item.at)
    late = Item(5, "Late but here", newest - world.kit.lag)
    world.items = [*world.items, late]
    second = await world.poll(first.cursor)
    third = await world.poll(second.cursor)
    ids = {
        post.native_id for run in (second, third) for post in run.posts if post.text == late.text
    }
    assert len(ids) == 1


async def test_items_of_the_same_second_are_all_found(world: World) -> None:
    at = minutes_ago(9)
    world.items = [*some_items(2), Item(3, "First of two", at)]
    first = await world.poll()
    world.items = [*world.items, Item(4, "Second of two", at)]
    second = await world.poll(first.cursor)
    assert {"First of two", "Second of two"} <= texts(first, second)


async def test_an_edited_item_comes_again_under_its_id(world: World) -> None:
    world.items = [*some_items(3), Item(4, "As first written", minutes_ago(3))]
    first = await world.poll()
    world.items[3] = world.items[3].edited("As corrected")
    second = await world.poll(first.cursor)
    before = {text: native_id for native_id, text in first.texts.items()}
    after = {text: native_id for native_id, text in second.texts.items()}
    assert after["As corrected"] == before["As first written"]


async def test_an_empty_answer_says_why_or_is_quietly_empty(world: World) -> None:
    run = await world.poll()
    assert run.posts == []
    assert run.pages, "a poll must yield at least one page, so that its cursor is stored"
    world.items = some_items(2)
    assert len(texts(await world.poll(run.cursor))) == 2


async def test_killed_after_any_page_it_goes_on_without_loss(world: World) -> None:
    world.items = some_items(11)
    whole = await world.poll()
    for killed_after in range(1, len(whole.pages) + 1):
        first = await world.poll(pages=killed_after)
        rest = await world.poll(first.cursor)
        assert {**first.texts, **rest.texts} == whole.texts


async def test_killed_in_the_second_run_it_loses_nothing(world: World) -> None:
    world.items = some_items(4)
    first = await world.poll()
    world.now += timedelta(minutes=15)
    world.items += [
        Item(n, f"New {n}", NOW + timedelta(minutes=1, seconds=n)) for n in range(5, 15)
    ]
    pages = len((await world.poll(first.cursor)).pages)
    for killed_after in range(1, pages + 1):
        second = await world.poll(first.cursor, pages=killed_after)
        third = await world.poll(second.cursor)
        assert texts(first, second, third) == {item.text for item in world.items}


@pytest.mark.parametrize("news", [3, 6, 9])
async def test_a_page_of_arrivals_between_kill_and_resume_hides_nothing(
    world: World, news: int
) -> None:
    """They push a page that was read on to the very place where the walk goes on."""
    world.items = some_items(18)
    runs = [await world.poll(pages=1)]
    world.now += timedelta(minutes=15)
    world.items += [
        Item(n, f"Meanwhile {n}", NOW + timedelta(minutes=5, seconds=n))
        for n in range(19, 19 + news)
    ]
    for _ in range(3):
        runs += await world.poll_out(runs[-1].cursor)
    assert texts(*runs) == {item.text for item in world.items}
    assert not any(run.gaps for run in runs)


async def test_arrivals_between_kill_and_resume_are_found(world: World) -> None:
    world.items = some_items(9)
    first = await world.poll(pages=1)
    world.now += timedelta(minutes=15)
    world.items = [*world.items, Item(10, "While it was down", NOW + timedelta(minutes=5))]
    second = await world.poll(first.cursor)
    third = await world.poll(second.cursor)
    assert texts(first, second, third) == {item.text for item in world.items}


@pytest.mark.parametrize("junk", [7, "text", [], {"unknown": {"shape": None}}])
async def test_one_malformed_item_does_not_lose_the_page(world: World, junk: object) -> None:
    world.items = [Item(1, "Before", minutes_ago(9)), Item(2, "", minutes_ago(8), junk=junk)]
    world.items.append(Item(3, "After", minutes_ago(7)))
    run = await world.poll()
    assert {"Before", "After"} <= texts(run)


async def test_an_item_without_id_or_text_is_counted_with_its_reason(world: World) -> None:
    world.items = [Item(1, "Good", minutes_ago(9)), Item(2, None, minutes_ago(8), has_id=False)]
    run = await world.poll()
    assert texts(run) == {"Good"}
    assert [item.reason for item in run.skipped] != []


async def test_an_item_without_a_date_is_kept_without_one(world: World) -> None:
    world.items = [Item(1, "No date here", at=None)]
    run = await world.poll()
    assert [(post.text, post.published_at) for post in run.posts] == [("No date here", None)]


async def test_five_megabytes_of_text_are_cut_and_marked(world: World) -> None:
    world.items = [Item(1, "Зерно " * 800_000, minutes_ago(9))]
    world.http_settings = world.http_settings.model_copy(update={"max_body_bytes": 64 << 20})
    (post,) = (await world.poll()).posts
    assert post.text.startswith("Зерно Зерно")
    assert post.text.endswith(CUT_MARK)
    assert len(post.text) <= MAX_CHARS


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("кофе ☕ 👩‍👩‍👧 مرحبا", "кофе ☕ 👩‍👩‍👧 مرحبا"),
        ("broken \ud83d half", "broken \ufffd half"),
        ("Tom & Jerry: 5 < 6", "Tom & Jerry: 5 < 6"),
        ("e\u0301tat", "\u00e9tat"),
    ],
)
async def test_any_unicode_is_kept_and_can_be_stored(world: World, raw: str, kept: str) -> None:
    world.items = [Item(1, raw, minutes_ago(9))]
    (post,) = (await world.poll()).posts
    post.text.encode("utf-8")
    # A document that is not valid UTF-8 decodes to more than one mark for a broken character.
    assert post.text.replace("\ufffd\ufffd\ufffd", "\ufffd") == kept


async def test_null_bytes_go(world: World) -> None:
    world.items = [Item(1, "nul\x00l", minutes_ago(9))]
    run = await world.poll()
    assert all("\x00" not in post.text for post in run.posts)
    assert len(run.posts) + len(run.skipped) == 1
