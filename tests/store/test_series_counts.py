"""Counts in buckets keep up with every change; catch-ups fall into the hours they belong to."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine

from store.engine import reading, writing
from store.labels import correct
from store.marks import get_mark, set_mark
from store.series_counts import keep_counts, known_outages, refresh, series_counts
from store.series_tally import PER_DAY, bucket_of
from store.sources import finish_poll, start_poll
from tests.reports.world import NOON, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)


def counts(world: World, hours: float = 48) -> dict[str, int]:
    with writing(world.engine) as conn:
        refresh(conn, NOON)
        last = bucket_of(NOON)
        found = series_counts(conn, world.brand.id, last, int(hours * 6) + 1)
    return {name: int(row.sum()) for name, row in found.items() if row.any()}


def test_series_follow_new_labelled_and_corrected_mentions(world: World) -> None:
    world.post("Zerno was late: one", NOON - HOUR, "negative", (("late", "late"),))
    world.post("Zerno is fine", NOON - 2 * HOUR, "positive", author_followers=5000)
    world.save(NOON)
    first = counts(world)
    assert first == {"volume": 2, "negative": 1, "scored": 2, "cause:late": 1}
    world.post("Zerno was rude to me", NOON - HOUR, "negative", author_followers=900)
    world.save(NOON)
    assert counts(world) == first | {"volume": 3, "negative": 2, "scored": 3, "author": 900}
    with writing(world.engine) as conn:
        correct(conn, 1, world.brand.id, sentiment="neutral", causes=None, author="me", now=NOON)
    assert counts(world) == {"volume": 3, "negative": 1, "scored": 3, "author": 900}


def test_a_refresh_reads_only_what_changed(world: World) -> None:
    for back in range(1, 20):
        world.post(f"Zerno note {back}", NOON - 24 * back * HOUR)
    world.save(NOON)
    with writing(world.engine) as conn:
        assert refresh(conn, NOON) == 19
        assert refresh(conn, NOON) == 0
    world.post("Zerno again", NOON - HOUR)
    world.save(NOON)
    with writing(world.engine) as conn:
        assert refresh(conn, NOON) == 1


def test_a_reprint_is_not_a_story_even_if_the_first_is_found_last(world: World) -> None:
    text = "Zerno closed its oldest house and every paper has the very same words"
    world.post(text, NOON - 3 * HOUR, "negative")
    world.save(NOON - HOUR)
    assert counts(world)["negative"] == 1
    world.post(text, NOON - 5 * HOUR, "negative", native_id="first")
    world.save(NOON)
    found = counts(world)
    assert (found["negative"], found["reprints"]) == (1, 1)
    assert "negative" not in counts(world, hours=4)


def news(number: int) -> str:
    words = " ".join(f"{word}{number}" for word in ("the", "very", "same", "words", "as", "ever"))
    return f"Zerno {words} {number}"


def test_reprints_are_those_of_the_most_retold_story(world: World) -> None:
    for number in range(12):
        for copy in range(3):
            at = NOON - HOUR + timedelta(minutes=3 * number + copy)
            world.post(news(number), at, native_id=f"{number}-{copy}")
    world.save(NOON)
    found = counts(world)
    assert (found["volume"], found["reprints"], found["retold"]) == (12, 24, 2)
    for copy in range(3, 25):
        at = NOON - timedelta(minutes=25 - copy)
        world.post(news(5), at, native_id=f"5-{copy}")
        world.save(NOON)
    # Two that were told first, and of the fifth story all from its third copy on.
    found = counts(world)
    assert (found["reprints"], found["retold"]) == (46, 24)
    with writing(world.engine) as conn:
        assert refresh(conn, NOON + 3 * 24 * HOUR) == 0


def test_what_was_counted_by_older_rules_is_counted_again(world: World) -> None:
    said = "Zerno let me down, says one after the other"
    world.post(said, NOON - 2 * HOUR, "negative", native_id="first", author_followers=3)
    world.post(said, NOON - HOUR, "negative", native_id="again", author_followers=9000)
    world.save(NOON)
    found = counts(world)
    assert (found["author"], found["reprints"]) == (9003, 1)
    with writing(world.engine) as conn:
        day = bucket_of(NOON - HOUR) // PER_DAY
        keep_counts(conn, world.brand.id, day, {"volume": np.ones(PER_DAY, np.int64)})
        set_mark(conn, "series_counts", {**(get_mark(conn, "series_counts") or {}), "rules": 1})
    assert counts(world) == found


def test_a_catch_up_fills_the_hours_it_belongs_to(world: World) -> None:
    with writing(world.engine) as conn:
        for hours, outcome in ((9, "ok"), (8, "retriable"), (4, "retriable")):
            at = NOON - hours * HOUR
            poll = start_poll(conn, world.source_id, at, at + HOUR)
            finish_poll(conn, poll, outcome=outcome, now=at, next_poll_at=at)
    for number in range(6):
        world.post(f"Zerno thought {number}", NOON - (3 + number) * HOUR)
        world.post(f"Zerno without a time {number}", NOON, published_at=None)
    world.save(NOON)
    found = counts(world)
    assert (found["volume"], found["late"]) == (6, 6)
    assert counts(world, hours=2) == {"late": 6}
    with reading(world.engine) as conn:
        assert (NOON - 9 * HOUR, NOON) in known_outages(conn)
