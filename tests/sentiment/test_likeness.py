from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.classifier import softmax, unit
from sentiment.likeness import Likeness, Measure, Odds, likeness

ODDS = Odds(scale=14.0, none=14.0)
MEASURE = Measure({"en": np.zeros(4)}, np.eye(4), ODDS, ODDS)
AXES = np.eye(4)
UNREAD = np.zeros((1, 4))


def asked(*causes: NDArray[np.float64], none: NDArray[np.float64] = AXES[:0]) -> Likeness:
    rows = [MEASURE.rows(own, ["en"] * len(own)) for own in (*causes, none)]
    return Likeness(tuple(rows[:-1]), rows[-1], MEASURE)


def chances(asked_of: Likeness, row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of each cause and of none for one embedding."""
    return softmax(asked_of.scores(row[None], ["en"], UNREAD))[0]


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


def test_what_minilm_has_read_too_is_as_like_as_the_mean_of_both() -> None:
    by_one = asked(AXES[:1], AXES[1:2])
    by_both = replace(by_one, english=(AXES[2:3], AXES[3:4], AXES[:0]))
    likeness_of_both = by_both.scores(AXES[:1], ["en"], AXES[3:4])[0] / ODDS.scale
    assert likeness_of_both[:2] == pytest.approx([1, 1]), "the encoder says one, MiniLM the other"
    unread = by_both.scores(AXES[:1], ["en"], UNREAD)
    assert np.array_equal(unread, by_one.scores(AXES[:1], ["en"], UNREAD))


def test_a_cause_without_an_english_example_is_told_by_the_encoder_alone() -> None:
    few = replace(asked(AXES[:1], AXES[1:2]), english=(AXES[2:3], AXES[:0], AXES[:0]))
    scores = few.scores(AXES[1:2], ["en"], AXES[3:4])[0] / ODDS.scale
    assert scores[:2] == pytest.approx([0, 2])


def test_odds_are_those_of_what_has_read_the_text() -> None:
    measure = replace(MEASURE, by_both=Odds(scale=7.0, none=3.0))
    few = replace(asked(AXES[:1]), english=(AXES[:1], AXES[:0]), measure=measure)
    texts = np.stack([AXES[0], AXES[0]])
    read = np.stack([AXES[0], UNREAD[0]])
    assert few.scores(texts, ["en", "en"], read) == pytest.approx(np.array([[14, 3], [28, 14]]))
