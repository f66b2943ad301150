from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.evaluate import (
    Example,
    calibration_error,
    read_examples,
    score,
    score_groups,
    table,
)


def chances_of(guesses: list[int], confidence: float = 0.8) -> np.ndarray:
    rest = (1 - confidence) / 2
    return np.array([[confidence if c == guess else rest for c in range(3)] for guess in guesses])


def test_metrics_by_hand() -> None:
    # Confusion: negatives 2 of 2 right, neutral 1 of 2, positive 0 of 1 (taken for neutral).
    found = score([0, 0, 1, 1, 2], chances_of([0, 0, 1, 0, 1]))
    assert found.n == 5
    assert found.recalls == pytest.approx((1.0, 0.5, 0.0))
    assert found.macro_recall.value == pytest.approx(0.5)
    f1 = [2 * 2 / (2 + 3), 2 * 1 / (2 + 2), 0.0]
    assert found.macro_f1.value == pytest.approx(np.mean(f1))
    assert found.f1_poles.value == pytest.approx((f1[0] + f1[2]) / 2)
    assert found.accuracy.value == pytest.approx(0.6)


def test_an_interval_holds_the_value_and_narrows_with_texts() -> None:
    few = score([0, 1, 2] * 20, chances_of([0, 1, 1] * 20))
    many = score([0, 1, 2] * 500, chances_of([0, 1, 1] * 500))
    for found in (few, many):
        assert found.accuracy.low <= found.accuracy.value <= found.accuracy.high
    assert many.accuracy.high - many.accuracy.low < few.accuracy.high - few.accuracy.low


def test_the_interval_is_that_of_resampled_texts() -> None:
    # Standard error of a share: sqrt(p (1 - p) / n); the 95 % interval is 3.92 of them wide.
    found = score([0] * 400, chances_of([0] * 300 + [1] * 100))
    wide = found.accuracy.high - found.accuracy.low
    assert wide == pytest.approx(3.92 * np.sqrt(0.75 * 0.25 / 400), rel=0.1)


def test_calibration_error() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    assert calibration_error(labels, chances_of([0] * 10, 0.8)) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(labels, chances_of([0] * 10, 0.95)) == pytest.approx(0.15)


def test_a_class_without_texts_is_left_out_of_the_mean() -> None:
    found = score([0, 0, 2, 2], chances_of([0, 0, 2, 0]))
    assert np.isnan(found.recalls[1])
    assert found.macro_recall.value == pytest.approx(0.75)
    assert found.macro_f1.value == pytest.approx((2 * 2 / (2 + 3) + 2 * 1 / (2 + 1)) / 2)


def test_groups_and_their_table() -> None:
    examples = [Example("not good?" if n % 2 else "fine", n % 3, "en") for n in range(90)]
    groups = score_groups(examples, chances_of([n % 3 for n in range(90)]))
    assert groups["language en"].n == 90
    assert groups["with negation"].n == groups["a question"].n == 45
    assert "over 200 characters" not in groups
    assert "| language en | 90 | 100.0 [100.0, 100.0] |" in table(groups)


def test_examples_are_read_by_name_or_number(tmp_path: Path) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text(
        '{"text": "a", "label": "positive", "lang": "en"}\n\n'
        '{"text": "б", "label": 0, "lang": "ru", "target": "Бренд"}\n',
        encoding="utf-8",
    )
    first, second = read_examples(path)
    assert (first.label, first.target) == (2, None)
    assert (second.label, second.target) == (0, "Бренд")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"text": "a", "lang": "en"}',
        '{"text": "a", "label": "angry", "lang": "en"}',
        '{"text": "a", "label": 7, "lang": "en"}',
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "test.jsonl"
    path.write_text('{"text": "a", "label": 1, "lang": "en"}\n' + line, encoding="utf-8")
    with pytest.raises(ValueError, match=r"test\.jsonl, line 2"):
        list(read_examples(path))
