"""What happens to an alert after its decision: told again, muted, acknowledged, marked false."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reports.alert_actions import acknowledge, mark_false, mute, unmute
from reports.alert_facts import facts_of_json
from reports.alert_words import reason
from reports.alerts import run_detection
from reports.channels import Channel, FileChannel
from reports.deliver import deliver_due
from reports.interface import Audience, ReportError, Route
from reports.links import Links, make_token, open_link, read_link
from reports.manners import Manners
from reports.quiet import QuietHours
from reports.spreading import News, news_of
from reports.tuning import HALF_LIFE, STRICTEST, strictness
from store.alert_actions import actions_of
from store.alerts import alert_events, alerts
from store.engine import reading, writing
from store.spread import Spread
from tests.reports.test_alerts import HOUR, SETTINGS, outbox, quiet_month, wave
from tests.reports.world import NAMES, NOON, World

UTC_ZONE = ZoneInfo("UTC")
SECRET = "a long enough secret"
MINUTE = timedelta(minutes=1)
PLAIN = Manners(UTC_ZONE)


def open_one(world: World, **given: Any) -> int:
    """A quiet month, a wave, its alert; the alert's id."""
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert look(world, **given) == 1
    with reading(world.engine) as conn:
        return alerts(conn, world.brand.id)[-1].id


def look(world: World, later: timedelta = timedelta(0), **given: Any) -> int:
    audience = Audience("en", UTC_ZONE, **{"channels": ("pr",), "cause_names": NAMES, **given})
    with writing(world.engine) as conn:
        return run_detection(conn, [world.brand], NOON + later, SETTINGS, audience)


def deliver(
    world: World, folder: Path, later: timedelta, manners: Manners = PLAIN, **channels: Any
) -> list[str]:
    """The titles of what is sent at that time, by channel; each channel is a folder."""
    made: dict[str, Channel] = {
        name: FileChannel(name=name, path=folder / name, **settings)
        for name, settings in (channels or {"pr": {}}).items()
    }
    before = set(folder.rglob("*.json"))
    deliver_due(world.engine, made, lambda: NOON + later, environment={}, manners=manners)
    fresh = set(folder.rglob("*.json")) - before
    return sorted(f"{path.parent.name}/{path.name.rsplit('-', 1)[0]}" for path in fresh)


def actions(world: World, alert_id: int) -> list[str]:
    with reading(world.engine) as conn:
        return [event.action for event in alert_events(conn, alert_id)]


def test_another_language_another_source_and_a_big_author_are_news_once() -> None:
    told = {"languages": [["en", 9]], "sources": [["rss", 9]], "widest_reach": 400, "kind": "x"}
    assert news_of(told, Spread({"en": 20}, {"rss": 20}, 1000)) == []
    assert news_of(told, Spread({"en": 9, "de": 2}, {"rss": 9, "vk": 2}, 400)) == []
    assert news_of(told, Spread({"en": 9, "de": 3}, {"rss": 12}, 400)) == [("new_language", "de")]
    assert news_of(told, Spread({"en": 9}, {"rss": 9, "vk": 4}, 400)) == [("new_source", "vk")]
    assert news_of(told, Spread({"en": 9}, {"rss": 9}, 12_000)) == [("big_author", "12000")]
    everything = Spread({"en": 9, "de": 3}, {"rss": 9, "vk": 4}, 12_000)
    assert [why for why, _ in news_of(told, everything)] == [
        *("big_author", "new_language", "new_source"),
    ]
    famous = {**told, "widest_reach": 11_000}
    assert news_of(famous, Spread({"en": 9}, {"rss": 9}, 12_000)) == []
    assert news_of({**told, "languages": []}, Spread({"en": 9}, {"rss": 9}, 0)) == []


