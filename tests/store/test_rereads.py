from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from store.engine import reading, writing
from store.interface import PageToKeep, SourceSpec
from store.mentions import keep_reread
from store.reread_times import next_reread
from store.rereads import due_rereads, postpone_rereads
from store.sources import sync_sources
from store.tables import SIGHTING
from tests.store.helpers import DAY, HOUR, MINUTE, NOW, World, make_world

AT = NOW - MINUTE


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def rereadable(world: World, terms: str = "delete-on-request", now: datetime = NOW) -> None:
    with writing(world.engine) as conn:
        sync_sources(conn, [SourceSpec("feed", "rss", "rss", terms, 900, rereads=True)], now)


def due(world: World, now: datetime) -> list[str]:
    with reading(world.engine) as conn:
        return [row.native_id for row in due_rereads(conn, ["rss"], now, 100)]


def reread(world: World, now: datetime, *asked: str, **page: object) -> None:
    with writing(world.engine) as conn:
        keep_reread(conn, world.feed, PageToKeep(cursor={}, **page), asked, now)  # type: ignore[arg-type]


def times(terms: str, until: timedelta) -> list[timedelta]:
    found, after = [], AT
    while (at := next_reread(AT, after, terms)) is not None and at - AT <= until:
        found.append(at - AT)
        after = at
    return found


def test_engagement_is_read_after_an_hour_a_day_and_a_week() -> None:
    assert times("open", 1000 * DAY) == [HOUR, DAY, 7 * DAY]


def test_where_deletions_count_a_week_is_read_daily_and_what_is_older_monthly() -> None:
    daily = [n * DAY for n in range(1, 8)]
    assert times("delete-on-request", 70 * DAY) == [HOUR, *daily, 37 * DAY, 67 * DAY]


def test_each_time_is_used_once_and_survives_a_restart(world: World) -> None:
    rereadable(world, "open")
    world.keep(world.mention("a", published_at=AT))
    assert due(world, AT + HOUR - MINUTE) == []
    assert due(world, AT + HOUR) == ["a"]
    reread(world, AT + HOUR, "a")
    rereadable(world, "open", AT + HOUR)
    assert due(world, AT + DAY - MINUTE) == []
    assert due(world, AT + 3 * DAY) == ["a"]
    # One look after three days of silence, not one for every time missed.
    reread(world, AT + 3 * DAY, "a")
    assert due(world, AT + 7 * DAY - MINUTE) == []
    reread(world, AT + 7 * DAY, "a")
    assert due(world, AT + 1000 * DAY) == []


def test_a_lookup_for_another_source_of_the_service_is_no_sighting(world: World) -> None:
    kept = world.mention("a", published_at=AT)
    world.keep(kept, source=world.other_feed)
    reread(world, AT + HOUR, "a", mentions=(kept,))
    with reading(world.engine) as conn:
        assert conn.execute(select(SIGHTING.c.source_id)).scalars().all() == [world.other_feed]


def test_a_reading_updates_edits_and_buries(world: World) -> None:
    rereadable(world)
    kept = [world.mention(name, published_at=AT, likes=1) for name in "abc"]
    world.keep(*kept, cursor={"at": 5})
    now = AT + HOUR
    fresh = [
        world.mention("a", published_at=AT, likes=7),
        world.mention("b", published_at=AT, text="Зерно: правка", edited_at=now),
    ]
    with writing(world.engine) as conn:
        page = PageToKeep(cursor={}, mentions=tuple(fresh), deleted=("c",))
        result = keep_reread(conn, world.feed, page, ["a", "b", "c"], now)
    assert (result.changed, result.deleted, result.known) == (("b",), ("c",), 1)
    # The walk of the source stands where it was, and a tombstone is never asked for.
    with reading(world.engine) as conn:
        assert due_rereads(conn, ["rss"], AT + 1000 * DAY, 100)
    assert due(world, AT + DAY - MINUTE) == []
    assert sorted(due(world, AT + DAY)) == ["a", "b"]


def test_a_source_that_cannot_be_read_is_asked_later(world: World) -> None:
    rereadable(world)
    world.keep(world.mention("a", published_at=AT))
    with writing(world.engine) as conn:
        rows = due_rereads(conn, ["rss"], AT + HOUR, 100)
        postpone_rereads(conn, [row.mention_id for row in rows], AT + 5 * HOUR)
    assert due(world, AT + 4 * HOUR) == []
    assert due(world, AT + 5 * HOUR) == ["a"]


def test_mentions_kept_before_are_asked_for_where_that_still_helps(world: World) -> None:
    world.keep(world.mention("new", published_at=NOW - DAY))
    world.keep(world.mention("old", published_at=NOW - 30 * DAY))
    rereadable(world, "open")
    assert due(world, NOW) == ["new"]


def test_all_mentions_kept_before_are_asked_for_where_deletions_count(world: World) -> None:
    world.keep(world.mention("old", published_at=NOW - 300 * DAY))
    rereadable(world)
    assert due(world, NOW) == ["old"]


def test_a_source_that_offers_no_lookup_is_never_asked(world: World) -> None:
    world.keep(world.mention("a", published_at=AT))
    assert due(world, NOW + 1000 * DAY) == []
