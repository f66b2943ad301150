"""The journey as a matrix, and what was expected: every cell counted by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.interface import Audience
from reports.reason_drawing import ReasonTable
from reports.reason_matrix_table import SHOWN
from reports.reason_period import Period
from reports.reason_tables import tables
from reports.reasons import ReasonsFacts, build_reasons
from reports.words import Words
from store.engine import reading, writing
from store.history import labelled_mentions
from store.interface import CauseRow, MentionFilter
from store.labels import correct
from tests.reports.world import NAMES, NOON, World

WEEK = timedelta(days=7)
ZONE = ZoneInfo("Europe/Moscow")
STAGES = (
    *("choosing", "paying", "delivery", "first_contact", "use", "support", "renewing", "leaving"),
)


def reasons(world: World, lang: str = "en") -> ReasonsFacts:
    names = NAMES | {f"c{n}": {"en": f"Cause number {n}"} for n in range(20)}
    audience = Audience(lang, ZONE, cause_names=names)  # type: ignore[arg-type]
    with reading(world.engine) as conn:
        return build_reasons(conn, world.brand, Period(NOON - WEEK, NOON, audience))


def table(facts: ReasonsFacts, title: str, lang: str = "en") -> ReasonTable:
    words = Words(lang, ZONE)  # type: ignore[arg-type]
    (found,) = [own for own in tables(facts, words, str, None) if own.title == title]
    return found


def post(world: World, number: int, cause: str, stage: str | None, sentiment: str) -> None:
    said = f"Zerno {sentiment} {cause} at {stage}, order {number} and nothing more"
    at = NOON - timedelta(hours=1 + number)
    world.post(said, at, sentiment, ((cause, cause),), stage=stage)


def fill(world: World) -> None:
    for number in range(3):
        post(world, number, "late", "delivery", "negative")
    post(world, 3, "late", "support", "negative")
    post(world, 4, "late", None, "negative")
    for number in range(2):
        post(world, 5 + number, "rude", "support", "negative")
    post(world, 7, "tasty", "use", "positive")
    world.save(NOON)


def cells(facts: ReasonsFacts, polarity: str, cause: str | None) -> dict[str | None, int]:
    (row,) = [own for own in facts.matrix if (own.polarity, own.cause) == (polarity, cause)]
    assert all(len(set(cell.mention_ids)) == cell.mentions for cell in row.cells)
    assert {i for cell in row.cells for i in cell.mention_ids} == set(row.mention_ids)
    assert len(row.mention_ids) == row.mentions
    return {cell.stage: cell.mentions for cell in row.cells}


def test_each_cell_counts_a_cause_at_a_stage_and_leads_to_its_mentions(world: World) -> None:
    fill(world)
    facts = reasons(world)
    assert cells(facts, "negative", "late") == {"delivery": 3, "support": 1, None: 1}
    assert cells(facts, "negative", "rude") == {"support": 2}
    assert cells(facts, "negative", None) == {"delivery": 3, "support": 3, None: 1}
    assert cells(facts, "positive", None) == cells(facts, "positive", "tasty") == {"use": 1}
    late = next(own for own in facts.matrix if own.cause == "late")
    assert set(late.mention_ids) == set(facts.causes[0].mention_ids)
    assert late.name == "Late delivery"
    assert json.loads(json.dumps(facts.as_json()))["matrix"][1]["cells"][0]["mention_ids"]


def test_the_table_has_causes_down_and_stages_across(world: World) -> None:
    fill(world)
    drawn = table(reasons(world), "The customer's journey")
    assert drawn.columns == ("cause", "deliv-\nery", "in\nuse", "sup-\nport", "un-\nclear", "all")
    assert drawn.rows == (
        ("Complaints, all", "3", "·", "3", "1", "7"),
        ("  Late delivery", "3", "·", "1", "1", "5"),
        ("  Rude staff", "·", "·", "2", "·", "2"),
        ("Praise, all", "·", "1", "·", "·", "1"),
        ("  Tasty coffee", "·", "1", "·", "·", "1"),
    )
    russian = table(reasons(world, "ru"), "Путь клиента", "ru")
    assert [row[0] for row in russian.rows][:2] == ["Жалобы, все", "  Поздняя доставка"]


def test_a_story_told_of_two_stages_is_one_story(world: World) -> None:
    text = "Zerno was late with the parcel, late again with an answer, and late"
    links = tuple(
        CauseRow("late", "negative", 0.9, "late", at, at + 4, stage)
        for at, stage in ((10, "delivery"), (32, "support"), (63, None))
    )
    world.post(text, NOON - timedelta(hours=2), "negative", links=links)
    world.save(NOON)
    facts = reasons(world)
    assert cells(facts, "negative", "late") == {"delivery": 1, "support": 1}
    assert table(facts, "The customer's journey").rows[0] == ("Complaints, all", "1", "1", "1")


@pytest.mark.parametrize("lang", ["en", "ru"])
def test_many_causes_are_cut_summed_up_and_fit_a_terminal(world: World, lang: str) -> None:
    for number in range(15):
        for again in range(16 - number):
            stage = STAGES[(number + again) % len(STAGES)]
            post(world, number * 3 + again, f"c{number}", stage, "negative")
    both = "Zerno names c13 and c14 in one story"
    world.post(both, NOON - timedelta(hours=2), "negative", (("c13", "c13"), ("c14", "c14")))
    world.save(NOON)
    facts = reasons(world, lang)
    assert len(facts.matrix) == 16, "JSON has every cause"
    drawn = table(facts, {"en": "The customer's journey", "ru": "Путь клиента"}[lang], lang)
    assert len(drawn.rows) == 1 + SHOWN + 1
    rest = drawn.rows[-1]
    assert rest[0].strip() == {"en": "3 others together", "ru": "остальные (3) вместе"}[lang]
    assert rest[-1] == str(4 + 3 + 2 + 1), "c12, c13, c14, and once the story that names two"
    assert rest[-2] == "1"
    widths = [max(map(len, head.split("\n"))) for head in drawn.columns[1:]]
    assert len(widths) == len(STAGES) + 2
    assert sum(widths) + len(widths) + 24 <= 80, "room for a name on a terminal of 80 columns"


def test_a_persons_cause_is_in_the_matrix_as_in_the_counts(world: World) -> None:
    fill(world)
    with writing(world.engine) as conn:
        wanted = MentionFilter(brand_id=world.brand.id, sentiment="positive")
        (glad,) = labelled_mentions(conn, wanted)
        correct(conn, glad.mention_id, world.brand.id, sentiment=None,
                causes=[("rude", "negative")], author="me", now=NOON)  # fmt: skip
    facts = reasons(world)
    assert cells(facts, "negative", "rude") == {"support": 2, None: 1}
    rude = next(own for own in facts.causes if own.fact.cause == "rude")
    assert rude.fact.mentions == 3
    assert all(own.polarity == "negative" for own in facts.matrix)


def expect(world: World, said: str, causes: tuple[str, ...], expectation: str | None) -> None:
    sentiment = "positive" if expectation == "wow" else "negative"
    at = NOON - timedelta(hours=2 + len(said) % 9)
    named = tuple((cause, said) for cause in causes)
    world.post(f"Zerno: {said}", at, sentiment, named, expectation=expectation)


def test_promises_defaults_and_wonders_are_told_by_cause(world: World) -> None:
    expect(world, "they promised two days", ("late",), "broken_promise")
    expect(world, "the courier said today, then nothing", ("late", "rude"), "broken_promise")
    expect(world, "a greeting is the least I expect", ("rude",), "unmet_default")
    expect(world, "I never thought coffee could be so good", ("tasty",), "wow")
    expect(world, "slow again", ("late",), None)
    world.save(NOON)
    facts = reasons(world)
    broken, unmet, wow = facts.expectations
    assert (broken.expectation, broken.mentions) == ("broken_promise", 2)
    assert [(own.cause, own.mentions) for own in broken.causes] == [("late", 2), ("rude", 1)]
    assert set(broken.causes[1].mention_ids) < set(broken.mention_ids)
    assert len(set(broken.mention_ids)) == 2
    assert {own.evidence for own in broken.quotes} == {
        "they promised two days",
        "the courier said today, then nothing",
    }
    assert (unmet.expectation, wow.expectation) == ("unmet_default", "wow")
    drawn = table(facts, "What was expected")
    assert drawn.rows[0] == ("a promise was broken", "2", "Late delivery 2, Rude staff 1")
    assert drawn.notes[2] == ("I never thought coffee could be so good",)
    russian = table(reasons(world, "ru"), "Чего ожидали", "ru")
    assert russian.rows[2] == ("лучше, чем ожидали", "1", "Вкусный кофе 1")


def test_an_expectation_quotes_only_what_tells_of_it(world: World) -> None:
    expect(world, "slow again", ("late",), None)
    expect(world, "they promised two days", ("late",), "broken_promise")
    world.save(NOON)
    (broken,) = reasons(world).expectations
    assert [own.evidence for own in broken.quotes] == ["they promised two days"]
    assert [own.mentions for own in broken.causes] == [1]