def test_sites_are_news_when_they_have_doubled() -> None:
    def after(told: int, now: int, **others: int) -> list[News]:
        counts = {f"s{number}.example": 9 - number for number in range(now)}
        facts = {"sources": [[f"s{number}.example", 9] for number in range(told)] or [["vk", 9]]}
        return news_of(facts, Spread({}, {**counts, **others}, 0, frozenset(counts)))

    assert after(1, 3) == []
    assert after(1, 4) == [("new_outlets", "s1.example, s2.example, s3.example")]
    assert after(4, 7) == []
    assert after(4, 8) == [("new_outlets", "s4.example, s5.example, s6.example, s7.example")]
    assert after(4, 4, vk=3) == [("new_source", "vk")]
    assert after(0, 1, vk=9) == [("new_source", "s0.example")]


def test_an_author_with_reach_brings_one_update(world: World) -> None:
    alert_id = open_one(world)
    words = "a voice of another size tells of late couriers"
    world.post(
        f"Zerno: {words}",
        NOON + 5 * MINUTE,
        "negative",
        (("late", words),),
        author_followers=90_000,
    )
    world.save(NOON + 10 * MINUTE)
    assert look(world, 10 * MINUTE) == 1
    assert look(world, 20 * MINUTE) == 0
    assert actions(world, alert_id) == ["opened", "updated"]
    text = outbox(world)[-1][2]["text"]
    assert "An author with 90K followers has joined in." in text
    assert "Widest reach: Author" in text


def test_a_false_alarm_ends_the_thread_and_is_judged_more_strictly(world: World) -> None:
    alert_id = open_one(world)
    with writing(world.engine) as conn:
        done = mark_false(conn, alert_id, NOON + MINUTE, "ann", "a flash sale")
        again = mark_false(conn, alert_id, NOON + 2 * MINUTE, "bob")
    assert (done.series, done.again, again.again) == ("negative_count", False, True)
    assert done.stricter == pytest.approx(2.0)
    assert again.stricter == pytest.approx(2.0, abs=0.01)
    assert look(world, 10 * MINUTE) == 1
    assert actions(world, alert_id) == ["opened", "over"]
    payload = outbox(world)[-1][2]
    assert payload["subject"].startswith("Zerno: marked as a false alarm, 9 negative mentions")
    assert "2 times as surprising" in payload["text"]
    assert look(world, 20 * MINUTE) == 0


def test_strictness_doubles_with_each_mark_and_fades() -> None:
    assert strictness([], NOON) == 1
    assert strictness([NOON], NOON) == 2
    assert strictness([NOON, NOON], NOON) == 4
    assert strictness([NOON - HALF_LIFE], NOON) == pytest.approx(2**0.5)
    assert strictness([NOON - 7 * HALF_LIFE], NOON) == 1
    assert strictness([NOON] * 20, NOON) == STRICTEST


def test_a_link_does_its_one_thing_until_it_expires(world: World) -> None:
    alert_id = open_one(world, links=Links("https://molva.example/", SECRET, HOUR).of)
    text = outbox(world)[0][2]["text"]
    links = [line.partition(": ")[2] for line in text.splitlines() if "/alerts/act?token=" in line]
    listing, *links = links
    assert len(links) == 3
    assert SECRET not in str(outbox(world))
    assert "token" not in str(outbox(world)[0][2]["facts"])
    with writing(world.engine) as conn:
        assert not open_link(conn, links[0], SECRET, NOON + MINUTE).again
        assert open_link(conn, links[0], SECRET, NOON + 2 * MINUTE).again
        muted = open_link(conn, links[1].partition("token=")[2], SECRET, NOON + 3 * MINUTE)
        again = open_link(conn, links[1], SECRET, NOON + 4 * MINUTE)
        assert (muted.again, again.again, again.until) == (False, True, muted.until)
    with reading(world.engine) as conn:
        done = [(row.action, row.who) for row in actions_of(conn, alert_id)]
    assert done == [("ack", "link"), ("mute", "link")]
    with reading(world.engine) as conn, pytest.raises(ReportError, match=f"mentions {alert_id}"):
        open_link(conn, listing, SECRET, NOON + MINUTE)
    with pytest.raises(ReportError, match="expired"):
        read_link(links[0], SECRET, NOON + HOUR)


