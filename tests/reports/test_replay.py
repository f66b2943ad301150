"""A replay tells what would have been told, and knows nothing before it was known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from reports.alert_actions import mark_false
from reports.alerts import AlertSettings
from reports.replay import Replayed, alarms_a_month, past_of, replay
from store.alerts import alerts
from store.engine import reading, writing
from store.sources import finish_poll, start_poll
from tests.reports.test_alerts import HOUR, quiet_month, run, wave
from tests.reports.test_joined import add, usual_month
from tests.reports.world import NOON, World


def replayed(world: World, days: float = 2, **given: float) -> list[Replayed]:
    settings = AlertSettings(**given)  # type: ignore[arg-type]
    since, until = NOON - timedelta(days=days), NOON + timedelta(hours=12)
    with reading(world.engine) as conn:
        past = past_of(conn, world.brand, since, until, settings)
    return list(replay(past, since, until, settings))


def test_it_tells_what_the_run_told(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world) == 1
    (alarm,) = replayed(world, trust_history=True)
    assert alarm.strongest.kind == "negative_count"
    assert NOON - HOUR <= alarm.opened_at <= NOON
    assert alarm.closed_at is not None
    assert alarm.closed_at - alarm.opened_at >= 3 * HOUR


def test_what_came_late_is_known_late(world: World) -> None:
    quiet_month(world)
    world.save(NOON - timedelta(days=1))
    wave(world, 9, 4)
    world.save(NOON + HOUR)
    (alarm,) = replayed(world)
    assert NOON + HOUR <= alarm.opened_at <= NOON + HOUR + timedelta(minutes=10)
    assert alarm.started_at <= NOON - 3 * HOUR


def test_a_stricter_setting_tells_less(world: World) -> None:
    quiet_month(world)
    wave(world, 6, 1)
    world.save(NOON)
    assert len(replayed(world, trust_history=True)) == 1
    assert replayed(world, trust_history=True, minimum_count=12) == []
    assert replayed(world, trust_history=True, false_alarms_per_month=1e-9) == []


def test_a_mark_ends_what_is_told_and_makes_its_series_stricter(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world) == 1
    marked_at = NOON + timedelta(minutes=30)
    with writing(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
        mark_false(conn, alert.id, marked_at, "ann")
    (alarm,) = replayed(world, trust_history=True)
    assert alarm.closed_at is not None
    assert marked_at < alarm.closed_at <= marked_at + HOUR
    # At a rate that its negative stories just reach, five earlier marks leave it to other series.
    settings = AlertSettings(
        trust_history=True, false_alarms_per_month=12 * alarm.strongest.monthly
    )
    since = NOON - timedelta(days=2)
    with reading(world.engine) as conn:
        past = past_of(conn, world.brand, since, NOON, settings)
    assert past.marks == []
    (alarm,) = replay(past, since, NOON, settings)
    assert alarm.strongest.kind == "negative_count"
    earlier = replace(past, marks=[("negative_count", since - HOUR)] * 5)
    assert all(
        one.strongest.kind != "negative_count" for one in replay(earlier, since, NOON, settings)
    )


def test_a_catch_up_raises_nothing_and_a_wave_in_it_does(world: World) -> None:
    quiet_month(world)
    for day in range(1, 29):
        for number in range(24):
            at = NOON - timedelta(days=day) + number * HOUR
            world.post(f"Zerno note {day}-{number}", at)
    world.save(NOON - timedelta(hours=9))
    for hours in (8, 6, 4):
        at = NOON - hours * HOUR
        with writing(world.engine) as conn:
            poll = start_poll(conn, world.source_id, at, at + HOUR)
            finish_poll(conn, poll, outcome="retriable", now=at, next_poll_at=at + HOUR)
    for number in range(8):
        world.post(f"Zerno thought {number}", NOON - number * HOUR)
        world.post(f"Zerno thought again {number}", NOON, published_at=None)
    world.save(NOON)
    assert run(world) == 0
    wave(world, 14, 5)
    world.save(NOON + timedelta(minutes=5))
    assert run(world, timedelta(minutes=6)) == 1


def test_what_joins_an_open_thread_is_no_alarm_of_its_own(world: World) -> None:
    usual_month(world)
    add(world, 60, -1, "tasty", "positive")
    for hour in range(8):
        add(world, 6, hour, "late")
    world.save(NOON + 8 * HOUR)
    (alarm,) = replayed(world, trust_history=True)
    assert alarm.strongest.kind == "volume"
    assert alarm.joined[0].kind == "negative_count"
    assert alarm.signals == (alarm.strongest, *alarm.others, *alarm.joined)
    assert alarm.closed_at is not None
    assert alarm.closed_at >= NOON + 10 * HOUR


def test_a_month_is_counted_right() -> None:
    assert alarms_a_month(2, NOON, NOON + timedelta(days=30.436875)) == pytest.approx(2)


def test_no_silence_is_told_of_a_time_when_nobody_read(world: World) -> None:
    usual_month(world)
    world.save(NOON - HOUR)
    with reading(world.engine) as conn:
        until = NOON + timedelta(days=30)
        past = past_of(conn, world.brand, NOON, until, AlertSettings(trust_history=True))
    assert past.read_until == NOON - HOUR
    assert list(replay(past, NOON, until, AlertSettings(trust_history=True))) == []
    silent = list(replay(replace(past, read_until=until), NOON, until, AlertSettings()))
    assert {alarm.strongest.kind for alarm in silent} == {"silence"}
