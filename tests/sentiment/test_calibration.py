from __future__ import annotations

import numpy as np
import pytest

from sentiment.calibration import Calibration, fit, read_calibrations


def test_probabilities_sum_to_one_even_for_huge_logits() -> None:
    chances = Calibration(0.5).probabilities(np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]]))
    assert chances.sum(axis=1) == pytest.approx([1.0, 1.0])
    assert chances[1] == pytest.approx([1 / 3] * 3)


def test_fit_recovers_a_known_calibration() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(40_000, 3)) * 3
    truth = Calibration(2.0, (0.5, -0.1, -0.4))
    chances = truth.probabilities(logits)
    labels = (chances.cumsum(axis=1) < rng.random((len(logits), 1))).sum(axis=1)
    found = fit(logits, labels.tolist())
    assert found.temperature == pytest.approx(2.0, rel=0.05)
    assert found.offsets == pytest.approx(truth.offsets, abs=0.06)


def test_weights_move_the_offsets() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 3000)
    logits = np.eye(3)[labels] + rng.normal(size=(3000, 3))
    even = fit(logits, labels.tolist())
    heavy = fit(logits, labels.tolist(), np.where(labels == 0, 5.0, 1.0))
    assert heavy.offsets[0] > even.offsets[0] + 0.5


def test_round_trip_through_the_configuration() -> None:
    own = Calibration(1.25, (0.1, 0.0, -0.1))
    assert read_calibrations({"en": own.as_dict()}) == {"en": own}


@pytest.mark.parametrize(
    "entry", [{}, {"temperature": 0, "offsets": [0, 0, 0]}, {"temperature": 1, "offsets": [0]}]
)
def test_a_wrong_configuration_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="calibration of en"):
        read_calibrations({"en": entry})
