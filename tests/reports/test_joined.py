"""An open thread hides no other crisis, tells none of them twice, and ends when all are over."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection

from reports.alert_facts import facts_of_json
from reports.alert_words import reason
from reports.series import judge, learn_habits, signals
from reports.signals import Watch
from reports.thread import Thread
from reports.usual import SIZE, Board
from store.alert_rows import AlertEventRow
from store.alerts import alert_events, alerts
from store.engine import reading, writing
from store.interface import SourceSpec
from store.sources import finish_poll, start_poll, sync_sources
from tests.reports.test_alerts import HOUR, WORDS, outbox, quiet_month, run, wave
from tests.reports.test_series import series
from tests.reports.world import NOON, World

MINUTE = timedelta(minutes=1)


def told(world: World) -> list[tuple[str, str]]:
    """What each message of the brand's threads did, and why."""
    with reading(world.engine) as conn:
        return [
            (event.action, event.facts["why"])
            for alert in alerts(conn, world.brand.id)
            for event in alert_events(conn, alert.id)
        ]


def add(world: World, count: int, hours: float, cause: str, mood: str = "negative") -> None:
    """So many stories within ten minutes, so many hours after noon, each in its own words."""
    dice = random.Random(f"{count}{hours}{cause}{mood}")
    for number in range(count):
        words = " ".join(dice.choices(WORDS, k=9))
        at = NOON + hours * HOUR + number * timedelta(minutes=9) / count
        world.post(f"Zerno {mood}: {words}", at, mood, ((cause, words),), author_followers=5)


def usual_month(world: World, causes: Sequence[str] = ("late",)) -> None:
    """Ten stories a day for five weeks, three of ten negative, each about one of these causes."""
    dice = random.Random(7)
    for back in range(10 * 35):
        words = " ".join(dice.choices(WORDS, k=9))
        at = NOON - HOUR - back * timedelta(hours=2.4)
        mood = "negative" if dice.random() < 0.3 else "neutral"
        named = ((dice.choice(causes), words),) if mood == "negative" else ()
        world.post(f"Zerno {words}", at, mood, named, author_followers=dice.randint(5, 300))


def test_another_cause_that_strikes_in_an_open_thread_is_told_once(world: World) -> None:
    usual_month(world)
    wave(world, 30, 1)
    world.save(NOON)
    assert run(world) == 1
    for part in range(5):
        add(world, 5, part / 6, "rude")
        world.save(NOON + (part + 1) / 6 * HOUR)
        run(world, (part + 1) / 6 * HOUR)
    assert told(world) == [("opened", ""), ("updated", "joined")]
    payload = outbox(world)[-1][2]
    assert "mentions of “rude staff”" in payload["text"].splitlines()[3]
    assert payload["facts"]["severity"] == outbox(world)[0][2]["facts"]["severity"] == 8


def test_unhappy_posts_after_a_wave_of_happy_ones_are_told(world: World) -> None:
    quiet_month(world)
    add(world, 60, -1, "tasty", "positive")
    world.save(NOON)
    assert run(world) == 1
    add(world, 20, 0, "late")
    world.save(NOON + HOUR)
    for minutes in range(10, 130, 10):
        run(world, minutes * MINUTE)
    assert told(world) == [("opened", ""), ("updated", "joined")]
    facts = outbox(world)[-1][2]["facts"]
    assert facts["kind"] == "volume"
    assert facts["others"][0]["kind"] == "negative_count"
    assert facts["others"][0]["observed"] == 20


def test_the_all_clear_waits_for_what_joined(world: World) -> None:
    usual_month(world)
    add(world, 60, -1, "tasty", "positive")
    world.save(NOON)
    run(world)
    for hour in range(8):
        add(world, 6, hour, "late")
        world.save(NOON + (hour + 0.5) * HOUR)
        run(world, (hour + 0.5) * HOUR)
    assert told(world) == [("opened", ""), ("updated", "joined")]
    for hour in range(8, 14):
        run(world, hour * HOUR)
    assert told(world)[2:] == [("over", "")]
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
    assert alert.closed_at is not None
    assert NOON + 10 * HOUR <= alert.closed_at <= NOON + 12 * HOUR
    facts = outbox(world)[-1][2]["facts"]
    assert [one["kind"] for one in facts["joined"]] == ["negative_count", "cause"][
        : len(facts["joined"])
    ]
    assert "What had joined it ends with it: 48 negative mentions" in outbox(world)[-1][2]["text"]
    russian = reason(facts_of_json({**facts, "lang": "ru"}))
    assert "заканчивается и то, что присоединилось: 48 негативных упоминаний" in russian


