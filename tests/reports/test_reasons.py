"""Why people are unhappy: every figure of a small world counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import inf
from zoneinfo import ZoneInfo

import pytest

from reports.causes import CauseCounts, cause_facts, cause_name, cause_namer
from reports.interface import Audience
from reports.reason_drawing import times_usual
from reports.reason_parts import By
from reports.reason_period import Period
from reports.reason_tables import closing, opening, tables
from reports.reasons import ReasonsFacts, build_reasons
from reports.words import DASH, Words
from store.engine import reading, writing
from store.facet_rows import FacetRow, FacetSpec
from store.history import labelled_mentions
from store.interface import CauseCount, CauseRow, MentionFilter
from store.labels import correct, use_version
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


def test_intents_name_the_rival_and_quote(world: World) -> None:
    fill(world)
    (switched,) = reasons(world).intents
    assert (switched.intent, switched.mentions, switched.previous) == ("switched", 3, 0)
    assert switched.rivals == (("Brix", 3),)
    assert switched.quotes[0].evidence == "off to Brix"


def test_each_rival_leads_to_its_mentions_and_a_story_names_it_once(world: World) -> None:
    fill(world)
    world.post(
        "Zerno? Off to Brix, I said. Off to Brix, or Snow",
        NOON - timedelta(hours=6),
        "negative",
        intents=(
            ("switched", "Off to Brix", "Brix"),
            ("switched", "Off to Brix", "Brix"),
            ("switched", "or Snow", "Snow"),
        ),
    )
    world.save(NOON)
    facts = reasons(world)
    brix, snow = facts.rivals
    assert (brix.intent, brix.rival, brix.mentions) == ("switched", "Brix", 4)
    assert (snow.rival, snow.mentions) == ("Snow", 1)
    assert len(set(brix.mention_ids)) == 4
    assert snow.mention_ids[0] in brix.mention_ids
    (switched,) = facts.intents
    assert switched.rivals == (("Brix", 4), ("Snow", 1))
    assert set(brix.mention_ids) == set(switched.mention_ids)


def test_signs_parts_and_leavers_lead_to_their_mentions(world: World) -> None:
    fill(world)
    facts = reasons(world, "source")
    assert len(set(facts.negative_ids)) == facts.negative == 7
    assert len(set(facts.positive_ids)) == facts.positive == 1
    late = facts.causes[0]
    assert len(set(late.leaving_ids)) == late.leaving == 3
    (rss,) = facts.parts
    assert (len(rss.mention_ids), len(rss.previous_ids)) == (rss.negative, rss.previous) == (7, 1)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "cold_food (no longer in the taxonomy)"),
        ("ru", "cold_food (больше нет в таксономии)"),
    ],
)
def test_a_cause_of_an_earlier_taxonomy_is_told_by_its_id(
    world: World, lang: str, said: str
) -> None:
    world.post("Zerno soup was cold", NOON - timedelta(hours=6), "negative")
    world.save(NOON)
    name_causes(world, "Zerno soup was cold", ("cold_food", "negative"))
    facts = reasons(world, "source", lang)
    assert facts.causes[0].fact.name == said
    assert facts.helps[0].name == said
    named = cause_namer(Audience(lang, ZONE, cause_names=NAMES))  # type: ignore[arg-type]
    drawn = tables(facts, Words(lang, ZONE), named, "source")  # type: ignore[arg-type]
    assert any(said in row[-1] for row in drawn[-1].rows)


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


def test_a_stage_is_told_with_the_causes_that_were_met_there(world: World) -> None:
    for number in range(4):
        said = f"Zerno charged me twice, order {number}, and support is silent"
        links = (
            CauseRow("billing", "negative", 0.9, "charged", 6, 13, "paying"),
            CauseRow("no_answer", "negative", 0.9, "support", 37, 44, "support"),
            CauseRow("rude", "negative", 0.9, "silent", 48, 54),
        )
        links = links[: 1 + number % 3]
        world.post(said, NOON - timedelta(hours=2 + number), "negative", links=links)
    world.save(NOON)
    facts = reasons(world, "stage")
    told = {
        part.key: [(own.cause, own.mentions, len(own.mention_ids)) for own in part.causes]
        for part in facts.parts
    }
    assert told == {"paying": [("billing", 4, 4)], "support": [("no_answer", 2, 2)]}
    assert [part.negative for part in facts.parts] == [4, 2]
    cells = {
        (cell.stage, row.cause): set(cell.mention_ids) for row in facts.matrix for cell in row.cells
    }
    for part in facts.parts:
        for own in part.causes:
            assert set(own.mention_ids) == cells[part.key, own.cause]
    drawn = tables(facts, Words("en", ZONE), str, "stage")[-1]
    assert [row[-1] for row in drawn.rows] == [
        "billing (no longer in the taxonomy) 4",
        "no_answer (no longer in the taxonomy) 2",
    ]


def test_json_says_how_it_is_divided_and_leads_to_the_mentions_of_every_cause(
    world: World,
) -> None:
    fill(world)
    for by in ("source", "stage", "day"):
        told = json.loads(json.dumps(reasons(world, by).as_json()))
        assert told["by"] == by
        for own in (*told["parts"], *told["wider"]):
            assert own["mention_ids"] or by == "day"
            for cause in own["causes"]:
                assert cause.keys() == {"cause", "name", "mentions", "mention_ids"}
                assert len(set(cause["mention_ids"])) == cause["mentions"]
                assert set(cause["mention_ids"]) <= set(own["mention_ids"])
    told = reasons(world).as_json()
    assert (told["by"], told["parts"]) == (None, [])
    assert len(set(told["story_ids"])) == told["stories"]


def test_no_end_of_an_interval_is_rounded_to_the_one_that_it_is_not() -> None:
    words = Words("ru", ZONE)
    assert times_usual(words, (1.6, 1.04, 2.6)) == "1,6 (1,04–2,6)"
    assert times_usual(words, (0.6, 0.4, 0.97)) == "0,6 (0,4–0,97)"
    assert times_usual(words, (1.6, 0.96, 2.6)) == "1,6 (0,96–2,6)"
    assert times_usual(words, (1.03, 1.004, 1.06)) == "1,03 (1,004–1,1)"
    assert times_usual(words, (1.02, 0.7, 1.3)) == "1 (0,7–1,3)", "it may well be 1"
    assert times_usual(words, (1.5, 0.9998, 2.4)) == "1,5 (1–2,4)", "two digits, and no arrow"
    assert times_usual(words, (1.0, 1 - 1e-12, inf)) == "1 (1–∞)"


def test_an_arrow_never_stands_beside_an_interval_from_one(world: World) -> None:
    for back, count in enumerate((31, 17, 17, 17, 17)):
        for number in range(count):
            at = NOON - back * WEEK - timedelta(hours=5 * number + 1)
            said = f"Zerno parcel {back}-{number} was late, as told"
            world.post(said, at, "negative", (("late", "was late, as"),))
    world.save(NOON)
    facts = reasons(world)
    (late,) = facts.causes
    assert late.fact.notable
    assert late.fact.low is not None
    assert 1 < late.fact.low < 1.05
    row = tables(facts, Words("en", ZONE), str, None)[0].rows[0]
    assert row[0].endswith("▲")
    assert f"({late.fact.low:.2f}–" in row[3]


def test_without_history_no_lift_is_claimed(world: World) -> None:
    world.post("Zerno late", NOON - timedelta(days=1), "negative", (("late", "late"),))
    world.save(NOON)
    facts = reasons(world)
    assert facts.baseline_periods == 0
    assert facts.causes[0].fact.lift is None
    assert any("history" in line for line in opening(facts, Words("en", ZONE)))
    world.post("Zerno late again", NOON - timedelta(days=8), "negative", (("late", "late"),))
    world.save(NOON)
    with writing(world.engine) as conn:
        use_version(conn, "model-1", "taxonomy-2", NOON)
    facts = reasons(world)
    assert (facts.baseline.mentions, facts.baseline.unlabelled) == (1, 2)
    lines = opening(facts, Words("en", ZONE))
    assert any("history" in line for line in lines), "a label would not make it longer"


@pytest.mark.parametrize(
    ("lang", "usual", "waiting", "past"),
    [
        ("en", "Usual is what was said from", "not labelled yet", "11 mentions wait"),
        ("ru", "Обычное – то, что было с", "ещё не размечен", "11 упоминаний ещё"),
    ],
)
def test_what_is_usual_is_said_and_not_compared_with_until_it_is_labelled(
    world: World, lang: str, usual: str, waiting: str, past: str
) -> None:
    """A new taxonomy reads the newest first: without that, everything would seem to rise."""
    fill(world)
    words = Words(lang, ZONE)  # type: ignore[arg-type]

    def said() -> str:
        return "\n".join(opening(reasons(world, "source", lang), words))

    facts = reasons(world, "source")
    assert (facts.baseline.mentions, facts.baseline.unlabelled, facts.unlabelled) == (8, 0, ())
    assert facts.baseline.start == NOON - 4 * WEEK + timedelta(days=-6)
    assert facts.parts[0].ratio is not None
    assert all(own in said() for own in (usual, "2026", "3.9 ×" if lang == "en" else "3,9 ×"))
    with writing(world.engine) as conn:
        world.version = use_version(conn, "model-1", "taxonomy-2", NOON)
    world.relabel("negative", NOON, saying="again")
    facts = reasons(world, "source")
    assert (facts.stories, facts.negative, len(facts.unlabelled)) == (9, 6, 3)
    assert (facts.baseline.unlabelled, facts.baseline_periods) == (11, 0)
    assert (facts.parts[0].previous, facts.parts[0].ratio) == (None, None)
    assert waiting in said()
    assert past in said()
    assert usual not in said()
    world.relabel("negative", NOON)
    assert reasons(world).baseline_periods > 3
    assert usual in said()
    assert waiting not in said()


def test_what_was_never_named_before_is_told_with_its_bound(world: World) -> None:
    fill(world)
    facts = reasons(world)
    causes, _, drivers = tables(facts, Words("en", ZONE), str, None)[:3]
    late, rude = causes.rows
    assert (facts.causes[1].fact.lift, facts.causes[1].fact.usual) == (None, 0)
    assert rude[3].startswith("∞ (")
    assert rude[3].endswith("–∞)")
    assert not late[3].startswith("∞")
    assert "severity" in causes.columns
    assert "severity" not in drivers.columns, "praise has none"
    assert drivers.rows[0][4] == DASH, "nobody knows its reach"


def test_the_intents_of_the_period_before_lead_to_their_mentions(world: World) -> None:
    off = (("leaving", "I am off", None),)
    for back in range(1, 28, 3):
        at = NOON - timedelta(days=back)
        world.post(f"Zerno, I am off, day {back}", at, "negative", intents=off)
    world.save(NOON)
    facts = reasons(world)
    (leaving,) = facts.intents
    assert leaving.previous == len(set(facts.intents_before["leaving"])) == 2
    assert not set(leaving.mention_ids) & set(facts.intents_before["leaving"])


def test_days_go_on_over_a_change_of_clocks_and_without_complaints(world: World) -> None:
    """Berlin puts its clocks forward on 29 March 2026, two hours after midnight."""
    for at in ("2026-03-28T22:30", "2026-03-28T23:30", "2026-03-29T21:30", "2026-03-31T22:30"):
        when = datetime.fromisoformat(f"{at}+00:00")
        world.post(f"Zerno late at {at}", when, "negative", (("late", "late"),))
    world.save(NOON + 5 * WEEK)
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, tzinfo=zone).astimezone(UTC)
    audience = Audience("en", zone, cause_names=NAMES)
    with reading(world.engine) as conn:
        period = Period(start, NOON + 5 * WEEK, audience, "day")
        facts = build_reasons(conn, world.brand, period)
    days = ["2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31", "2026-04-01"]
    assert [(part.key, part.negative) for part in facts.parts] == list(
        zip(days, (1, 2, 0, 0, 1), strict=True)
    )
    by_day = tables(facts, Words("en", zone), str, "day")[-1]
    assert by_day.columns[1:] == ("negative", "mostly"), "no day is compared with another"
    assert [row[1] for row in by_day.rows] == ["1", "2", "0", "0", "1"]


def test_an_empty_period_is_said_plainly(world: World) -> None:
    facts = reasons(world)
    assert (facts.stories, facts.causes, facts.helps, facts.matrix) == (0, (), (), ())
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
    (rude,) = lenina.causes
    assert (rude.cause, rude.name, rude.mentions) == ("rude", "Грубый персонал", 8)
    assert set(rude.mention_ids) == set(lenina.mention_ids)
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


def name_causes(world: World, text: str, *causes: tuple[str, str]) -> int:
    """A person says which causes the mention of this text names; its number."""
    with writing(world.engine) as conn:
        wanted = MentionFilter(brand_id=world.brand.id)
        (found,) = [own for own in labelled_mentions(conn, wanted) if own.text == text]
        correct(
            conn,
            found.mention_id,
            world.brand.id,
            sentiment=None,
            causes=causes,
            author="me",
            now=NOON,
        )
    return found.mention_id


def test_a_corrected_cause_leads_to_its_mention_whatever_the_sentiment(world: World) -> None:
    fill(world)
    praise = "So tasty at Zerno"
    glad = name_causes(world, praise, ("late", "negative"), ("rude", "negative"))
    facts = reasons(world)
    for reason in (*facts.causes, *facts.drivers):
        assert len(set(reason.mention_ids)) == reason.fact.mentions, reason.fact.cause
    late, rude = facts.causes
    assert (late.fact.mentions, rude.fact.mentions) == (7, 4)
    assert glad in late.mention_ids
    assert glad in rude.mention_ids
    (first, second) = facts.helps
    assert glad in first.mention_ids
    assert first.unhappy.value == late.fact.share == pytest.approx(7 / 8)
    assert second.unhappy.value == pytest.approx(4 / 8)
    assert (facts.negative, facts.positive, facts.drivers) == (7, 1, ())


def test_a_cause_named_by_a_person_alone_has_reach_and_its_mention(world: World) -> None:
    said = "Zerno is dear to me, in both senses"
    world.post(said, NOON - timedelta(hours=2), "positive", author_followers=70)
    world.save(NOON)
    dear = name_causes(world, said, ("high_price", "negative"))
    facts = reasons(world)
    (price,) = facts.causes
    assert (price.fact.mentions, price.mention_ids, price.reach) == (1, (dear,), 70)
    assert [own.cause for own in facts.helps] == ["high_price"]


def test_the_first_mention_of_a_story_is_counted_and_led_to(world: World) -> None:
    """A reprint that reaches farther, read otherwise, is not what was counted."""
    text = "The courier of Zerno came three hours late again, and nobody at the shop could say why"
    for number in range(2):
        world.post(
            f"{text}{'!' * number}",
            NOON - timedelta(hours=5 + 3 * number),
            "negative",
            (("late", "late") if number else ("rude", "nobody"),),
            author_followers=10_000 if not number else 5,
        )
    world.save(NOON)
    facts = reasons(world)
    assert facts.stories == 1, "one story, told twice"
    (late,) = facts.causes
    assert (late.fact.cause, late.fact.mentions, len(late.mention_ids)) == ("late", 1, 1)


def test_complaints_outside_the_negative_stories_are_told_apart(world: World) -> None:
    fill(world)
    for number, sentiment in enumerate(("neutral", "neutral", "unscored")):
        said = f"Zerno parcel {number} came late, as ever"
        world.post(said, NOON - timedelta(hours=6 + number), sentiment, (("late", "late"),))
    world.save(NOON)
    facts = reasons(world)
    assert [(own.cause, own.name, own.mentions) for own in facts.elsewhere] == [
        ("late", "Late delivery", 3)
    ]
    late = facts.causes[0]
    (besides,) = facts.elsewhere
    with reading(world.engine) as conn:
        wanted = MentionFilter(
            brand_id=world.brand.id, since=NOON - WEEK, until=NOON, cause="late", own=False
        )
        exported = [own.mention_id for own in labelled_mentions(conn, wanted)]
    assert sorted([*late.mention_ids, *besides.mention_ids]) == sorted(exported)
    assert "Late delivery 3" in closing(facts, Words("en", ZONE))[0]
    russian = closing(reasons(world, lang="ru"), Words("ru", ZONE))
    assert "Поздняя доставка 3" in russian[0]
    assert "не негативный" in russian[0]


def test_without_complaints_elsewhere_nothing_is_said_of_them(world: World) -> None:
    fill(world)
    assert reasons(world).elsewhere == ()
    assert len(closing(reasons(world), Words("en", ZONE))) == 1


def test_those_who_leave_in_a_glad_voice_are_leaving_too(world: World) -> None:
    fill(world)
    for number, sentiment in enumerate(("positive", "neutral", "neutral")):
        waited = number == 1
        world.post(
            f"Done with Zerno {number}, {'late parcels, ' if waited else ''}I switched to Brix",
            NOON - timedelta(hours=6 + number),
            sentiment,
            (("late", "late"),) if waited else (),
            intents=(("switched", "switched to Brix", "Brix"),),
        )
    world.save(NOON)
    facts = reasons(world)
    late, rude = facts.helps
    (switched,) = facts.intents
    assert switched.mentions == 6
    assert (late.cause, rude.cause) == ("late", "rude")
    assert late.leaving == pytest.approx(4 / 6)
    assert rude.leaving == pytest.approx(3 / 6)
    assert len(late.leaving_ids) == 4
    assert set(late.leaving_ids) <= set(switched.mention_ids)


def test_what_only_the_leaving_complain_of_is_told_as_well(world: World) -> None:
    said = "Zerno was late, so I switched to Brix"
    intents = (("switched", "switched to Brix", "Brix"),)
    world.post(said, NOON - timedelta(hours=1), "neutral", (("late", "late"),), intents=intents)
    world.save(NOON)
    (late,) = reasons(world).helps
    assert (late.cause, late.leaving, late.unhappy.value, late.mention_ids) == ("late", 1.0, 0, ())


def test_no_rise_is_marked_beside_an_interval_that_holds_one() -> None:
    def fact(now: int, usual: int) -> tuple[bool, float | None]:
        counts = CauseCounts(
            [CauseCount("late", "negative", now, 0)],
            [CauseCount("late", "negative", usual, 0)],
            None,
            (1.0, 4.0),
        )
        (found,) = cause_facts(counts, "negative", now, str, lambda _: ())
        return found.notable, found.low

    doubtful, low = fact(4, 3)
    assert low is not None
    assert low < 1
    assert not doubtful
    clear, low = fact(8, 3)
    assert low is not None
    assert low > 1
    assert clear


def test_a_wider_cause_counts_a_story_once(world: World) -> None:
    fill(world)
    groups = {group: {"en": group} for group in ("all", "delivery", "food")}
    audience = Audience("en", ZONE, cause_names=NAMES | groups)
    parents = (("late", "delivery"), ("rude", "delivery"), ("delivery", "all"), ("tasty", "food"))
    with reading(world.engine) as conn:
        facts = build_reasons(
            conn, world.brand, Period(NOON - WEEK, NOON, audience, parents=parents)
        )
    told = [(own.cause, own.polarity, own.mentions) for own in facts.wider]
    assert told == [("all", "negative", 6), ("delivery", "negative", 6), ("food", "positive", 1)]
    delivery = facts.wider[1]
    late, rude = delivery.causes
    assert (late.cause, late.mentions, len(set(late.mention_ids))) == ("late", 6, 6)
    assert (rude.cause, rude.mentions, len(set(rude.mention_ids))) == ("rude", 3, 3)
    assert {*late.mention_ids, *rude.mention_ids} == set(delivery.mention_ids)
    assert (len(set(delivery.mention_ids)), delivery.reach) == (6, 600)
    assert delivery.share == pytest.approx(6 / 7)
    drawn = {t.title: t for t in tables(facts, Words("en", ZONE), str, None)}
    rows = drawn["Causes of unhappiness, summed up"].rows
    assert rows[1][:2] == ("delivery", "6")
    assert rows[1][3] == "Late delivery 6, Rude staff 3"
    in_russian = [t.title for t in tables(facts, Words("ru", ZONE), str, None)]
    assert "Причины недовольства по группам" in in_russian
