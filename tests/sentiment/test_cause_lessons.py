"""Learning causes from corrections: what becomes an example, and what that gains."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sentiment.cause_lessons import CauseGain, CauseLesson, Taught, gain, taught, with_examples
from sentiment.causes import CauseFinder
from sentiment.encoder import Encoder
from sentiment.gain import Measure
from sentiment.taxonomy import Taxonomy

KEPT = ("long_wait", "rude_staff", "high_price", "kind_staff")
NOISY = [
    f"the {thing} {hums} all {when} long"
    for thing, hums in (("fan", "rattles"), ("fridge", "buzzes"), ("tap", "drips"))
    for when in ("day", "night", "evening", "morning")
]
PARKING = [
    f"not one free space to park {where}"
    for where in (
        "on Sundays", "after six", "near the door", "for a van", "in the yard", "at noon",
        "on market day", "for guests", "by the river", "behind the shop", "in winter", "for bikes",
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    """Four shipped causes of a few examples, and one that knows its trouble by one word."""
    shipped = Taxonomy.load()
    few = [
        replace(
            own, examples={lang: texts[:6] for lang, texts in own.examples.items()}, parent=None
        )
        for own in shipped.causes
        if own.id in KEPT
    ]
    noise = replace(
        few[0],
        id="noise",
        name={"en": "Noise"},
        description={},
        examples={"en": ("deafening music",)},
    )
    background = {lang: texts[:60] for lang, texts in shipped.background.items()}
    return Taxonomy("small", (*few, noise), background)


def lessons() -> list[CauseLesson]:
    made = [CauseLesson(text, "en", frozenset({"noise"}), at) for at, text in enumerate(NOISY)]
    return made + [
        CauseLesson(text, "en", frozenset(), 100 + at) for at, text in enumerate(PARKING)
    ]


def test_what_people_named_becomes_an_example_and_what_they_struck_out_background(
    encoder: Encoder, taxonomy: Taxonomy
) -> None:
    every = CauseFinder(encoder, taxonomy, threshold=0.0)
    text = "We waited an hour, and the pump whines all night."
    new = taught(every, encoder, [CauseLesson(text, "en", frozenset({"noise"}))])
    assert [own in text for own in new.causes["noise"]] == [True]
    assert set(new.causes) == {"noise"}
    assert new.none == () or all("waited" in own for own in new.none)


def test_of_what_a_person_left_to_the_model_nothing_is_learnt(
    encoder: Encoder, taxonomy: Taxonomy
) -> None:
    every = CauseFinder(encoder, taxonomy, threshold=0.0)
    text = "We waited an hour for a table. The waiter was rude and shouted at us."
    whole = CauseLesson(text, "en", frozenset())
    assert len(taught(every, encoder, [whole]).none) == 2
    struck = replace(whole, struck=frozenset({"long_wait"}))
    new = taught(every, encoder, [struck])
    assert new.none == ("We waited an hour for a table.",)
    assert not new.causes
    assert not taught(every, encoder, [replace(whole, struck=frozenset({"noise"}))]).none
    added = replace(whole, causes=frozenset({"rude_staff"}), struck=frozenset())
    new = taught(every, encoder, [added])
    assert new.causes["rude_staff"][0].startswith("The waiter was rude")
    assert new.none == ()


def test_changes_count_on_top_of_what_is_told() -> None:
    told = frozenset({"late", "rude"})
    said = CauseLesson("", "en", frozenset({"price"}))
    assert said.counted(told) == {"price"}
    assert replace(said, struck=frozenset()).counted(told) == {"price", "late", "rude"}
    assert replace(said, struck=frozenset({"late"})).counted(told) == {"price", "rude"}
    assert replace(said, causes=frozenset()).says_something
    assert not replace(said, causes=frozenset(), struck=frozenset()).says_something


def test_lessons_are_judged_towards_their_brand(encoder: Encoder, taxonomy: Taxonomy) -> None:
    every = CauseFinder(encoder, taxonomy, threshold=0.0)
    text = "At Acme we waited an hour in the queue, it was awful. Brix is wonderful, I love Brix."
    acme = CauseLesson(text, "en", frozenset(), names=("Acme",), others=("Brix",))
    brix = CauseLesson(text, "en", frozenset(), names=("Brix",), others=("Acme",))
    assert any("waited" in own for own in taught(every, encoder, [acme]).none)
    assert not any("waited" in own for own in taught(every, encoder, [brix]).none)


def test_new_examples_go_under_their_language_once(taxonomy: Taxonomy) -> None:
    new = Taught({"noise": ("холодильник гудит", "deafening music")}, ("ничего особенного",))
    wider = with_examples(taxonomy, new)
    (noise,) = (cause for cause in wider.causes if cause.id == "noise")
    assert noise.examples == {"en": ("deafening music",), "ru": ("холодильник гудит",)}
    assert wider.background["ru"][-1] == "ничего особенного"
    assert wider.version != taxonomy.version


def test_learning_gains_on_corrections_it_has_not_seen(
    encoder: Encoder, taxonomy: Taxonomy
) -> None:
    found = gain(encoder, taxonomy, lessons())
    assert found.texts == len(NOISY) + len(PARKING)
    assert found.micro_f1.after > found.micro_f1.before + 0.2
    assert found.gained
    assert found.as_json()["gained"] is True


def test_a_gain_within_chance_is_none() -> None:
    assert not CauseGain(30, Measure(0.5, 0.55, -0.01, 0.1)).gained
