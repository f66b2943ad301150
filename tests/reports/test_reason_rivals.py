"""Rivals: one in all its spellings, under the name of its brand or in the nominative."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.interface import Audience
from reports.reason_brands import KnownBrand, known_brands, query_names
from reports.reason_period import Period
from reports.reason_rival_names import rival_names
from reports.reason_tables import tables
from reports.reasons import ReasonsFacts, build_reasons
from reports.words import Words
from store.brands import sync_brands
from store.engine import reading, writing
from store.interface import BrandSpec
from tests.reports.world import NAMES, NOON, World

ZONE = ZoneInfo("Europe/Moscow")
SNEGIR = "Snegir NOT (bullfinch OR bullfinches) OR Снегирь AND (кофе OR латте) NOT (кормушка)"


def told(written: dict[str, int], *brands: KnownBrand) -> dict[str, set[str]]:
    """What is told, with the forms that it stands for."""
    return {own.name: set(own.written) for own in rival_names(written, brands).values()}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ({"Starbucks": 2, "starbucks": 2}, {"Starbucks"}),
        ({"Пятёрочке": 2, "Пятёрочку": 2, "пятерочка": 1}, {"Пятёрочка"}),
        ({"Пятерочке": 1}, {"Пятёрочка"}),
        ({"ПЯТЁРОЧКУ": 1}, {"ПЯТЁРОЧКА"}),
        ({"Перекрёстке": 1, "Перекресток": 1}, {"Перекрёсток"}),
        ({"ВкусВилле": 2, "Вкусвилл": 1}, {"ВкусВилл"}),
        ({"Яндекс Лавке": 3, "яндекс лавка": 1}, {"Яндекс Лавка"}),
        ({"Красном и Белом": 2, "Красное и Белое": 1}, {"Красное и Белое"}),
        ({"Додо-пиццу": 1, "Додо Пицца": 1}, {"Додо Пицца"}),
        ({"McDonald's": 1, "McDonalds": 2}, {"McDonalds"}),
        ({"Starbucks'е": 1, "Starbucks": 2, "Starbucks's": 1}, {"Starbucks"}),
    ],
)
def test_one_rival_has_one_name(written: dict[str, int], names: set[str]) -> None:
    assert told(written) == {name: set(written) for name in names}


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ({"Акме": 3}, {"Акме"}),  # the dictionary has but «Аким»
        ({"Бриксе": 2}, {"Бриксе"}),  # «Брикс» or «Брикса»: it is in no dictionary
        ({"Бриксе": 2, "Брикс": 1}, {"Брикс"}),
        ({"Снежинки": 1}, {"Снежинки"}),  # many, or of one
        ({"Иванову": 2}, {"Иванову"}),
        ({"Доме книги": 2}, {"Доме книги"}),
        ({"МТС": 1, "Теле2": 2, "5ка": 1, "!!": 1}, {"МТС", "Теле2", "5ка", "!!"}),
    ],
)
def test_what_is_not_certain_stays_as_it_is_written(
    written: dict[str, int], names: set[str]
) -> None:
    assert set(told(written)) == names


def test_different_rivals_stay_apart() -> None:
    apart = {"Burger King": 1, "Burgers": 1, "Магнит": 1, "Магнолия": 1, "Лента": 1, "Ленинград": 1}
    assert set(told(apart)) == set(apart)


def test_a_configured_brand_has_its_own_name_whatever_it_is_called() -> None:
    snegir = KnownBrand("snegir", "Snegir", ("Snegir", "Снегирь"))
    burger = KnownBrand("bk", "Burger King", ("Burger King", "Бургер Кинг"))
    written = {"Snegir": 5, "Снегире": 1, "СНЕГИРЬ": 1, "бургер кинге": 1, "Brix": 2}
    found = told(written, snegir, burger)
    assert found == {
        "Snegir": {"Snegir", "Снегире", "СНЕГИРЬ"},
        "Burger King": {"бургер кинге"},
        "Brix": {"Brix"},
    }
    brands = {own.name: own.brand for own in rival_names(written, (snegir, burger)).values()}
    assert brands == {"Snegir": "snegir", "Burger King": "bk", "Brix": None}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        (SNEGIR, ("Snegir", "Снегирь")),
        ("айхерб OR iHerb", ("айхерб", "iHerb")),
        ('(Brix OR "Brix Coffee" OR «Брикс Кофе») NOT (oil OR "brix scale")',
         ("Brix", "Brix Coffee", "Брикс Кофе")),
        ("(кофе OR coffee) AND Starbucks", ()),
        ('lang:ru Starbucks author:"Bob Smith" OR #старбакс', ("Starbucks", "старбакс")),
        ("NOT promo Zara OR =Apple NEAR/3 store", ("Zara", "Apple")),
        ("A AND (B OR C) OR (D AND E OR F)", ("A", "D", "F")),
        (")( NOT", ()),
    ],
)  # fmt: skip
def test_the_names_of_a_brand_are_read_out_of_its_query(query: str, names: tuple[str, ...]) -> None:
    assert query_names(query) == names


def fill(world: World) -> None:
    specs = [
        BrandSpec("zerno", "Zerno", "Zerno"),
        BrandSpec("snegir", "Snegir", SNEGIR, is_rival=True),
    ]
    with writing(world.engine) as conn:
        rows = sync_brands(conn, specs, NOON)
        assert known_brands(rows)[0] == KnownBrand("zerno", "Zerno", ("Zerno",))
    named = ("Starbucks", "Starbucks", "starbucks", "starbucks", "Пятёрочке", "Пятёрочке")
    named += ("Пятёрочку", "Пятёрочку", *["Snegir"] * 5, "Снегирь")
    for number, rival in enumerate(named):
        said = f"Zerno {number}? Moved to {rival} at last"
        intents = (("switched", f"Moved to {rival}", rival),)
        at = NOON - timedelta(hours=2 + number)
        world.post(said, at, "negative", intents=intents)
    twice = "Zerno again: off to Starbucks, or to starbucks"
    world.post(twice, NOON - timedelta(hours=1), "negative", intents=(
        ("switched", "off to Starbucks", "Starbucks"), ("switched", "to starbucks", "starbucks"),
        ("recommends", "to starbucks", "starbucks"),
    ))  # fmt: skip
    world.save(NOON)


def reasons(world: World) -> ReasonsFacts:
    audience = Audience("en", ZONE, cause_names=NAMES)
    with reading(world.engine) as conn:
        period = Period(NOON - timedelta(days=7), NOON, audience)
        return build_reasons(conn, world.brand, period)


def test_the_report_counts_each_rival_once_and_leads_to_all_its_mentions(world: World) -> None:
    fill(world)
    facts = reasons(world)
    switched = [own for own in facts.rivals if own.intent == "switched"]
    assert [(own.rival, own.brand, own.mentions) for own in switched] == [
        ("Snegir", "snegir", 6),
        ("Starbucks", None, 5),
        ("Пятёрочка", None, 4),
    ]
    for own in facts.rivals:
        assert len(set(own.mention_ids)) == own.mentions
    assert switched[0].written == ("Snegir", "Снегирь")
    of_switched = next(own for own in facts.intents if own.intent == "switched")
    assert of_switched.rivals == (("Snegir", 6), ("Starbucks", 5), ("Пятёрочка", 4))
    assert {i for own in switched for i in own.mention_ids} == set(of_switched.mention_ids)
    (drawn,) = [
        table
        for table in tables(facts, Words("en", ZONE), str, None)
        if table.title == "What people are about to do"
    ]
    assert "Snegir 6, Starbucks 5, Пятёрочка 4" in drawn.rows[0]
