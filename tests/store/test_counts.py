from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from store.counts import cause_counts, totals
from store.engine import reading, writing
from store.interface import CauseCount
from store.labels import correct
from tests.store.helpers import DAY, HOUR, MINUTE, NOW, World, label_all, make_world

START = NOW - DAY


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


@pytest.fixture
def conn(world: World) -> Iterator[Connection]:
    """A view that opens at the first use, after the test has written."""
    with reading(world.engine) as view:
        yield view


def label(world: World, sentiment: str, *causes: str, low_confidence: bool = False) -> None:
    with writing(world.engine) as conn:
        label_all(conn, sentiment, *causes, low_confidence=low_confidence)


def test_an_interval_holds_its_start_and_not_its_end(world: World, conn: Connection) -> None:
    microsecond = timedelta(microseconds=1)
    for native_id, at in (("a", START - microsecond), ("b", START), ("c", START + HOUR)):
        world.keep(world.mention(native_id, published_at=at))
    world.keep(world.mention("d", published_at=START + HOUR - microsecond))
    assert totals(conn, world.zerno, START, START + HOUR).mentions == 2
    assert totals(conn, world.zerno, START + HOUR, START + 2 * HOUR).mentions == 1
    assert totals(conn, world.zerno, NOW, START).mentions == 0


def test_a_story_counts_once_where_its_first_mention_stands(world: World, conn: Connection) -> None:
    same = {"canonical_url": "https://news.example/1"}
    world.keep(world.mention("late", published_at=START + 3 * HOUR, **same))
    world.keep(world.mention("first", published_at=START + HOUR, author_id="boris", **same))
    world.keep(world.mention("own", published_at=START + 3 * HOUR))
    label(world, "negative")
    whole = totals(conn, world.zerno, START, START + 4 * HOUR)
    assert (whole.mentions, whole.sightings, whole.authors, whole.negative) == (2, 3, 2, 2)
    later = totals(conn, world.zerno, START + 2 * HOUR, START + 4 * HOUR)
    assert (later.mentions, later.sightings, later.negative) == (2, 2, 2)


def test_reach_sums_each_author_once(world: World, conn: Connection) -> None:
    for i in range(3):
        world.keep(world.mention(f"a{i}", author_followers=100 + i))
    world.keep(world.mention("b", author_id="boris", author_followers=5))
    unknown = {"author_id": "", "author_handle": "", "author_followers": None}
    world.keep(world.mention("c", **unknown, author_name=""))
    counted = totals(conn, world.zerno, START, NOW)
    assert (counted.mentions, counted.authors, counted.reach) == (5, 2, 107)


def test_who_has_only_a_name_is_an_author_of_the_site(world: World, conn: Connection) -> None:
    named = {"author_id": "", "author_handle": "", "author_name": "Mona62"}
    for native_id, site in (("a", "one.example"), ("b", "one.example"), ("c", "two.example")):
        world.keep(world.mention(native_id, **named, site=site, author_followers=846))
    counted = totals(conn, world.zerno, START, NOW)
    assert (counted.mentions, counted.authors, counted.reach) == (3, 2, 2 * 846)


def test_every_sentiment_has_its_count(world: World, conn: Connection) -> None:
    for sentiment in ("negative", "neutral", "positive", "unscored"):
        world.keep(world.mention(sentiment))
        label(world, sentiment, low_confidence=sentiment == "neutral")
    world.keep(world.mention("not yet labelled"))
    counted = totals(conn, world.zerno, START, NOW)
    assert (counted.negative, counted.neutral, counted.positive, counted.unscored) == (1, 1, 1, 1)
    assert (counted.mentions, counted.low_confidence) == (5, 1)
    assert totals(conn, world.rival, START, NOW).mentions == 0


def test_deleted_mentions_are_not_counted(world: World, conn: Connection) -> None:
    world.keep(world.mention("a"), world.mention("b"))
    label(world, "negative", "long_wait")
    world.keep(deleted=("a",))
    assert totals(conn, world.zerno, START, NOW).negative == 1
    assert cause_counts(conn, world.zerno, START, NOW)[0].mentions == 1


def test_a_correction_counts_instead_of_the_label(world: World, conn: Connection) -> None:
    world.keep(world.mention("a"))
    label(world, "negative", "long_wait", low_confidence=True)
    with writing(world.engine) as writer:
        correct(
            writer,
            1,
            world.zerno,
            sentiment="positive",
            causes=[("taste", "positive")],
            author="olga",
            now=NOW,
        )
    counted = totals(conn, world.zerno, START, NOW)
    assert (counted.negative, counted.positive, counted.low_confidence) == (0, 1, 0)
    assert cause_counts(conn, world.zerno, START, NOW) == [CauseCount("taste", "positive", 1, 10)]


def test_causes_are_counted_by_story_and_reach(world: World, conn: Connection) -> None:
    same = {"canonical_url": "https://news.example/1"}
    world.keep(world.mention("a", published_at=START, **same))
    world.keep(world.mention("b", published_at=START + MINUTE, **same))
    world.keep(world.mention("c", published_at=START + 2 * HOUR, author_followers=30))
    label(world, "negative", "long_wait", "long_wait", "price")
    world.keep(world.mention("d", author_id="boris", author_followers=500))
    label(world, "negative", "price")
    assert cause_counts(conn, world.zerno, START, NOW) == [
        CauseCount("price", "negative", 3, 530),
        CauseCount("long_wait", "negative", 2, 30),
    ]


def test_a_cause_counts_where_the_sentiment_agrees(world: World) -> None:
    world.keep(world.mention("a"))
    label(world, "positive", "long_wait")
    with reading(world.engine) as conn:
        assert cause_counts(conn, world.zerno, START, NOW) == []
    with writing(world.engine) as writer:
        correct(writer, 1, world.zerno, sentiment="negative", causes=None, author="me", now=NOW)
    with reading(world.engine) as conn:
        [counted] = cause_counts(conn, world.zerno, START, NOW)
    assert (counted.cause, counted.mentions) == ("long_wait", 1)