def test_a_changed_link_and_a_foreign_secret_are_refused() -> None:
    token = make_token("ack", 12, SECRET, NOON + HOUR)
    later = make_token("ack", 12, SECRET, NOON + 2 * HOUR)
    body, _, sign = token.rpartition(".")
    for forged in (
        token.replace("ack.12.", "ack.13."),
        token.replace("ack.", "false."),
        f"{later.rpartition('.')[0]}.{sign}",
        f"{body}.",
        body,
        "",
        "https://molva.example/alerts/act?token=",
        "http://[",
        "ё" * 40,
    ):
        with pytest.raises(ReportError, match="not valid"):
            read_link(forged, SECRET, NOON)
    with pytest.raises(ReportError, match="not valid"):
        read_link(token, SECRET + "!", NOON)
    with pytest.raises(ReportError, match="16 characters"):
        make_token("ack", 12, "short", NOON)


def test_a_mute_holds_messages_and_tells_the_last_afterwards(world: World, tmp_path: Path) -> None:
    alert_id = open_one(world)
    with writing(world.engine) as conn:
        mute(conn, NOON, "ann", 7 * HOUR, brand_id=world.brand.id)
    assert deliver(world, tmp_path, MINUTE) == []
    assert look(world, 5 * HOUR) == 1
    assert deliver(world, tmp_path, 5 * HOUR) == []
    (told,) = deliver(world, tmp_path, 7 * HOUR)
    assert told.endswith("-over")
    assert deliver(world, tmp_path, 9 * HOUR) == []
    assert actions(world, alert_id) == ["opened", "over"]


def test_unmuting_releases_at_once(world: World, tmp_path: Path) -> None:
    alert_id = open_one(world)
    with writing(world.engine) as conn:
        mute(conn, NOON, "ann", 7 * HOUR, brand_id=world.brand.id, alert_id=alert_id)
    assert deliver(world, tmp_path, MINUTE) == []
    with writing(world.engine) as conn:
        unmute(conn, NOON + 2 * MINUTE, "ann", brand_id=world.brand.id, alert_id=alert_id)
    assert len(deliver(world, tmp_path, 3 * MINUTE)) == 1
    with pytest.raises(ReportError, match="31 days"), writing(world.engine) as conn:
        mute(conn, NOON, "ann", timedelta(days=400), brand_id=world.brand.id)


def test_quiet_hours_hold_what_is_not_severe(world: World, tmp_path: Path) -> None:
    open_one(world, channels=("pr", "wall"))
    severity = int(outbox(world)[0][2]["facts"]["severity"])
    night = QuietHours(start="11:00", end="15:00", override_severity=severity + 1)
    calm = Manners(UTC_ZONE, night)
    settings: dict[str, Any] = {"pr": {}, "wall": {"quiet": False}}
    assert [name[:5] for name in deliver(world, tmp_path, MINUTE, calm, **settings)] == ["wall/"]
    assert deliver(world, tmp_path, 2 * HOUR, calm, **settings) == []
    assert [name[:3] for name in deliver(world, tmp_path, 3 * HOUR, calm, **settings)] == ["pr/"]


def test_a_severe_alert_does_not_wait(world: World, tmp_path: Path) -> None:
    open_one(world)
    severity = int(outbox(world)[0][2]["facts"]["severity"])
    night = QuietHours(start="11:00", end="15:00", override_severity=severity)
    assert len(deliver(world, tmp_path, MINUTE, Manners(UTC_ZONE, night))) == 1


