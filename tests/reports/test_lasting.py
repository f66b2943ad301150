"""A wave that outlasts its alert is told as such, and no more before it has ended."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from reports.alert_facts import facts_of_json
from reports.alert_words import alert_subject, reason
from reports.calm_time import calm_causes, calm_share, calm_time
from reports.interface import Lang
from reports.lasting import Wave
from reports.series import calm, judge, learn_habits
from reports.shares import learn_share, share_signal
from reports.signals import Watch, sightings
from reports.thread import Thread, told_of
from reports.usual import PER_DAY, SIZE
from store.alert_rows import AlertEventRow
from store.alerts import add_event, alert_events, alerts, open_alert
from store.engine import reading, writing
from tests.reports.test_alerts import HOUR, WORDS, outbox, quiet_month, run
from tests.reports.test_joined import poll, two_sources
from tests.reports.test_series import board, series
from tests.reports.world import NOON, World

WEEK = 7 * 24


def complaints(world: World, begin: float, end: float, an_hour: int) -> None:
    """So many an hour, each in its own words, from and to so many hours after noon."""
    dice = random.Random(f"{begin}{end}")
    for number in range(round((end - begin) * an_hour)):
        words = " ".join(dice.choices(WORDS, k=9))
        at = NOON + (begin + number / an_hour) * HOUR
        world.post(f"Zerno {words}", at, "negative", (("late", words),), author_followers=5)


def test_what_goes_on_after_a_week_is_told_as_the_usual_and_not_again(world: World) -> None:
    ids = two_sources(world)
    quiet_month(world)
    complaints(world, -3, 0, 5)
    world.save(NOON)
    for hour in range(WEEK + 41):
        poll(world, ids, hour)
        if 0 < hour <= WEEK + 30 or hour > WEEK + 37:
            complaints(world, hour - 1, hour, 5 if hour <= WEEK + 30 else 25)
            world.save(NOON + hour * HOUR)
        if hour in {0, 1} or hour > WEEK - 6:
            run(world, hour * HOUR + timedelta(minutes=1))
    with reading(world.engine) as conn:
        first, second = alerts(conn, world.brand.id)
        events = alert_events(conn, first.id)
    assert events[-1].facts["why"] == "long"
    assert first.closed_at is not None
    assert first.closed_at - first.started_at >= timedelta(days=7)
    assert second.detected_at >= NOON + (WEEK + 37) * HOUR
    facts = facts_of_json(events[-1].facts)
    assert "still going on after 7 days" in alert_subject(facts)
    assert "will not be told of it again until it ends" in reason(facts)
    assert "were as usual" not in reason(facts)
    assert len(outbox(world)) == 2 * (len(events) + 1 + second.events - 1)


def test_only_what_it_does_not_explain_is_news_beside_it() -> None:
    counts = series(100)
    for name in ("volume", "negative", "scored", "cause:1"):
        counts[name][-8 * PER_DAY :] += 2
    known = np.ones(SIZE, bool)
    known[-8 * PER_DAY : -PER_DAY] = False
    now = board(counts, known=known, fresh=PER_DAY)
    told = AlertEventRow(1, "opened", NOON, told_of(now, 8 * PER_DAY))
    wave = Wave(Thread("negative_count", "", [told]), 8 * PER_DAY, PER_DAY)
    usual = learn_habits(now)
    assert wave.calm_since(now) is None
    assert judge(now, Watch()) is not None
    alone = judge(now, Watch(), wanted=lambda signal, usual: wave.is_news(signal, now, usual, 5))
    assert alone is None or alone.strongest.kind != "negative_count"
    for name in ("volume", "negative", "scored"):
        counts[name][-6:] += 12
    grown = judge(now, Watch(), usual, lambda signal, usual: wave.is_news(signal, now, usual, 5))
    assert grown is not None
    assert grown.strongest.kind == "negative_count"
    for name in ("volume", "negative", "scored", "cause:1"):
        counts[name][-60:-40] = 0
    assert wave.calm_since(now) == 62


def test_a_reprint_ends_a_silence_and_prevents_it() -> None:
    counts = series(300)
    for row in counts.values():
        row[-48:] = 0
    now = board(counts)
    verdict = judge(now, Watch())
    assert verdict is not None
    assert verdict.strongest.kind == "silence"
    silent = Wave(Thread("silence", "", []), 48, 20)
    assert silent.calm_since(now) is None
    counts["reprints"][-10] = 1
    assert sightings(now)[-48:].sum() == 1
    assert calm(now, "silence", "", 48)
    assert silent.calm_since(now) == 10
    counts["reprints"][-48::5] = 1
    assert judge(now, Watch()) is None


def test_a_share_after_a_closed_alert_is_of_what_was_counted() -> None:
    counts = series(400)
    counts["negative"][-60:] = np.round(counts["scored"][-60:] * 0.6)
    now = board(counts, fresh=60)
    signal = share_signal(now, learn_share(now), Watch())
    assert 0 < signal.start == signal.width <= 60
    assert signal.trials == counts["scored"][-signal.width :].sum()


def test_the_usual_is_counted_in_the_time_of_no_alert(world: World) -> None:
    def opened(number: int, since: float, until: float) -> None:
        with writing(world.engine) as conn:
            row = open_alert(
                conn,
                fingerprint=f"f{number}",
                brand_id=world.brand.id,
                kind="volume",
                severity=3,
                started_at=NOON - since * HOUR,
                detected_at=NOON - since * HOUR,
                facts={},
                now=NOON,
            )
            assert row is not None
            add_event(conn, row.id, "over", NOON - until * HOUR, {}, close=True)

    opened(1, 100, 90)
    opened(2, 40, 30)
    complaints(world, -101, -80, 1)
    world.save(NOON)
    with reading(world.engine) as conn:
        calm_hours = calm_time(conn, world.brand.id, NOON)
        counts = calm_causes(conn, world.brand.id, calm_hours, ())
        share = calm_share(conn, world.brand.id, calm_hours)
    ends = [(NOON - since) / HOUR for stretch in calm_hours for since in stretch]
    assert ends == [56 * 24, 100, 90, 40, 30, 0]
    assert [(row.cause, row.mentions) for row in counts] == [("late", 11)]
    assert share == 1


@pytest.mark.parametrize(
    ("lang", "minutes", "said"),
    [
        ("en", 60, "an hour"),
        ("en", 90, "90 minutes"),
        ("en", 180, "3 hours"),
        ("ru", 90, "90 минут"),
    ],
)
def test_a_window_below_two_hours_is_told_in_minutes(
    world: World, lang: Lang, minutes: int, said: str
) -> None:
    quiet_month(world)
    complaints(world, -1, 0, 9)
    world.save(NOON)
    run(world)
    facts = facts_of_json(outbox(world)[0][2]["facts"])
    assert f" {said}, " in alert_subject(replace(facts, lang=lang, window_minutes=minutes))
