from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.classifier import softmax, unit
from sentiment.likeness import Likeness, Measure, likeness
from sentiment.words import word_columns

MEASURE = Measure({"en": np.zeros(4)}, np.eye(4), scale=14.0, none=14.0)
AXES = np.eye(4)


def asked(*causes: NDArray[np.float64], none: NDArray[np.float64] = AXES[:0]) -> Likeness:
    rows = [MEASURE.rows(own, ["en"] * len(own)) for own in (*causes, none)]
    return Likeness(tuple(rows[:-1]), rows[-1], MEASURE)


def chances(asked_of: Likeness, row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of each cause and of none for one embedding."""
    return softmax(asked_of.scores(row[None], ["en"], word_columns([""])))[0]


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
