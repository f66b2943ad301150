from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from store.engine import reading, writing
from store.interface import KeptPage, PageToKeep, SourceRow, SourceSpec
from store.sources import (
    Outcome,
    advance_poll,
    close_crashed_polls,
    due_sources,
    finish_poll,
    imported_source,
    last_polls,
    outages,
    poll_counts,
    source_by_name,
    sources,
    start_poll,
    sync_sources,
    usual_gaps,
    wake_blocked,
)
from tests.store.helpers import DAY, HOUR, MINUTE, NOW, World, make_world

FEED = SourceSpec("feed", "rss", "rss", "open", 900)


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def feed(world: World) -> SourceRow:
    with reading(world.engine) as conn:
        row = source_by_name(conn, "feed")
    assert row is not None
    return row


def poll(world: World, at: datetime, outcome: Outcome = "ok", error: str = "") -> None:
    with writing(world.engine) as conn:
        id_ = start_poll(conn, world.feed, at, at + 15 * MINUTE)
        finish_poll(conn, id_, outcome=outcome, now=at, next_poll_at=at + 15 * MINUTE, error=error)


def test_new_sources_are_due_at_once_and_removed_ones_rest(world: World) -> None:
    with writing(world.engine) as conn:
        assert {source.name for source in due_sources(conn, NOW, 10)} == {"feed", "feed-2", "forum"}
        assert len(due_sources(conn, NOW, 2)) == 2
        assert [source.name for source in sync_sources(conn, [FEED], NOW)] == ["feed"]
        assert [source.name for source in due_sources(conn, NOW, 10)] == ["feed"]
        gone = source_by_name(conn, "forum")
        assert gone is not None
        assert not gone.active
        assert source_by_name(conn, "never") is None


def test_a_cursor_survives_a_restart_but_not_another_walk(world: World) -> None:
    world.keep(cursor={"since": 5})
    with writing(world.engine) as conn:
        sync_sources(conn, [FEED], NOW)
    assert feed(world).cursor == {"since": 5}
    with writing(world.engine) as conn:
        sync_sources(conn, [SourceSpec("feed", "rss", "rss:other", "open", 900)], NOW + HOUR)
    assert (feed(world).cursor, feed(world).next_poll_at) == ({}, NOW + HOUR)


def test_a_shorter_interval_counts_at_once(world: World) -> None:
    with writing(world.engine) as conn:
        start_poll(conn, world.feed, NOW, NOW + DAY)
        sync_sources(conn, [SourceSpec("feed", "rss", "rss", "open", 60)], NOW)
    assert feed(world).next_poll_at == NOW + MINUTE


def test_the_next_poll_is_planned_before_the_request(world: World) -> None:
    with writing(world.engine) as conn:
        start_poll(conn, world.feed, NOW, NOW + HOUR)
        assert "feed" not in {source.name for source in due_sources(conn, NOW, 10)}
    assert (feed(world).last_started_at, feed(world).next_poll_at) == (NOW, NOW + HOUR)


def test_only_a_success_resets_the_errors(world: World) -> None:
    poll(world, NOW, "retriable", "503")
    poll(world, NOW + HOUR, "fatal", "no such feed")
    source = feed(world)
    assert (source.error_count, source.last_error, source.last_error_kind) == (
        2,
        "no such feed",
        "fatal",
    )
    assert source.last_error_at == NOW + HOUR
    poll(world, NOW + 2 * HOUR)
    source = feed(world)
    assert (source.error_count, source.last_error, source.last_success_at) == (
        0,
        "",
        NOW + 2 * HOUR,
    )
    with reading(world.engine) as conn:
        counts = poll_counts(conn, NOW, NOW + DAY)
    assert counts == {"retriable": 1, "fatal": 1, "ok": 1}


def test_a_walk_that_gets_on_before_it_fails_begins_the_count_anew(world: World) -> None:
    poll(world, NOW, "retriable", "503")
    poll(world, NOW + HOUR, "retriable", "503")
    with writing(world.engine) as conn:
        id_ = start_poll(conn, world.feed, NOW + 2 * HOUR, NOW + DAY)
        page = PageToKeep(cursor={"at": 7})
        advance_poll(conn, world.feed, id_, page, KeptPage(), NOW + 2 * HOUR)
        ended = {"now": NOW + 2 * HOUR, "next_poll_at": NOW + DAY, "error": "503 on page two"}
        finish_poll(conn, id_, outcome="retriable", **ended)
    assert (feed(world).error_count, feed(world).last_error) == (1, "503 on page two")
    poll(world, NOW + 3 * HOUR, "retriable", "503")
    assert feed(world).error_count == 2


