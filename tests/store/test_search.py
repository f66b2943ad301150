from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from store.engine import reading
from store.search import parse
from store.words import stem, words
from tests.store.helpers import World, make_world, searched

TEXTS = (
    "Сбербанк закрыл отделение на нашей улице",
    "В Сбербанке снова очередь, ещё и кондиционер не работает",
    "Ёлка у кофейни «Зерно» упала",
    "The baristas at Zerno were rude, and the queue was endless",
    "Rude queue? Not at this bank. Сбербанком доволен",
)


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    made.keep(*(made.mention(str(i), text=text) for i, text in enumerate(TEXTS)))
    return made


def found(world: World, query: str) -> Sequence[int]:
    """The places in TEXTS of what a query finds, in their order."""
    with reading(world.engine) as conn:
        return sorted(id_ - 1 for id_ in searched(conn, query))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("сбербанк", [0, 1, 4]),
        ("СБЕРБАНКА", [0, 1, 4]),
        ("сбербанком очереди", [1]),
        ("еще", [1]),
        ("ЕЩЁ", [1]),
        ("елку", [2]),
        ("кофейня зерном", [2]),
        ("barista", [3]),
        ("queues", [3, 4]),
        ('"queue was"', [3]),
        ('"was queue"', []),
        ('"сбербанк"', [0]),
        ("банк", []),
        ("сбер*", [0, 1, 4]),
        ('rude -"not at"', [3]),
        ("rude -сбербанк", [3]),
        ("елка OR отделения", [0, 2]),
        ("bank's", []),
        ("«зерно»", [2]),
        ("-rude", []),
        ("", []),
        ('"', []),
        ("* - ( ) : ' \" ~ & | ! \\", []),
        ("rude AND queue", [3]),
        ("NEAR(rude queue)", []),
        ("words:rude", []),
    ],
)
def test_a_query_finds_the_same_on_every_database(
    world: World, query: str, places: list[int]
) -> None:
    assert found(world, query) == places


def test_titles_are_searched_too(world: World) -> None:
    world.keep(world.mention("t", title="Жалоба недели", text="Зерно"))
    assert found(world, "жалобы") == [5]


def test_a_very_long_text_is_indexed(world: World) -> None:
    world.keep(world.mention("t", text="холодный " * 20_000 + "суп"))
    assert found(world, "холодного") == [5]


def test_words_and_stems_mix_languages() -> None:
    assert words("Ёжик’s iPhone-15: ещё_раз!") == ["ежик", "s", "iphone", "15", "еще", "раз"]
    assert stem("кофейнями") == stem("кофейня")
    assert stem("deliveries") == stem("delivery")
    assert stem("2024") == "2024"


def test_a_query_of_exclusions_alone_has_nothing_to_find() -> None:
    assert parse("-a -b OR -c") == []
