"""Stages, expectations, severity and intents: the examples, the fit, what clear texts tell."""

from __future__ import annotations

import pytest

from sentiment import signals
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.interface import Reasons, Text
from sentiment.labeller import Labeller
from sentiment.passages import read_clauses
from sentiment.signals import Signals
from sentiment.taxonomy import Taxonomy


@pytest.fixture(scope="module")
def finder(encoder: Encoder) -> CauseFinder:
    return CauseFinder(encoder, Taxonomy.load())


def reasons(encoder: Encoder, finder: CauseFinder, text: str, lang: str = "en") -> Reasons:
    (encoded,) = encoder.encode_chunk([(text, ())])
    return finder.read([(encoded, text, lang)])[0]


def test_every_class_has_examples_in_both_languages() -> None:
    own = signals.examples()
    for group, classes in signals.GROUPS.items():
        assert tuple(own[group])[: len(classes)] == classes
        assert all(len(texts) >= 90 for texts in own[group].values())


def test_who_has_switched_is_not_told_to_leave_as_well(
    encoder: Encoder, finder: CauseFinder
) -> None:
    text = "Cancelled my contract this morning, I'm done. Moved all our numbers over to Brix."
    own = {intent.intent for intent in reasons(encoder, finder, text).intents}
    assert own & {"leaving", "switched"} == {"switched"}


def test_a_switch_to_nobody_in_particular_is_not_told(
    encoder: Encoder, finder: CauseFinder
) -> None:
    named = reasons(encoder, finder, "I have switched to Brix and moved all my money there")
    unnamed = reasons(encoder, finder, "I have switched to another bank and moved my money there")
    assert [(own.intent, own.rival) for own in named.intents][:1] == [("switched", "Brix")]
    assert "switched" not in {own.intent for own in unnamed.intents}


@pytest.mark.parametrize(
    ("text", "lang", "denies"),
    [
        ("no queue at all at the desk", "en", True),
        ("the staff were not rude to anybody", "en", True),
        ("ни разу не нахамили", "ru", True),
        ("очереди не было совсем", "ru", True),
        ("nobody answers the phone", "en", False),
        ("the queue went round the corner", "en", False),
        ("так и не перезвонили", "ru", False),
        ("очередь на два часа", "ru", False),
    ],
)
def test_a_denied_complaint_is_told_from_one(
    encoder: Encoder, text: str, lang: str, denies: bool
) -> None:
    (encoded,) = encoder.encode_chunk([(text, ())])
    clauses = Signals.load(encoder).read(read_clauses([(encoded, text, lang)]))
    assert (max(own.denials[0] for own in clauses) >= 0.5) == denies


def test_the_shipped_fit_is_of_the_shipped_model_and_examples(encoder: Encoder) -> None:
    """If this fails, run `python -m sentiment.training.fit_causes`."""
    assert signals.shipped(encoder) is not None


@pytest.mark.parametrize(
    ("text", "lang", "intent"),
    [
        ("I am cancelling my contract, that was my last month with you.", "en", "leaving"),
        ("Avoid this place, do not book here!", "en", "warns"),
        ("My lawyer will be in touch and so will the ombudsman.", "en", "threatens"),
        ("I can recommend this clinic to everybody.", "en", "recommends"),
        ("Please add a dark mode to the app.", "en", "requests_feature"),
        ("Всё, закрываю счёт, больше я не ваш клиент.", "ru", "leaving"),
        ("Не связывайтесь с ними, обходите стороной!", "ru", "warns"),
        ("Буду подавать в суд и жаловаться в Роспотребнадзор.", "ru", "threatens"),
        ("Всем советую эту мастерскую.", "ru", "recommends"),
    ],
)
def test_a_plain_intent_is_heard(
    encoder: Encoder, finder: CauseFinder, text: str, lang: str, intent: str
) -> None:
    found = {link.intent: link for link in reasons(encoder, finder, text, lang).intents}
    assert intent in found
    link = found[intent]  # type: ignore[index]
    assert text[link.start : link.end] == link.evidence
    assert 0.5 <= link.probability <= 1


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The museum opens at ten.", "en"),
        ("My train leaves in an hour.", "en"),
        ("Магазин работает до девяти.", "ru"),
        ("Поезд отходит через час.", "ru"),
    ],
)
def test_news_and_plain_facts_have_no_intent(
    encoder: Encoder, finder: CauseFinder, text: str, lang: str
) -> None:
    assert reasons(encoder, finder, text, lang).intents == ()


def test_danger_is_more_severe_than_a_trifle(encoder: Encoder, finder: CauseFinder) -> None:
    trifle = "The napkins were a bit thin and the coffee was not very hot."
    danger = "The heater caught fire while my children slept, we ended up in hospital with burns."
    mild = [link.severity for link in reasons(encoder, finder, trifle).causes]
    grave = [link.severity for link in reasons(encoder, finder, danger).causes]
    assert mild
    assert grave
    assert max(own or 0 for own in mild) < max(own or 0 for own in grave)


def test_praise_has_no_severity_and_no_broken_promise() -> None:
    own = signals.ClauseSignals("use", "broken_promise", 3, (), (0, 0), 0)
    assert own.expectation_of("positive") is None
    assert own.expectation_of("negative") == "broken_promise"
    assert signals.ClauseSignals("use", "wow", 1, (), (0, 0), 0).expectation_of("negative") is None


def test_a_switch_to_the_brand_itself_is_no_intent_against_it(encoder: Encoder) -> None:
    labeller = Labeller(encoder, CauseFinder(encoder, Taxonomy.load()))
    text = "I have moved my number over to Brixtel."
    towards = {
        target: [
            intent.intent
            for label in labeller.label([Text("1", text, "en", target)])
            for intent in label.intents
        ]
        for target in ("Brixtel", "Brixtel Mobile", "Kamar", None)
    }
    assert towards[None] == towards["Kamar"] == ["switched"]
    assert towards["Brixtel"] == towards["Brixtel Mobile"] == []


def test_the_version_of_labels_names_the_signals(finder: CauseFinder) -> None:
    assert finder.version == f"{Taxonomy.load().version}+{signals.version()}"