def test_what_quiet_hours_held_is_not_told_after_the_all_clear(
    world: World, tmp_path: Path
) -> None:
    open_one(world)
    severity = int(outbox(world)[0][2]["facts"]["severity"])
    night = QuietHours(start="11:00", end="20:00", override_severity=severity + 1)
    calm = Manners(UTC_ZONE, night)
    assert deliver(world, tmp_path, MINUTE, calm) == []
    wave(world, 14, -0.2)
    world.save(NOON + HOUR)
    assert look(world, 1.2 * HOUR) == 1
    assert [name[-7:] for name in deliver(world, tmp_path, 1.3 * HOUR, calm)] == ["updated"]
    assert look(world, 6 * HOUR) == 1
    assert [name[-4:] for name in deliver(world, tmp_path, 6 * HOUR, calm)] == ["over"]
    assert deliver(world, tmp_path, 9 * HOUR, calm) == []


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-03-28T20:59", None),
        ("2026-03-28T21:00", "2026-03-29T06:00"),
        ("2026-03-29T05:59", "2026-03-29T06:00"),
        ("2026-03-29T06:00", None),
        ("2026-10-24T20:00", "2026-10-25T07:00"),
        ("2026-10-25T06:59", "2026-10-25T07:00"),
        ("2026-10-25T07:00", None),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(now: str, over: str | None) -> None:
    quiet = QuietHours(start="22:00", end="08:00")
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    expected = None if over is None else datetime.fromisoformat(over).replace(tzinfo=UTC)
    assert quiet.over_at(at, ZoneInfo("Europe/Berlin")) == expected


def test_quiet_hours_that_begin_or_end_where_the_clock_jumps() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    twice = QuietHours(start="01:00", end="02:30")
    assert twice.over_at(datetime(2026, 10, 25, 0, 45, tzinfo=UTC), berlin) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )
    skipped = QuietHours(start="02:30", end="06:00")
    assert skipped.over_at(datetime(2026, 3, 29, 1, 29, tzinfo=UTC), berlin) is None
    assert skipped.over_at(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), berlin) is not None
    with pytest.raises(ValueError, match="the same"):
        QuietHours(start="22:00", end="22:00")


def test_an_alert_nobody_takes_calls_the_next_channel(world: World, tmp_path: Path) -> None:
    routes = {"boss": Route(escalate_after=30 * MINUTE)}
    settings: dict[str, Any] = {"pr": {}, "boss": {"escalate_after_minutes": 30}}
    open_one(world, channels=("pr", "boss"), routes=routes)
    assert [name[:3] for name in deliver(world, tmp_path, MINUTE, **settings)] == ["pr/"]
    assert deliver(world, tmp_path, 29 * MINUTE, **settings) == []
    assert [name[:5] for name in deliver(world, tmp_path, 30 * MINUTE, **settings)] == ["boss/"]


def test_an_acknowledged_alert_calls_nobody_else(world: World, tmp_path: Path) -> None:
    routes = {"boss": Route(escalate_after=30 * MINUTE)}
    settings: dict[str, Any] = {"pr": {}, "boss": {"escalate_after_minutes": 30}}
    alert_id = open_one(world, channels=("pr", "boss"), routes=routes)
    deliver(world, tmp_path, MINUTE, **settings)
    with writing(world.engine) as conn:
        acknowledge(conn, alert_id, NOON + 2 * MINUTE, "ann")
    assert deliver(world, tmp_path, 40 * MINUTE, **settings) == []
    assert look(world, 5 * HOUR, channels=("pr", "boss"), routes=routes) == 1
    assert [name[:3] for name in deliver(world, tmp_path, 5 * HOUR, **settings)] == ["pr/"]


@pytest.mark.parametrize("answer", ["over", "mute", "false"])
def test_what_is_over_or_answered_before_its_time_calls_nobody(
    world: World, tmp_path: Path, answer: str
) -> None:
    given: dict[str, Any] = {
        "channels": ("pr", "boss"),
        "routes": {"boss": Route(escalate_after=300 * MINUTE)},
    }
    settings: dict[str, Any] = {"pr": {}, "boss": {"escalate_after_minutes": 300}}
    alert_id = open_one(world, **given)
    assert len(deliver(world, tmp_path, MINUTE, **settings)) == 1
    with writing(world.engine) as conn:
        if answer == "mute":
            mute(conn, NOON + HOUR, "ann", HOUR, brand_id=world.brand.id, alert_id=alert_id)
        elif answer == "false":
            mark_false(conn, alert_id, NOON + HOUR, "ann")
    if answer != "mute":
        assert look(world, 4 * HOUR, **given) == 1
    told = deliver(world, tmp_path, 4 * HOUR, **settings)
    told += deliver(world, tmp_path, 5 * HOUR + MINUTE, **settings)
    assert [name[:3] for name in told] == ["pr/"] * (answer != "mute")


