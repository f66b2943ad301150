from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sentiment.behaviour import (
    BRANDS,
    CHANGES,
    CHECKS,
    KINDS,
    NOISE,
    PAIRS,
    PEOPLE,
    TEMPLATES,
    Outcome,
    all_checks,
    moved,
    run_checks,
)
from sentiment.encoder import Encoder
from sentiment.evaluate import Example
from sentiment.target import names_in
from sentiment.training.rows import OWN_EXAMPLES

FOLDER = CHECKS.parent
ALL_CHECKS = (CHECKS, PAIRS, KINDS, TEMPLATES, CHANGES)


def rows(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def words(text: str) -> str:
    return " ".join(text.casefold().split())


def test_no_check_is_trained_on() -> None:
    trained = {words(row["text"]) for row in rows(OWN_EXAMPLES)}
    for path in FOLDER.glob("own_templates_*.jsonl"):
        trained |= {words(str(row.get("text", ""))) for row in rows(path)}
    for path in ALL_CHECKS:
        own = {words(str(row.get("text", row.get("before", "")))) for row in rows(path)} - {""}
        assert own
        assert not own & trained, path.name


def test_no_sentence_about_two_brands_is_both_trained_on_and_checked() -> None:
    checked = " \n ".join(words(row["text"]) for row in [*rows(CHECKS), *rows(PAIRS)])
    for path in FOLDER.glob("own_pairs_*.jsonl"):
        for row in rows(path):
            longest = max(re.split(r"\{[xy]\}", words(row["text"])), key=len)
            assert len(longest) < 25 or longest not in checked


def test_there_are_enough_checks_of_each_kind_in_both_languages() -> None:
    assert min(Counter(row["lang"] for row in rows(CHECKS)).values()) >= 80
    assert min(Counter((row["lang"], row["kind"]) for row in rows(KINDS)).values()) >= 20
    slots = Counter((row["lang"], row["slot"]) for row in rows(TEMPLATES))
    assert min(slots["en", "brand"], slots["ru", "brand"]) >= 30
    assert all(len(set(names[lang])) >= 12 for names in (BRANDS, PEOPLE) for lang in ("en", "ru"))
    for row in rows(TEMPLATES):
        assert row["text"].count("{}") == 1


def test_every_check_names_its_target_as_the_model_will_be_shown_it() -> None:
    targeted = [*rows(CHECKS), *rows(PAIRS)]
    unnamed = [row for row in targeted if not names_in(row["text"], [row["target"]])]
    assert unnamed == []


@pytest.mark.parametrize("kind", NOISE)
def test_noise_changes_a_text_and_leaves_its_words_recognisable(kind: str) -> None:
    text = "Waited three weeks for my Bluepine refund."
    variants = list(NOISE[kind](text))
    assert len(variants) == 2
    for variant in variants:
        assert variant != text
        assert len(set(words(variant).split()) & set(words(text).split())) >= 5


def by_words(examples: Sequence[Example]) -> np.ndarray:
    """A judge that knows a few words and cannot tell whom they are about."""
    chances = []
    for example in examples:
        text = example.text.casefold()
        good = sum(word in text for word in ("thank", "спасибо", "love", "best", "лучш"))
        bad = sum(word in text for word in ("not", "не ", "no ", "refund", "rude", "хам"))
        weights = np.exp([1.5 * bad, 0.5, 1.5 * good])
        chances.append(weights / weights.sum())
    return np.array(chances)


def test_a_judge_of_words_passes_what_words_decide_and_fails_two_brands() -> None:
    found = {outcome.name: outcome for outcome in run_checks(by_words)}
    # It reads no names and lower-cases all: nothing of the kind can sway it.
    for name in ("another brand", "another person", "case", "a handle"):
        assert found[f"same label: {name}"].share == 1
    assert found["direction: “thanks, solved” added"].share > 0.5
    assert found["towards one of two brands"].share < 0.6
    assert found["right label: sarcasm"].share < 0.6
    failed = found["towards one of two brands"]
    assert failed.n == failed.held + len(failed.failures) == len(rows(CHECKS))


def test_a_prejudice_against_one_brand_shows() -> None:
    def prejudiced(examples: Sequence[Example]) -> np.ndarray:
        hated = ["Ryanair" in example.text or "Билайн" in example.text for example in examples]
        return np.array([[0.9, 0.05, 0.05] if own else [0.1, 0.8, 0.1] for own in hated])

    found = {outcome.name: outcome for outcome in run_checks(prejudiced)}
    swap = found["same label: another brand"]
    # Of the pairs of 14 names those with the one differ: 13 of 91.
    assert swap.share == pytest.approx(1 - 13 / 91)
    assert swap.note.endswith("all names alike in 0 of 68 texts")
    assert all("Ryanair" in text or "Билайн" in text for text in swap.failures)


def test_a_language_the_judge_does_not_know_is_not_asked_for() -> None:
    def english_only(examples: Sequence[Example]) -> np.ndarray:
        assert {example.lang for example in examples} == {"en"}
        return np.full((len(examples), 3), 1 / 3)

    assert all(outcome.note.startswith("en ") for outcome in run_checks(english_only, ["en"]))


@pytest.mark.parametrize(
    ("before", "after", "pole", "holds"),
    [
        ([0.1, 0.2, 0.7], [0.2, 0.3, 0.5], 0, True),  # fell by 0.3
        ([0.1, 0.2, 0.7], [0.12, 0.2, 0.68], 0, False),  # hardly fell
        ([0.1, 0.2, 0.7], [0.05, 0.15, 0.8], 0, False),  # rose
        ([0.95, 0.03, 0.02], [0.96, 0.03, 0.01], 0, True),  # no room left, the class is right
        ([0.95, 0.03, 0.02], [0.6, 0.2, 0.2], 0, False),  # the right class, and away from it
        ([0.6, 0.3, 0.1], [0.3, 0.3, 0.4], 2, True),
    ],
)
def test_a_direction_held_is_a_move_or_a_class_already_sure(
    before: list[float], after: list[float], pole: int, holds: bool
) -> None:
    assert moved(np.array(before), np.array(after), pole) is holds


@pytest.fixture(scope="module")
def outcomes(encoder: Encoder) -> dict[str, Outcome]:
    return {outcome.name: outcome for outcome in all_checks(encoder)}


FLOORS = {
    "towards one of two brands": 0.85,
    "towards one of two brands, told at length": 0.8,
    "same label: another brand": 0.9,
    "same label: another brand, judged towards it": 0.99,
    "same label: another person": 0.85,
    "same label: typos": 0.85,
    "same label: a link": 0.9,
    "same label: a handle": 0.9,
    "same label: case": 0.8,
    "same label: punctuation at the end": 0.9,
    "same label: an emoji that says nothing": 0.9,
    "direction: “not” added": 0.85,
    "direction: “but” and a complaint added": 0.9,
    "direction: “thanks, solved” added": 0.9,
    "right label: plain": 0.8,
    "right label: question": 0.8,
    "right label: news": 0.8,
    "right label: advert": 0.75,
    "right label: mixed": 0.75,
    "right label: sarcasm": 0.5,
}
"""What the shipped model must not fall below; its card says what it reaches."""


@pytest.mark.slow
def test_the_shipped_model_does_no_worse_than_it_did(outcomes: dict[str, Outcome]) -> None:
    assert outcomes.keys() >= FLOORS.keys()
    low = {name: outcomes[name].share for name in FLOORS if outcomes[name].share < FLOORS[name]}
    assert not low
