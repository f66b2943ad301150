"""What every collector owes where clocks disagree: ours, the service's, or that of who wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conformance.kit import NOW, Item, Run, World
from tests.conformance.test_posts import minutes_ago, some_items, texts

QUARTER = timedelta(minutes=15)


async def test_a_naive_time_is_utc(world: World) -> None:
    world.items = [Item(1, "What time is it", minutes_ago(30), naive=True)]
    (post,) = (await world.poll()).posts
    assert post.published_at == minutes_ago(30)


async def test_a_post_from_2099_neither_lies_nor_blinds(world: World) -> None:
    future = Item(3, "From the future", datetime(2099, 1, 1, tzinfo=UTC))
    world.items = [*some_items(2), future]
    first = await world.poll()
    assert all(post.published_at is None or post.published_at <= NOW for post in first.posts)
    world.now += timedelta(minutes=15)
    world.items = [*world.items, Item(4, "From the present", NOW + timedelta(minutes=10))]
    second = await world.poll(first.cursor)
    assert "From the present" in texts(second)


@pytest.mark.parametrize("hours", [-2, 2])
@pytest.mark.parametrize("wrong", [(True, True, False), (False, True, True, False), (True, False)])
async def test_nothing_is_lost_while_our_clock_is_wrong(
    world: World, hours: int, wrong: tuple[bool, ...]
) -> None:
    """Our clock is two hours off in some of a row of polls, and right in the last one."""
    runs: list[Run] = []
    for number, off in enumerate(wrong):
        true = NOW + number * QUARTER
        arrived = true - timedelta(minutes=5)
        news = Item(100 + number, f"Written before poll {number}", arrived)
        world.items = [*(world.items or some_items(7)), news]
        world.now = true + timedelta(hours=hours) * off
        runs += await world.poll_out(runs[-1].cursor if runs else None)
    assert texts(*runs) == {item.text for item in world.items}
    assert len({post.native_id for run in runs for post in run.posts}) == len(world.items)
    assert not any(run.gaps for run in runs)
    dated = {item.text: item.at for item in world.items}
    for post in (post for run in runs for post in run.posts):
        assert post.published_at in {None, dated[post.text]}