def test_a_mute_of_the_brand_only_holds_its_escalations(world: World, tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "channels": ("boss",),
        "routes": {"boss": Route(escalate_after=30 * MINUTE)},
    }
    settings: dict[str, Any] = {"boss": {"escalate_after_minutes": 30}}
    open_one(world, **given)
    with writing(world.engine) as conn:
        mute(conn, NOON, "ann", HOUR, brand_id=world.brand.id)
    assert deliver(world, tmp_path, 40 * MINUTE, **settings) == []
    assert len(deliver(world, tmp_path, HOUR, **settings)) == 1


def test_an_escalation_that_quiet_hours_held_calls_nobody_once_it_is_over(
    world: World, tmp_path: Path
) -> None:
    given: dict[str, Any] = {
        "channels": ("boss",),
        "routes": {"boss": Route(escalate_after=30 * MINUTE)},
    }
    settings: dict[str, Any] = {"boss": {"escalate_after_minutes": 30}}
    night = Manners(UTC_ZONE, QuietHours(start="11:00", end="20:00", override_severity=11))
    open_one(world, **given)
    assert deliver(world, tmp_path, 40 * MINUTE, night, **settings) == []
    assert look(world, 5 * HOUR, **given) == 1
    assert deliver(world, tmp_path, 9 * HOUR, night, **settings) == []


def test_only_who_is_called_later_waits(world: World) -> None:
    routes = {"boss": Route(escalate_after=30 * MINUTE)}
    open_one(world, channels=("boss", "pr"), routes=routes)
    held = {channel: "not_before" in payload for _, channel, payload in outbox(world)}
    assert held.get("pr") is False


def test_all_that_is_new_is_told_the_most_important_first(world: World) -> None:
    open_one(world)
    wave(world, 12, -0.1, author_id="same")
    words = "a voice of another size tells of late couriers"
    world.post(
        f"Zerno: {words}",
        NOON + 9 * MINUTE,
        "negative",
        (("late", words),),
        author_followers=90_000,
    )
    world.save(NOON + HOUR)
    assert look(world, HOUR) == 1
    facts = outbox(world)[-1][2]["facts"]
    assert (facts["why"], facts["detail"], facts["also"]) == (
        *("big_author", "90000"),
        [["doubled", ""]],
    )
    said = reason(facts_of_json(facts))
    assert said.index("90K followers has joined in") < said.index("has doubled")
    assert look(world, HOUR + 10 * MINUTE) == 0


def test_alerts_go_where_they_belong(world: World) -> None:
    routes = {
        "all": Route(),
        "other-brand": Route(brands=frozenset({"kofeinya"})),
        "brand": Route(brands=frozenset({"zerno"})),
        "late": Route(causes=frozenset({"late"})),
        "rude": Route(causes=frozenset({"rude"})),
        "severe": Route(minimum_severity=10),
    }
    open_one(world, channels=tuple(routes), routes=routes)
    severity = outbox(world)[0][2]["facts"]["severity"]
    expected = {"all", "brand", "late"} | ({"severe"} if severity == 10 else set())
    assert {channel for _, channel, _ in outbox(world)} == expected
    only = {"channels": ("all", "late", "new"), "routes": {"late": Route(frozenset({"kofeinya"}))}}
    assert look(world, 5 * HOUR, **only) == 1
    over = [channel for key, channel, _ in outbox(world) if key.endswith(":2")]
    assert sorted(over) == ["all", "late"]