def test_the_parts_of_one_wave_are_not_told_one_by_one(world: World) -> None:
    causes = ("late", "rude", "price")
    usual_month(world, causes)
    for step in range(30):
        for number, cause in enumerate(causes):
            add(world, 1 + (step % 3 == number), step / 6 - 1, cause)
        world.save(NOON + (step / 6 - 5 / 6) * HOUR)
        run(world, (step / 6 - 5 / 6) * HOUR)
    assert {why for _, why in told(world)} <= {"", "doubled"}
    assert len(told(world)) <= 6


def test_causes_that_take_turns_are_each_new_once(world: World) -> None:
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    run(world)
    counts = {"late": 9, "rude": 0}
    for step in range(8):
        cause, other = ("rude", "late") if step % 2 == 0 else ("late", "rude")
        more = counts[other] - counts[cause] + 1
        counts[cause] += more
        at = (step + 1) / 3
        add(world, more, at - 0.2, cause)
        world.save(NOON + at * HOUR)
        run(world, at * HOUR)
    assert told(world) == [("opened", ""), ("updated", "doubled")]


def test_a_new_cause_leads_only_if_it_clearly_does(world: World) -> None:
    quiet_month(world)
    wave(world, 20, 1)
    world.save(NOON)
    run(world)
    add(world, 1, 0.1, "rude")
    world.save(NOON + HOUR / 3)
    with reading(world.engine) as conn:
        (alert,) = alerts(conn, world.brand.id)
        thread = thread_of(conn, alert.id)
    assert thread.new_leader({"late": 20, "rude": 21}, 5) == ""
    assert thread.new_leader({"late": 20, "rude": 30}, 5) == "rude"
    assert thread.new_leader({"late": 31, "rude": 30}, 5) == ""
    assert thread.new_leader({"late": 0, "rude": 4}, 5) == ""


def thread_of(conn: Connection, alert_id: int) -> Thread:
    return Thread("negative_count", "", alert_events(conn, alert_id))


def test_what_a_thread_told_explains_its_own_posts_and_its_widest_voice() -> None:
    counts = series(100)
    for name in ("volume", "negative", "scored"):
        counts[name][-6:] += 8
    board = Board(counts, np.ones(SIZE, bool), seen_until=1)
    usual = learn_habits(board)
    found = {signal.kind: signal for signal in signals(board, usual, Watch()) if signal.width}
    voice = replace(found["volume"], kind="author", observed=5_000)
    facts = {"widest_reach": 6_000, "negative": 48, "stories": 50}
    thread = Thread("negative_count", "", [AlertEventRow(1, "opened", NOON, facts)])
    happy = Thread("volume", "", [AlertEventRow(1, "opened", NOON, {**facts, "negative": 2})])
    news = {kind for kind, one in found.items() if thread.is_news(one, board, usual, 5)}
    assert not news & {"volume", "negative_count", "negative_share"}
    assert happy.is_news(found["negative_count"], board, usual, 5)
    counts["volume"][-6:] += 30
    more = replace(found["volume"], observed=found["volume"].observed + 180)
    assert thread.is_news(more, board, usual, 5)
    assert not thread.is_news(voice, board, usual, 5)
    assert thread.is_news(replace(voice, observed=7_000), board, usual, 5)
    # Who was told to reach far in a wave of happy posts may be anybody; this one complains.
    assert happy.is_news(voice, board, usual, 5)


def test_what_was_told_makes_nothing_else_easier_to_tell() -> None:
    # Benjamini-Hochberg asks less of a cause beside others that stand out. Those that were told
    # must not count, else the rate of false messages would rise with every open thread.
    counts = series(100, 2)
    for name in ("volume", "negative", "scored", "reprints"):
        counts[name][-6:] += 8
    counts["cause:3"][-50:-1:8] += 1
    board = Board(counts, np.ones(SIZE, bool), seen_until=1)
    watch = Watch(minimum_count=1)
    verdict = judge(board, watch)
    assert verdict is not None
    assert "3" in {signal.subject for signal in verdict.others}
    assert judge(board, watch, wanted=lambda signal, _: signal.subject == "3") is None


