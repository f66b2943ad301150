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
