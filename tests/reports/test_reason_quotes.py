"""What is quoted of short evidence: its sentence, in the causes report."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.interface import Audience
from reports.posts import QUOTE_LENGTH
from reports.reason_period import Period
from reports.reasons import ReasonsFacts, build_reasons
from store.engine import reading
from store.interface import CauseRow
from tests.reports.world import NAMES, NOON, World

ZONE = ZoneInfo("Europe/Moscow")


def reasons(world: World) -> ReasonsFacts:
    audience = Audience("en", ZONE, cause_names=NAMES)
    with reading(world.engine) as conn:
        period = Period(NOON - timedelta(days=7), NOON, audience)
        return build_reasons(conn, world.brand, period)


def quoted(world: World, text: str, evidence: str, start: int | None = None) -> str:
    """The one quote of a post with that evidence."""
    at = text.index(evidence) if start is None else start
    link = CauseRow("late", "negative", 0.9, evidence, at, at + len(evidence))
    world.post(text, NOON - timedelta(hours=3), "negative", links=(link,))
    world.save(NOON)
    ((quote,),) = [own.fact.quotes for own in reasons(world).causes]
    assert len(quote.evidence) <= QUOTE_LENGTH
    return quote.evidence


@pytest.mark.parametrize(
    ("text", "evidence", "said"),
    [
        ("Туалет в кофейне Zerno на Почтовой... нет. Просто нет.", "нет.",
         "Туалет в кофейне Zerno на Почтовой... нет."),
        ("Zerno! В очереди стоит вся улица. Опять. Ужас.", "Опять.",
         "В очереди стоит вся улица. Опять."),
        ("Zerno charged me for oat milk. Small money, big annoyance. Bye.", "Small money",
         "Small money, big annoyance."),
        ("Мелочь, а приятно\nЗашли в Zerno с подругой.", "а приятно", "Мелочь, а приятно"),
        ("Late again. Zerno, what are you doing?", "Late again.",
         "Late again. Zerno, what are you doing?"),
        ("zerno на ул. ленина ужас. больше не пойду туда.", "ужас", "zerno на ул. ленина ужас."),
        ("Zerno kept me waiting for an hour. So it goes.", "kept me waiting", "kept me waiting"),
        ("Zerno ужас", "ужас", "Zerno ужас"),
    ],
)  # fmt: skip
def test_short_evidence_is_quoted_with_its_sentence(
    world: World, text: str, evidence: str, said: str
) -> None:
    assert quoted(world, text, evidence) == said


def test_a_long_sentence_is_cut_around_the_evidence(world: World) -> None:
    text = f"Zerno {'very ' * 100}late and {'so ' * 200}on"
    said = quoted(world, text, "late")
    assert said.startswith("…very")
    assert "very late and so" in said
    assert said.endswith("…")


def test_evidence_that_an_edit_has_moved_is_looked_for(world: World) -> None:
    text = "Edited. Zerno was late, as every day."
    assert quoted(world, text, "late", start=3) == "Zerno was late, as every day."


@pytest.mark.parametrize("text", ["Late, late, Zerno is late.", "Zerno was in time after all."])
def test_evidence_that_cannot_be_told_in_the_text_stays_as_it_was(world: World, text: str) -> None:
    assert quoted(world, text, "late", start=0) == "late"


def test_intents_and_expectations_quote_sentences_too(world: World) -> None:
    text = "The new app of Zerno works in two taps. Не ожидал."
    at = text.index("Не")
    link = CauseRow("tasty", "positive", 0.9, "Не ожидал.", at, at + 10, "use", "wow")
    world.post(text, NOON - timedelta(hours=2), "positive", links=(link,),
               intents=(("recommends", "Не ожидал.", None),))  # fmt: skip
    world.save(NOON)
    facts = reasons(world)
    shown = [own.quotes for own in (*facts.intents, *facts.expectations)]
    assert [own.evidence for (own,) in shown] == [text, text]
    assert all(own.text == text for (own,) in shown)


def test_what_is_counted_and_whose_words_they_are_stays(world: World) -> None:
    text = "Zerno. Late. Rude."
    links = (
        CauseRow("late", "negative", 0.9, "Late.", 7, 12, "delivery", None, 3),
        CauseRow("rude", "negative", 0.8, "", 0, 0),
    )
    world.post(text, NOON - timedelta(hours=2), "negative", links=links)
    world.save(NOON)
    facts = reasons(world)
    late, rude = facts.causes
    assert (late.severity, late.fact.mentions, rude.fact.quotes) == (3, 1, ())
    assert late.fact.quotes[0].evidence == "Zerno. Late. Rude."