def two_sources(world: World) -> dict[str, int]:
    """A second source, both read every hour for forty days until noon."""
    specs = [SourceSpec(name, "rss", f"rss:{name}", "open", 3600) for name in ("town", "blog")]
    with writing(world.engine) as conn:
        ids = {row.name: row.id for row in sync_sources(conn, specs, world.born)}
    for hour in range(-40 * 24 + 1, 1):
        poll(world, ids, hour)
    return ids


def poll(world: World, ids: dict[str, int], hour: float, failing: Sequence[str] = ()) -> None:
    at = NOON + hour * HOUR
    with writing(world.engine) as conn:
        for name, source_id in ids.items():
            outcome = "retriable" if name in failing else "ok"
            number = start_poll(conn, source_id, at, at + 5 * MINUTE)
            finish_poll(conn, number, outcome=outcome, now=at, next_poll_at=at + HOUR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failing", "earliest", "latest"),
    [(("blog",), 3, 4), (("town",), 23, 26), (("town", "blog"), 160, 170)],
)
def test_a_dead_source_holds_no_all_clear_for_long(
    world: World, failing: tuple[str, ...], earliest: int, latest: int
) -> None:
    # The wave came through the town's feed. With nothing to read at all, only the week ends it.
    ids = two_sources(world)
    quiet_month(world)
    wave(world, 9, 1)
    world.save(NOON)
    assert run(world) == 1
    for hour in range(1, 8 * 24):
        poll(world, ids, hour, failing)
        if run(world, hour * HOUR + MINUTE):
            break
    assert told(world)[-1] == ("over", "unread" if earliest > 100 else "")
    assert earliest <= hour <= latest


def test_a_great_voice_that_repeats_a_complaint_is_heard(world: World) -> None:
    usual_month(world)
    said = "Zerno cashier shouted at my mother for ten minutes and then kept her money"
    for minutes, followers, name in ((50, 40, "first"), (10, 3_000_000, "star")):
        world.post(
            said,
            NOON - minutes * MINUTE,
            "negative",
            (("rude", "shouted"),),
            author_followers=followers,
            author_name=name,
            native_id=name,
        )
    world.save(NOON)
    assert run(world) == 1
    message = outbox(world)[-1][2]
    assert (message["facts"]["kind"], message["facts"]["observed"]) == ("author", 3_000_000)
    assert message["facts"]["top_authors"][0] == ["star", 3_000_000]
    assert "star complains" in message["subject"]


def test_many_stories_retold_twice_are_no_story_retold_everywhere(world: World) -> None:
    usual_month(world)
    for number in range(12):
        words = " ".join(random.Random(number).choices(WORDS, k=14))
        for copy in range(3):
            at = NOON - (50 - 2 * number - copy) * MINUTE
            world.post(f"Zerno news: {words}", at, native_id=f"n{number}-{copy}")
    world.save(NOON)
    run(world)
    facts = outbox(world)[-1][2]["facts"]
    assert "story" not in {facts["kind"], *(other["kind"] for other in facts["others"])}


def test_more_outlets_of_the_same_kind_are_news(world: World) -> None:
    usual_month(world)
    wave(world, 9, 1, site="paper.example")
    world.save(NOON)
    assert run(world) == 1
    for number in range(6):
        wave(world, 1, -(number + 1) / 20, site=f"national-{number}.example")
        world.save(NOON + (number + 1) * 10 * MINUTE)
        run(world, (number + 1) * 10 * MINUTE)
    assert told(world) == [("opened", ""), ("updated", "new_outlets")]
    payload = outbox(world)[-1][2]
    assert "It has reached 3 more sites: national-0.example, national-1" in payload["text"]
    facts = facts_of_json({**payload["facts"], "lang": "ru"})
    assert "Волна дошла ещё до 3 сайтов: national-0.example, national-1" in reason(facts)
    seven = replace(facts, lang="en", detail=", ".join("abcdefg"))
    assert "It has reached 7 more sites: a, b, c, d, e and 2 more." in reason(seven)
    assert ["paper.example", 9] in payload["facts"]["sources"]


def test_each_doubling_makes_an_alert_more_severe(world: World) -> None:
    quiet_month(world)
    wave(world, 5, 1)
    world.save(NOON)
    assert run(world) == 1
    add(world, 35, 0.1, "late")
    world.save(NOON + 20 * MINUTE)
    assert run(world, 20 * MINUTE) == 1
    opened, updated = (outbox(world)[place][2]["facts"]["severity"] for place in (0, -1))
    assert (opened, updated) == (5, 8)
