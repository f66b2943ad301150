"""Alerts, digests, the outbox and leases: what is told to whom, once."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from store.alert_rows import AlertRow
from store.alerts import add_event, alert_events, alerts, open_alert, open_alerts
from store.brands import brand_by_slug, brands, sync_brands
from store.digests import DigestKey, digest_exists, save_digest, told_until
from store.engine import writing
from store.interface import BrandSpec
from store.leases import acquire, release, renew
from store.outbox import claim, due, enqueue, mark_retry, mark_sent
from tests.store.helpers import DAY, HOUR, MINUTE, NOW, World, make_world


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def opened(world: World, fingerprint: str = "zerno:negative:1") -> AlertRow | None:
    with writing(world.engine) as conn:
        return open_alert(
            conn,
            fingerprint=fingerprint,
            brand_id=world.zerno,
            kind="negative",
            severity=2,
            started_at=NOW - HOUR,
            detected_at=NOW,
            facts={"count": 14},
            now=NOW,
        )


def test_an_alert_opens_once_and_grows_a_thread(world: World) -> None:
    alert = opened(world)
    assert alert is not None
    assert (alert.state, alert.events, alert.facts) == ("open", 1, {"count": 14})
    assert opened(world) is None
    with writing(world.engine) as conn:
        assert add_event(conn, alert.id, "updated", NOW, {"count": 30}, severity=3) == 2
        assert open_alerts(conn, world.zerno)[0].facts == {"count": 30}
        assert add_event(conn, alert.id, "over", NOW + HOUR, {"count": 31}, close=True) == 3
        assert open_alerts(conn) == []
        (closed,) = alerts(conn, world.zerno)
        assert (closed.state, closed.severity, closed.closed_at) == ("over", 3, NOW + HOUR)
        thread = alert_events(conn, alert.id)
        assert [(e.number, e.action) for e in thread] == [
            (1, "opened"),
            (2, "updated"),
            (3, "over"),
        ]
    assert opened(world) is None


def test_alerts_are_found_by_brand_and_time(world: World) -> None:
    opened(world)
    with writing(world.engine) as conn:
        assert alerts(conn, world.rival) == []
        assert open_alerts(conn, world.rival) == []
        assert len(alerts(conn, since=NOW)) == 1
        assert alerts(conn, since=NOW + MINUTE) == []


def test_a_message_is_owed_once_to_each_channel(world: World) -> None:
    with writing(world.engine) as conn:
        assert enqueue(conn, "alert:1:1", "pr", {"subject": "Всплеск"}, NOW)
        assert not enqueue(conn, "alert:1:1", "pr", {}, NOW + HOUR)
        assert enqueue(conn, "alert:1:1", "mail", {}, NOW + MINUTE)
        assert [m.channel for m in due(conn, NOW + HOUR, 10)] == ["pr", "mail"]
        (first,) = due(conn, NOW, 10)
        assert (first.key, first.payload, first.attempts) == (
            "alert:1:1",
            {"subject": "Всплеск"},
            0,
        )
        mark_sent(conn, first.id, NOW)
        assert [m.channel for m in due(conn, NOW + HOUR, 10)] == ["mail"]
        assert not enqueue(conn, "alert:1:1", "pr", {}, NOW + DAY)


def test_a_message_that_failed_waits_and_is_given_up_in_the_end(world: World) -> None:
    with writing(world.engine) as conn:
        enqueue(conn, "digest:1", "mail", {}, NOW)
        (message,) = due(conn, NOW, 1)
        assert claim(conn, message.id, NOW, NOW + MINUTE)
        mark_retry(conn, message.id, "refused", NOW + HOUR, give_up=False)
        assert due(conn, NOW + MINUTE, 1) == []
        assert due(conn, NOW + HOUR, 1)[0].attempts == 1
        mark_retry(conn, message.id, "refused", NOW + HOUR, give_up=True)
        assert due(conn, NOW + DAY, 1) == []


def test_a_digest_of_a_day_is_made_once(world: World) -> None:
    made = DigestKey(world.zerno, "day", NOW.date(), "Europe/Moscow", "ru")
    with writing(world.engine) as conn:
        assert not digest_exists(conn, made)
        assert save_digest(conn, made, {"negative": 3}, NOW)
        assert not save_digest(conn, made, {}, NOW)
        assert digest_exists(conn, made)
        assert not digest_exists(conn, replace(made, lang="en"))
        assert not digest_exists(conn, replace(made, period="week"))


def test_what_was_told_before_ends_with_the_last_digest_of_an_earlier_day(world: World) -> None:
    first = DigestKey(world.zerno, "day", NOW.date(), "UTC", "en")
    later = replace(first, day=first.day + DAY)
    with writing(world.engine) as conn:
        save_digest(conn, first, {}, NOW)
        save_digest(conn, replace(first, zone="Europe/Moscow"), {}, NOW + HOUR)
        assert told_until(conn, first) is None
        assert told_until(conn, later) == NOW


def test_a_lease_has_one_holder_until_its_time_is_up(world: World) -> None:
    with writing(world.engine) as conn:
        assert acquire(conn, "run", "first", NOW, MINUTE)
        assert acquire(conn, "run", "first", NOW, MINUTE)
        assert not acquire(conn, "run", "second", NOW, MINUTE)
        assert renew(conn, "run", "first", NOW + MINUTE / 2, MINUTE)
        assert not acquire(conn, "run", "second", NOW + MINUTE, MINUTE)
        assert acquire(conn, "run", "second", NOW + 2 * MINUTE, MINUTE)
        assert not renew(conn, "run", "first", NOW + 2 * MINUTE, MINUTE)
        release(conn, "run", "first")
        assert not acquire(conn, "run", "first", NOW + 2 * MINUTE, MINUTE)
        release(conn, "run", "second")
        assert acquire(conn, "run", "first", NOW + 2 * MINUTE, MINUTE)


def test_a_changed_query_is_a_new_version(world: World) -> None:
    with writing(world.engine) as conn:
        same = BrandSpec("zerno", "Зерно", "зерно")
        assert [b.query_version for b in sync_brands(conn, [same], NOW)] == [1]
        changed = BrandSpec("zerno", "Зерно", "зерно NOT пшеница")
        (brand,) = sync_brands(conn, [changed], NOW)
        assert (brand.id, brand.name, brand.query_version) == (world.zerno, "Зерно", 2)
        assert [b.slug for b in brands(conn)] == ["zerno"]
        rival = brand_by_slug(conn, "beanly")
        assert rival is not None
        assert (rival.is_rival, rival.query) == (True, "beanly")
        assert brand_by_slug(conn, "nobody") is None
