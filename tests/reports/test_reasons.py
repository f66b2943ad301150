"""Why people are unhappy: every figure of a small world counted by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.causes import cause_name
from reports.interface import Audience
from reports.reason_parts import By
from reports.reason_tables import opening, tables
from reports.reasons import Period, ReasonsFacts, build_reasons
from reports.words import Words
from store.engine import reading
from store.facet_rows import FacetRow, FacetSpec
from tests.reports.world import NAMES, NOON, World

WEEK = timedelta(days=7)
ZONE = ZoneInfo("Europe/Moscow")


def reasons(
    world: World, by: By | None = None, lang: str = "en", only: tuple[FacetRow, ...] = ()
) -> ReasonsFacts:
    audience = Audience(lang, ZONE, cause_names=NAMES)  # type: ignore[arg-type]
    period = Period(NOON - WEEK, NOON, audience, by, (("late", "delivery"),), only)
    with reading(world.engine) as conn:
        return build_reasons(conn, world.brand, period)


def fill(world: World) -> dict[str, str]:
    """Four weeks with one late parcel each, then a week with six, three of them with rudeness."""
    for back in range(5, 1, -1):
        at = NOON - back * WEEK + timedelta(days=1)
        world.post(f"Zerno was late in week {back}", at, "negative", (("late", "late"),))
        world.post(f"Zerno coffee is tasty, week {back}", at, "positive", (("tasty", "tasty"),))
    made = {}
    for number in range(6):
        rude = number < 3
        causes = (("late", "late again"), *((("rude", "rude courier"),) if rude else ()))
        made[f"bad {number}"] = world.post(
            f"Zerno late again, rude courier, order {number}, I am off to Brix"[
                : 99 if rude else 48
            ],
            NOON - timedelta(days=1 + number % 2, hours=number),
            "negative",
            causes,
            intents=(("switched", "off to Brix", "Brix"),) if rude else (),
            stage="delivery",
            severity=3 if rude else 2,
            author_followers=100,
        )
    world.post("Zerno is awful", NOON - timedelta(hours=2), "negative")
    world.post("Zerno opens at nine", NOON - timedelta(hours=3), "neutral")
    world.post(
        "So tasty at Zerno",
        NOON - timedelta(hours=4),
        "positive",
        (("tasty", "tasty"),),
        stage="use",
    )
    world.save(NOON)
    return made


def test_counts_shares_lift_and_what_weighs_on_a_cause(world: World) -> None:
    fill(world)
    facts = reasons(world)
    assert (facts.stories, facts.negative, facts.positive) == (9, 7, 1)
    late, rude = facts.causes
    assert (late.fact.cause, late.fact.mentions, late.parent) == ("late", 6, "delivery")
    assert late.fact.share == pytest.approx(6 / 7)
    # Four in the 27 days before, since the brand was first named.
    assert late.fact.lift == pytest.approx(6 / (4 / (27 / 7)))
    assert late.fact.notable
    assert late.fact.low > 1
    assert (late.severity, late.leaving, late.reach) == (2.5, 3, 600)
    assert (rude.fact.cause, rude.fact.mentions, rude.severity) == ("rude", 3, 3.0)
    assert len(set(late.mention_ids)) == 6
    assert [driver.fact.cause for driver in facts.drivers] == ["tasty"]
    assert facts.drivers[0].severity is None
    assert len(facts.unexplained) == 1


def test_what_would_help_most_stands_first(world: World) -> None:
    fill(world)
    first, second = reasons(world).helps
    assert (first.cause, first.leaving, first.reach) == ("late", 1.0, 1.0)
    assert first.unhappy.low < 6 / 7 < first.unhappy.high
    assert (second.cause, second.leaving, second.reach) == ("rude", 1.0, 0.5)


def test_the_journey_has_both_signs(world: World) -> None:
    fill(world)
    stages = {stage.stage: stage for stage in reasons(world).journey}
    assert (stages["delivery"].negative, stages["delivery"].positive) == (6, 0)
    assert (stages["use"].negative, stages["use"].positive) == (0, 1)
    assert stages["delivery"].causes[0] == ("late", 6)


def test_intents_name_the_rival_and_quote(world: World) -> None:
    fill(world)
    (switched,) = reasons(world).intents
    assert (switched.intent, switched.mentions, switched.previous) == ("switched", 3, 0)
    assert switched.rivals == (("Brix", 3),)
    assert switched.quotes[0].evidence == "off to Brix"


def test_causes_that_go_together_are_told_only_above_chance(world: World) -> None:
    fill(world)
    assert reasons(world).together == ()  # three of seven with six of seven: nothing unusual
    for number in range(30):
        world.post(
            f"Zerno bill {number} was wrong",
            NOON - timedelta(hours=5, minutes=number),
            "negative",
            (("late", "was"), ("rude", "wrong")) if number < 12 else (("cold", "bill"),),
        )
    world.save(NOON)
    (pair,) = reasons(world).together
    assert (pair.causes, pair.mentions) == (("late", "rude"), 15)
    assert pair.expected == pytest.approx(18 * 15 / 37)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("source", [("rss", 7, 1)]),
        ("stage", [("delivery", 6, 0)]),
        ("day", [("2026-03-01", 3, None), ("2026-03-02", 3, None), ("2026-03-03", 1, None)]),
    ],
)
def test_the_negative_stories_are_divided(world: World, by: By, keys: list[object]) -> None:
    fill(world)
    parts = reasons(world, by).parts
    assert [(part.key, part.negative, part.previous) for part in parts] == keys
    assert sum(len(part.mention_ids) for part in parts) == sum(part.negative for part in parts)


def test_without_history_no_lift_is_claimed(world: World) -> None:
    world.post("Zerno late", NOON - timedelta(days=1), "negative", (("late", "late"),))
    world.save(NOON)
    facts = reasons(world)
    assert facts.baseline_periods == 0
    assert facts.causes[0].fact.lift is None
    assert any("history" in line for line in opening(facts, Words("en", ZONE)))


def test_an_empty_period_is_said_plainly(world: World) -> None:
    facts = reasons(world)
    assert (facts.stories, facts.causes, facts.helps, facts.journey) == (0, (), (), ())
    assert tables(facts, Words("en", ZONE), str, "day") == []
    json.dumps(facts.as_json())


@pytest.mark.parametrize(
    ("lang", "title"), [("en", "What would help most"), ("ru", "Путь клиента")]
)
def test_tables_speak_the_readers_language(world: World, lang: str, title: str) -> None:
    fill(world)
    facts = reasons(world, "stage", lang)
    words = Words(lang, ZONE)  # type: ignore[arg-type]
    drawn = tables(facts, words, lambda own: cause_name(NAMES, own, lang), "stage")
    assert title in [table.title for table in drawn]
    assert all(len(row) == len(table.columns) for table in drawn for row in table.rows)
    first = drawn[0].rows[0]
    assert first[0].startswith(NAMES["late"][lang])
    assert first[1] == "6"


PLACES = (
    FacetSpec("place", "lenina", "Lenin Street", {"en": "Lenin Street", "ru": "Ленина"}),
    FacetSpec("place", "port", "Port"),
    FacetSpec("product", "card", "Gold card", {"en": "Gold card", "ru": "Золотая карта"}),
)


def fill_places(world: World) -> dict[str, FacetRow]:
    """Four weeks with two complaints at the port each, then eight at Lenin Street and two there."""
    row = world.facets(*PLACES)
    for week in range(5):
        for number in range(2):
            at = NOON - week * WEEK - timedelta(days=1 + number)
            matches = world.match(row["port"])
            said = f"Zerno port {week} {number} was late"
            world.post(said, at, "negative", (("late", "late"),), matches=matches)
    for number in range(8):
        at = NOON - timedelta(days=1, hours=number)
        matches = world.match(row["lenina"])
        said = f"Zerno Lenin {number} rude"
        world.post(said, at, "negative", (("rude", "rude"),), matches=matches)
    home = world.match(row["port"], about=False)
    world.post("Zerno is awful, says a sailor", NOON - timedelta(hours=5), "negative", matches=home)
    world.post("Zerno card is fine", NOON - timedelta(hours=3), "positive")
    world.save(NOON)
    return row


def test_places_are_told_against_the_period_before(world: World) -> None:
    fill_places(world)
    facts = reasons(world, "place", "ru")
    lenina, port = facts.parts
    assert (lenina.key, lenina.name, lenina.negative, lenina.previous) == ("lenina", "Ленина", 8, 0)
    assert lenina.ratio is not None
    assert lenina.ratio.low > 1
    assert (port.name, port.negative, port.previous) == ("Port", 2, 2)
    assert port.ratio is not None
    assert port.ratio.low < 1 < port.ratio.high
    assert lenina.causes == (("rude", 8),)
    assert len(lenina.mention_ids) == 8
    (table,) = [t for t in tables(facts, Words("ru", ZONE), str, "place") if "местам" in t.title]
    assert table.rows[0][:3] == ("Ленина", "8", "0")
    assert table.rows[0][3].startswith("×∞ (")
    assert table.rows[1][3].startswith("×1 (")
    assert [part.negative for part in reasons(world, "author_place").parts] == [1]
    assert reasons(world, "product").parts == ()


def test_a_place_alone_can_be_told_of(world: World) -> None:
    row = fill_places(world)
    facts = reasons(world, only=(row["port"],))
    assert (facts.stories, facts.negative, facts.only) == (2, 2, ("Port",))
    ((cause, mentions, usual),) = [
        (c.fact.cause, c.fact.mentions, c.fact.usual) for c in facts.causes
    ]
    assert (cause, mentions) == ("late", 2)
    assert usual == pytest.approx(8 / facts.baseline_periods)
    assert "Port" in "".join(opening(facts, Words("en", ZONE)))
    assert reasons(world, only=(row["port"], row["card"])).stories == 0


def test_no_change_is_claimed_without_a_period_before(world: World) -> None:
    row = world.facets(*PLACES)
    matches = world.match(row["port"])
    for number in range(5):
        at = NOON - timedelta(hours=1 + number)
        world.post(f"Zerno port {number} was late", at, "negative", matches=matches)
    world.save(NOON)
    (port,) = reasons(world, "place").parts
    assert (port.negative, port.previous, port.ratio) == (5, None, None)


def test_the_brands_own_posts_are_no_reasons(world: World) -> None:
    own = world.match(own=True)
    world.post(
        "Zerno is sorry, late", NOON - WEEK / 2, "negative", (("late", "late"),), matches=own
    )
    world.save(NOON)
    facts = reasons(world)
    assert (facts.stories, facts.negative, facts.causes, facts.helps) == (0, 0, (), ())