def test_a_killed_poll_is_closed_and_its_source_due(world: World) -> None:
    with writing(world.engine) as conn:
        start_poll(conn, world.feed, NOW, NOW + DAY)
        assert close_crashed_polls(conn, NOW + MINUTE) == 1
        assert close_crashed_polls(conn, NOW + MINUTE) == 0
        assert poll_counts(conn, NOW, NOW + DAY) == {"crashed": 1}
    assert feed(world).next_poll_at == NOW + MINUTE
    assert [source.name for source in _active(world)] == ["feed", "feed-2", "forum"]


def _active(world: World) -> list[SourceRow]:
    with reading(world.engine) as conn:
        return sources(conn)


def out(world: World, hours: int = 6) -> list[tuple[timedelta, timedelta]]:
    with reading(world.engine) as conn:
        found = outages(conn, NOW, NOW + hours * HOUR)
    return [(start - NOW, end - NOW) for start, end in found]


def test_quiet_hours_are_no_outage(world: World) -> None:
    for quarter in range(25):
        poll(world, NOW + quarter * 15 * MINUTE)
    assert out(world) == []


def test_failed_polls_are_an_outage_from_the_last_success_to_the_next(world: World) -> None:
    poll(world, NOW + HOUR)
    for quarter in (5, 6, 7):
        poll(world, NOW + quarter * 15 * MINUTE, "retriable", "503")
    poll(world, NOW + 2 * HOUR)
    assert out(world) == [(HOUR, 2 * HOUR)]


def test_a_silence_longer_than_three_intervals_is_an_outage(world: World) -> None:
    poll(world, NOW)
    poll(world, NOW + 45 * MINUTE)
    poll(world, NOW + 3 * HOUR)
    assert out(world) == [(45 * MINUTE, 3 * HOUR)]


def test_what_was_blocked_is_due_when_molva_starts_anew(world: World) -> None:
    poll(world, NOW, "fatal", "set the environment variable KEY")
    with writing(world.engine) as conn:
        wake_blocked(conn, NOW + MINUTE)
    assert feed(world).next_poll_at == NOW + MINUTE


def test_since_when_a_state_lasts_is_kept(world: World) -> None:
    poll(world, NOW)
    poll(world, NOW + HOUR)
    assert feed(world).outcome_since == NOW
    poll(world, NOW + 2 * HOUR, "retriable", "503")
    poll(world, NOW + 3 * HOUR, "retriable", "another 503")
    assert feed(world).outcome_since == NOW + 2 * HOUR
    poll(world, NOW + 4 * HOUR, "throttled", "429")
    assert feed(world).outcome_since == NOW + 4 * HOUR
    poll(world, NOW + 5 * HOUR)
    assert feed(world).outcome_since == NOW + 5 * HOUR


def test_the_last_poll_and_the_usual_gap_of_a_source(world: World) -> None:
    world.keep(world.mention("a"), now=NOW)
    poll(world, NOW + HOUR)
    for number in range(3):
        world.keep(world.mention(f"g{number}", published_at=NOW - number * HOUR))
    with reading(world.engine) as conn:
        assert last_polls(conn)[world.feed].started_at == NOW + HOUR
        assert usual_gaps(conn, NOW - DAY)[world.feed] == 2 * HOUR / 3
        assert usual_gaps(conn, NOW) == {}


def test_an_imported_file_is_no_collector(world: World) -> None:
    spec = SourceSpec("import posts.csv", "file", "file:import posts.csv", "own", 900)
    for at in (NOW, NOW + DAY):
        with writing(world.engine) as conn:
            row = imported_source(conn, spec, at)
            assert not row.active
            id_ = start_poll(conn, row.id, at, at + HOUR)
            finish_poll(conn, id_, outcome="ok", now=at, next_poll_at=at + HOUR)
            assert row.id not in {source.id for source in sources(conn)}
    assert out(world, 48) == []
    with writing(world.engine) as conn:
        again = imported_source(conn, spec, NOW + 2 * DAY)
        assert (again.id, again.created_at) == (row.id, NOW)
        active = {source.name for source in sync_sources(conn, [FEED], NOW)}
    assert active == {"feed"}
