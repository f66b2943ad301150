from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.classifier import softmax, unit
from sentiment.likeness import Likeness, Measure, Odds, Scale, Second, likeness
from sentiment.minilm import MiniLM

ODDS = Odds(scale=14.0, none=14.0)
SCALE = Scale(ODDS, {"en": ODDS})
MEASURE = Measure({"en": np.zeros(4)}, np.eye(4), SCALE, SCALE)
AXES = np.eye(4)
UNREAD = np.zeros((1, 4))
READER = MiniLM(SimpleNamespace(backend_tokenizer=None, cls_token_id=0, sep_token_id=1), None, 1)
"""It is asked nothing here: what it has read is given."""


def asked(*causes: NDArray[np.float64], none: NDArray[np.float64] = AXES[:0]) -> Likeness:
    rows = [MEASURE.rows(own, ["en"] * len(own)) for own in (*causes, none)]
    return Likeness(tuple(rows[:-1]), rows[-1], MEASURE)


def seconded(by_one: Likeness, *examples: NDArray[np.float64]) -> Likeness:
    """With a second reader's rows of each cause's examples, and of none's."""
    return replace(by_one, seconds={"en": Second(READER, examples)})


def chances(asked_of: Likeness, row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of each cause and of none for one embedding."""
    return softmax(asked_of.scores(row[None], ["en"], {}))[0]


def test_likeness_counts_the_mean_of_examples_and_more_than_it_the_nearest() -> None:
    mean = unit(AXES[0] + AXES[1])
    apart, together = AXES[:2], np.stack([mean, mean])
    by_corner = likeness(AXES[:1], [apart, together])[0]
    by_mean = likeness(mean[None], [apart, together, AXES[:0]])[0]
    assert by_corner[0] > by_corner[1]
    assert by_mean[0] < by_mean[1] == pytest.approx(2)
    assert by_mean[2] == -np.inf, "nothing is like no example"


def test_what_is_like_no_example_has_no_cause() -> None:
    two = asked(AXES[:1], AXES[1:2])
    assert chances(two, AXES[1]).argmax() == 1
    assert chances(two, AXES[3]).argmax() == 2


def test_what_is_likest_to_a_text_without_a_cause_has_none() -> None:
    between = unit(AXES[0] + AXES[2])
    assert chances(asked(AXES[:1], AXES[1:2]), between).argmax() == 0
    assert chances(asked(AXES[:1], AXES[1:2], none=between[None]), between).argmax() == 2


def test_what_has_been_read_twice_is_as_like_as_the_mean_of_both() -> None:
    by_one = asked(AXES[:1], AXES[1:2])
    by_both = seconded(by_one, AXES[2:3], AXES[3:4], AXES[:0])
    likeness_of_both = by_both.scores(AXES[:1], ["en"], {"en": AXES[3:4]})[0] / ODDS.scale
    assert likeness_of_both[:2] == pytest.approx([1, 1]), "the encoder says one, it the other"
    unread = by_both.scores(AXES[:1], ["en"], {"en": UNREAD})
    assert np.array_equal(unread, by_one.scores(AXES[:1], ["en"], {}))


def test_likeness_by_words_is_added_and_has_odds_of_its_own() -> None:
    measure = replace(MEASURE, worded=Scale(Odds(scale=2.0, none=1.0), {}))
    few = replace(asked(AXES[:1], AXES[1:2]), measure=measure)
    scores = few.scores(AXES[:1], ["en"], {}, np.array([[0.5, 1.5, 0.0]]))
    assert scores[0] == pytest.approx([5, 3, 1])


def test_a_cause_without_an_example_of_its_language_is_told_by_the_encoder_alone() -> None:
    few = seconded(asked(AXES[:1], AXES[1:2]), AXES[2:3], AXES[:0], AXES[:0])
    scores = few.scores(AXES[1:2], ["en"], {"en": AXES[3:4]})[0] / ODDS.scale
    assert scores[:2] == pytest.approx([0, 2])


def test_odds_are_those_of_what_has_read_the_text() -> None:
    measure = replace(MEASURE, plain=Scale(ODDS, {"en": Odds(scale=7.0, none=3.0)}))
    few = replace(seconded(asked(AXES[:1]), AXES[:1], AXES[:0]), measure=measure)
    texts = np.stack([AXES[0], AXES[0]])
    read = np.stack([AXES[0], UNREAD[0]])
    scores = few.scores(texts, ["en", "en"], {"en": read})
    assert scores == pytest.approx(np.array([[14, 3], [28, 14]]))


def test_what_is_like_the_background_has_no_cause() -> None:
    rng = np.random.default_rng(17)
    first, second, other = unit(rng.normal(size=(3, 64)))
    between = unit(first + other)
    measure = replace(MEASURE, centres={"en": np.zeros(64)}, whitening=np.eye(64))
    rows = [measure.rows(own[None], ["en"]) for own in (first, second, between)]
    told = Likeness((rows[0], rows[1]), rows[2][:0], measure)
    odds = Odds(scale=14.0, none=14.0, background=40.0)
    known = replace(measure, plain=Scale(odds, {}), background=rows[2].astype(np.float32))
    assert chances(told, between).argmax() == 0
    assert chances(replace(told, measure=known), between).argmax() == 2
    assert chances(replace(told, measure=known), second).argmax() == 1


def test_likeness_to_the_background_does_not_depend_on_the_other_rows() -> None:
    rng = np.random.default_rng(17)
    rows = unit(rng.normal(size=(50, 64)))
    background = unit(rng.normal(size=(300, 64))).astype(np.float32)
    measure = replace(MEASURE, background=background)
    together = measure.of_background(rows)
    alone = [measure.of_background(row[None])[0] for row in rows]
    assert together.tolist() == alone
    assert measure.of_background(rows[:0]).shape == (0,)
