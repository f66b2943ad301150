"""A brand's wave from quiet to all-clear, told once each; and the pure decisions behind it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reports.alerts import AlertSettings, run_detection
from reports.interface import Audience
from store.alerts import alert_events, alerts
from store.engine import reading, writing
from store.facet_rows import FacetRow, FacetSpec
from store.outbox import due
from store.sources import finish_poll, start_poll
from tests.reports.world import NAMES, NOON, World

HOUR = timedelta(hours=1)
SETTINGS = AlertSettings()
AUDIENCE = Audience("en", ZoneInfo("Europe/Moscow"), ("pr", "hook"), NAMES)


def quiet_month(world: World) -> None:
    """Two negative stories a day for four weeks, the last one a day before noon."""
    for day in range(2, 29):
        for hour in (3, 9):
            at = NOON - timedelta(days=day, hours=hour)
            world.post(f"Zerno was slow on day {day} at {hour}", at, "negative")


PLACES = (
    FacetSpec("place", "lenina", "Lenin Street", {"en": "Lenin Street", "ru": "Ленина"}),
    FacetSpec("place", "port", "Port"),
    FacetSpec("product", "card", "Gold card"),
)


def wave(world: World, count: int, hours_ago: float, cause: str = "late", **given: Any) -> None:
    """`count` negative stories within the hour that began `hours_ago`, each in its own words."""
    dice = random.Random(f"{count}{hours_ago}{cause}")
    for number in range(count):
        words = " ".join(dice.choices(WORDS, k=9))
        at = NOON - hours_ago * HOUR + timedelta(minutes=number * 50 / count)
        world.post(
            f"Zerno again: {words}",
            at,
            "negative",
            ((cause, words),),
            author_followers=number,
            **given,
        )


WORDS = [a + b + c for a in ("ko", "lu", "ta") for b in ("ri", "mo", "se") for c in ("n", "ma")]


def run(world: World, later: timedelta = timedelta(0), audience: Audience = AUDIENCE) -> int:
    with writing(world.engine) as conn:
        return run_detection(conn, [world.brand, world.rival], NOON + later, SETTINGS, audience)


def outbox(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    with reading(world.engine) as conn:
        rows = due(conn, NOON + timedelta(days=30), 1000)
    return [(row.key, row.channel, dict(row.payload)) for row in rows]


def test_a_wave_is_told_once_grows_once_and_ends_once(world: World) -> None:
    quiet_month(world)
    world.save(NOON - timedelta(days=1))
    assert run(world) == 0
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world) == 1
    assert run(world, timedelta(minutes=10)) == 0
    wave(world, 12, -0.2)
    world.save(NOON + HOUR)
    assert run(world, 1.2 * HOUR) == 1
    assert run(world, 2 * HOUR) == 0
    assert run(world, 5 * HOUR) == 1
    assert run(world, 6 * HOUR) == 0
    assert run(world, 30 * HOUR) == 0
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
        events = alert_events(conn, alert.id)
    assert [event.action for event in events] == ["opened", "updated", "over"]
    assert alert.state == "over"
    keys = [(key, channel) for key, channel, _ in outbox(world)]
    assert sorted(keys) == sorted(
        (f"alert:{alert.id}:{n}", channel) for n in (1, 2, 3) for channel in ("pr", "hook")
    )


def test_the_message_says_what_why_and_how_sure(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.post("Zerno makes good coffee", NOON - 0.5 * HOUR, "positive")
    world.save(NOON)
    run(world)
    payload = outbox(world)[0][2]
    facts = payload["facts"]
    assert facts["observed"] == 9
    assert facts["low"] <= facts["expected"] <= facts["high"] < 9
    assert facts["expected"] < 0.05
    assert facts["ratio"] is None
    assert facts["window_minutes"] == 60
    assert facts["false_alarms_per_month"] == 1
    assert facts["negative_share"] == 0.9
    assert facts["share_low"] < 0.9 < facts["share_high"]
    assert facts["authors"] == 10
    assert facts["delay_minutes"] == 60
    assert facts["outage_minutes"] == 0
    cause = facts["causes"][0]
    assert (cause["cause"], cause["mentions"]) == ("late", 9)
    assert 2 <= len(cause["quotes"]) <= 3
    assert len({quote["text"] for quote in cause["quotes"]}) == len(cause["quotes"])
    assert facts["farthest_post"]["reach"] == 8
    assert facts["sources"] == [["news.example", 9]]
    assert payload["subject"].startswith("Zerno: 9 negative mentions in")
    assert "“late delivery”: 9 of 9 negative mentions" in payload["text"]
    assert "at most 1 a month" in payload["text"]
    assert payload["html"].startswith("<!doctype html>")


def test_it_speaks_russian_too(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    run(world, audience=Audience("ru", ZoneInfo("Europe/Moscow"), ("pr",), NAMES))
    payload = outbox(world)[0][2]
    assert "9 негативных упоминаний за час, обычно" in payload["subject"]
    assert "«поздняя доставка»: 9 из 9 негативных упоминаний" in payload["text"]


def test_reprints_are_one_story_that_spreads_and_no_wave_of_stories(world: World) -> None:
    quiet_month(world)
    for number in range(20):
        world.post(
            "Zerno shut its oldest coffee house and every paper prints the same words about it",
            NOON - HOUR + timedelta(minutes=number),
            "negative",
        )
    world.save(NOON)
    assert run(world) == 1
    payload = outbox(world)[0][2]
    assert payload["facts"]["kind"] == "story"
    assert payload["facts"]["others"] == []
    assert payload["subject"].startswith("Zerno: a story retold 19 times in 24 hours, usually none")
    assert payload["facts"]["first_post"]["sightings"] == 20


def test_rivals_raise_nothing(world: World) -> None:
    quiet_month(world)
    for number in range(20):
        at = NOON - HOUR + timedelta(minutes=number)
        world.post(f"Kofeinya disappoints {number}", at, "negative", rival=True)
    world.save(NOON)
    assert run(world) == 0


def test_many_happy_posts_are_a_wave_of_posts(world: World) -> None:
    quiet_month(world)
    for number in range(20):
        words = " ".join(random.Random(number).choices(WORDS, k=9))
        world.post(f"Zerno {words}", NOON - HOUR + timedelta(minutes=number), "positive")
    world.save(NOON)
    assert run(world) == 1
    facts = outbox(world)[0][2]["facts"]
    assert (facts["kind"], facts["observed"], facts["negative"]) == ("volume", 20, 0)
    assert facts["severity"] < 10


def test_nothing_is_judged_before_there_is_history(world: World) -> None:
    wave(world, 12, 1)
    world.save(NOON)
    with writing(world.engine) as conn:
        conn.exec_driver_sql("update source set created_at = '2026-03-02 12:00:00.000000'")
    assert run(world) == 0


def test_a_failed_channel_list_still_keeps_the_alert(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world, audience=Audience("en", ZoneInfo("UTC"))) == 1
    assert outbox(world) == []


def test_a_rolled_back_decision_is_made_again(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)

    def killed_before_commit() -> None:
        with writing(world.engine) as conn:
            run_detection(conn, [world.brand], NOON, SETTINGS, AUDIENCE)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        killed_before_commit()
    assert outbox(world) == []
    assert run(world) == 1


def test_an_outage_in_the_window_is_confessed(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    for hours, outcome in ((5, "ok"), (4, "retriable"), (2, "retriable")):
        at = NOON - hours * HOUR
        with writing(world.engine) as conn:
            poll = start_poll(conn, world.source_id, at, at + HOUR)
            finish_poll(conn, poll, outcome=outcome, now=at, next_poll_at=at + HOUR)
    world.save(NOON)
    run(world)
    assert outbox(world)[0][2]["facts"]["observed"] == 9
    assert outbox(world)[0][2]["facts"]["outage_minutes"] > 0


def test_a_wave_names_the_place_that_most_of_it_speaks_of(world: World) -> None:
    row = world.facets(*PLACES)
    quiet_month(world)
    wave(world, 8, 1, matches=world.match(row["lenina"], row["card"]))
    wave(world, 2, 0.9, "rude", matches=world.match(row["port"]))
    world.save(NOON)
    assert run(world, audience=Audience("ru", AUDIENCE.zone, ("pr",), NAMES)) == 1
    payload = outbox(world)[0][2]
    facts = payload["facts"]
    assert facts["kind"] == "negative_count"
    assert [(p["facet"], p["mentions"], p["share"]) for p in facts["places"]] == [
        ("lenina", 8, 0.8),
        ("port", 2, 0.2),
    ]
    assert facts["places"][0]["notable"]
    assert [p["name"] for p in facts["products"]] == ["Gold card"]
    assert ("place", "Ленина") in {(other["kind"], other["name"]) for other in facts["others"]}
    for said in (
        "«Ленина»: 8 из 10 негативных упоминаний",
        "О каких местах речь: Ленина (8), Port",
    ):
        assert said in payload["text"]
    assert "«Port»" not in payload["text"]


def usual_places(world: World, row: dict[str, FacetRow]) -> None:
    """Three weeks with twelve complaints a day at the port, none of the last eight hours."""
    for hours in range(9, 21 * 24, 2):
        said = f"Zerno was slow {hours} hours ago, and so it was before"
        at = NOON - hours * HOUR
        there = world.match(row["port"])
        late = (("late", "slow"),)
        world.post(said, at, "negative", late, matches=there, author_followers=9000)


def test_one_place_alone_is_told_of_where_the_brand_is_as_usual(world: World) -> None:
    row = world.facets(*PLACES)
    usual_places(world, row)
    wave(world, 7, 6, matches=world.match(row["lenina"]))
    world.save(NOON)
    assert run(world) == 1
    payload = outbox(world)[0][2]
    facts = payload["facts"]
    assert (facts["kind"], facts["about_id"], facts["about"]) == ("place", "lenina", "Lenin Street")
    assert (facts["observed"], facts["causes"][0]["mentions"]) == (7, 7)
    assert payload["subject"].startswith("Zerno: 7 negative mentions of “Lenin Street” in")
    assert "“late delivery”: 7 of 7 negative mentions" in payload["text"]
    assert facts["first_post"]["text"].startswith("Zerno again")
    assert run(world, timedelta(minutes=10)) == 0
    assert run(world, 12 * HOUR) == 1
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
    assert (alert.kind, alert.state) == ("place", "over")


def test_what_the_brand_writes_itself_raises_nothing(world: World) -> None:
    quiet_month(world)
    wave(world, 12, 1, matches=world.match(own=True))
    world.save(NOON)
    assert run(world) == 0
