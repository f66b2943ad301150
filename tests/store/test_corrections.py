import pytest
from sqlalchemy import Engine

from store.corrections import (
    corrected_texts,
    count_edited_since,
    find_mentions,
    uncorrected_texts,
)
from store.engine import reading, writing
from store.labels import correct
from tests.store.helpers import HOUR, NOW, World, label_all, make_world


@pytest.fixture
def world(engine: Engine) -> World:
    return make_world(engine)


def say(world: World, mention: int, sentiment: str | None, brand: int | None = None) -> None:
    with writing(world.engine) as conn:
        correct(
            conn,
            mention,
            brand or world.zerno,
            sentiment=sentiment,
            causes=None,
            author="olga",
            now=NOW + mention * HOUR,
        )


def test_corrections_come_with_what_a_model_would_read(world: World) -> None:
    world.keep(world.mention("a"), world.mention("b", text="Зерно закрыто", lang=""))
    say(world, 2, "negative")
    say(world, 1, "positive")
    with reading(world.engine) as conn:
        first, second = corrected_texts(conn)
    assert (first.sentiment, second.sentiment) == ("positive", "negative")
    assert (first.text.text, first.text.brand_name) == ("Зашёл в Зерно за кофе", "Zerno")
    assert first.text.terms == ("Зерно",)
    assert (first.text.lang, second.text.lang) == ("ru", "")
    assert first.author == "olga"


def test_a_correction_without_a_sentiment_teaches_none(world: World) -> None:
    world.keep(world.mention("a"))
    say(world, 1, None)
    with reading(world.engine) as conn:
        assert corrected_texts(conn) == []


def test_deleted_texts_and_texts_edited_since_teach_nothing(world: World) -> None:
    world.keep(*(world.mention(name) for name in "abc"))
    for mention in (1, 2, 3):
        say(world, mention, "negative")
    world.keep(deleted=("a",))
    edited = NOW + 9 * HOUR
    world.keep(world.mention("b", text="Зерно исправилось", edited_at=edited), now=edited)
    with reading(world.engine) as conn:
        assert [item.text.mention_id for item in corrected_texts(conn)] == [3]
        assert count_edited_since(conn) == 1
    say(world, 2, "positive")
    with writing(world.engine) as conn:
        correct(
            conn, 2, world.zerno, sentiment="positive", causes=None, author="", now=edited + HOUR
        )
        assert count_edited_since(conn) == 0
        assert [item.sentiment for item in corrected_texts(conn)] == ["negative", "positive"]


def test_what_nobody_corrected_comes_newest_first_and_a_story_once(world: World) -> None:
    story = "Зерно открыло новую кофейню на площади, очередь стояла с самого утра"
    world.keep(
        world.mention("1", text=story, published_at=NOW - 4 * HOUR),
        world.mention("2", text=story, published_at=NOW - 3 * HOUR),
        world.mention("3", text="Зерно дорогое", published_at=NOW - HOUR),
        world.mention("4", text="Зерно работает?", published_at=NOW - 2 * HOUR),
    )
    say(world, 4, "neutral")
    with reading(world.engine) as conn:
        assert [text.text for text in uncorrected_texts(conn, 10)] == ["Зерно дорогое", story]
        assert len(uncorrected_texts(conn, 1)) == 1


def test_a_mention_is_found_by_its_number_or_its_address(world: World) -> None:
    both = (world.match(), world.match(world.rival))
    world.keep(
        world.mention("a", url="https://example.org/a?x=1", matches=both),
        world.mention("b", url="https://example.org/b"),
    )
    world.keep(deleted=("b",))
    with writing(world.engine) as conn:
        label_all(conn)
    with reading(world.engine) as conn:
        for place in ("1", "https://example.org/a?x=1"):
            assert [(m.mention_id, m.brand) for m in find_mentions(conn, place)] == [
                (1, "beanly"),
                (1, "zerno"),
            ]
        for place in ("2", "77", "9" * 40, "https://example.org/b", "", "١"):
            assert find_mentions(conn, place) == []
