from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sentiment.evaluate import (
    Example,
    calibration_error,
    gain,
    groups_of,
    predict,
    read_examples,
    score,
    score_groups,
    share,
)


def chances_of(guesses: list[int], confidence: float = 0.8) -> np.ndarray:
    rest = (1 - confidence) / 2
    return np.array([[confidence if c == guess else rest for c in range(3)] for guess in guesses])


def test_metrics_by_hand() -> None:
    # Confusion: negatives 2 of 2 right, neutral 1 of 2, positive 0 of 1 (taken for neutral).
    found = score([0, 0, 1, 1, 2], chances_of([0, 0, 1, 0, 1]))
    assert found.n == 5
    assert [recall.value for recall in found.recalls] == pytest.approx([1.0, 0.5, 0.0])
    assert found.macro_recall.value == pytest.approx(0.5)
    f1 = [2 * 2 / (2 + 3), 2 * 1 / (2 + 2), 0.0]
    assert found.macro_f1.value == pytest.approx(np.mean(f1))
    assert found.f1_poles.value == pytest.approx((f1[0] + f1[2]) / 2)
    assert found.accuracy.value == pytest.approx(0.6)
    assert found.confusion.tolist() == [[2, 0, 0], [1, 1, 0], [0, 1, 0]]


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(ValueError, match="no text to score"):
        score([], np.empty((0, 3)))


def test_an_interval_holds_the_value_and_narrows_with_texts() -> None:
    few = score([0, 1, 2, 0, 1, 2] * 10, chances_of([0, 1, 1, 1, 2, 2] * 10))
    many = score([0, 1, 2, 0, 1, 2] * 250, chances_of([0, 1, 1, 1, 2, 2] * 250))
    for found in (few, many):
        figures = (found.accuracy, found.macro_recall, found.macro_f1, found.f1_poles, found.ece)
        assert all(figure.low <= figure.value <= figure.high for figure in figures)
    for name in ("accuracy", "macro_recall", "ece"):
        wide, narrow = getattr(few, name), getattr(many, name)
        assert narrow.high - narrow.low < wide.high - wide.low


def test_the_interval_is_that_of_resampled_texts() -> None:
    # Standard error of a share: sqrt(p (1 - p) / n); the 95 % interval is 3.92 of them wide.
    found = score([0] * 400, chances_of([0] * 300 + [1] * 100))
    for figure in (found.accuracy, found.macro_recall):
        expected = 3.92 * np.sqrt(0.75 * 0.25 / 400)
        assert figure.high - figure.low == pytest.approx(expected, rel=0.1)


def test_a_share_of_few_has_an_honest_interval() -> None:
    # Wilson by hand: 10 of 10 is [n / (n + z²), 1].
    all_right = share(10, 10)
    assert (all_right.value, all_right.high) == (1.0, pytest.approx(1.0))
    assert all_right.low == pytest.approx(10 / (10 + 1.96**2))
    assert np.isnan(share(0, 0).value)
    assert str(share(0, 0)) == "–"


def test_calibration_error() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    assert calibration_error(labels, chances_of([0] * 10, 0.8)) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(labels, chances_of([0] * 10, 0.95)) == pytest.approx(0.15)


def test_the_reliability_table_sets_confidence_beside_accuracy() -> None:
    sure, unsure = chances_of([0] * 10, 0.95), chances_of([0] * 4, 0.45)
    found = score([0] * 9 + [1] + [0, 0, 1, 1], np.concatenate([sure, unsure])).reliability
    assert [(own.n, own.accuracy.value) for own in found] == [(4, 0.5), (10, 0.9)]
    assert [own.confidence for own in found] == pytest.approx([0.45, 0.95])
    assert all(own.low <= own.confidence <= own.high for own in found)


def test_a_class_without_texts_is_left_out_of_the_mean() -> None:
    found = score([0, 0, 2, 2], chances_of([0, 0, 2, 0]))
    assert np.isnan(found.recalls[1].value)
    assert found.macro_recall.value == pytest.approx(0.75)
    assert found.macro_f1.value == pytest.approx((2 * 2 / (2 + 3) + 2 * 1 / (2 + 1)) / 2)


def test_the_gain_over_another_is_paired() -> None:
    labels = [0, 1, 2] * 100
    right = chances_of(labels)
    half = chances_of([0, 1, 1] * 100)
    found = gain(labels, right, half)
    assert found.value == pytest.approx(1 / 3)
    # Every positive text is gained, so resampling cannot change it.
    assert found.low == found.high == pytest.approx(1 / 3)
    assert gain(labels, half, half).value == gain(labels, half, half).high == 0


def test_slices_are_found_in_the_texts_and_taken_from_the_file() -> None:
    examples = [
        Example("Not good at all 😡, but why?", 0, "en", "Luma", source="tweets", slice="irony"),
        Example("Хорошо, но не очень", 1, "ru"),
        Example("so " * 70, 1, "en"),
        Example("so " * 40, 1, "en"),
    ]
    found = groups_of(examples, chances_of([0, 1, 1, 1], 0.45), floor=0.5)
    assert {name: rows.tolist() for name, rows in found.items()} == {
        "language en": [0, 2, 3],
        "language ru": [1],
        "set tweets": [0],
        "slice irony": [0],
        "up to 60 characters": [0, 1],
        "61 to 200 characters": [3],
        "over 200 characters": [2],
        "with negation": [0, 1],
        "with but, though, но, зато": [0, 1],
        "with emoji": [0],
        "a question": [0],
        "with a target": [0],
        "low confidence": [0, 1, 2, 3],
    }


def test_groups_too_small_are_not_scored() -> None:
    examples = [Example("not good?" if n % 2 else "fine", n % 3, "en") for n in range(90)]
    groups = score_groups(examples, chances_of([n % 3 for n in range(90)]))
    assert groups["language en"].n == 90
    assert groups["with negation"].n == groups["a question"].n == 45
    assert "over 200 characters" not in groups


def test_a_judge_in_the_place_of_the_head_is_asked_for_every_text(encoder) -> None:
    class Contrary:
        version, languages, confidence_floor = "contrary", frozenset({"en"}), 0.5

        def chances(self, items, encoded, langs):
            assert len(items) == len(encoded) == len(langs)
            return np.array([[0.1, 0.1, 0.8] if item.target else [0.8, 0.1, 0.1] for item in items])

    examples = [Example("Great coffee", 2, "en"), Example("Luma is slow", 0, "en", "Luma")]
    assert predict(encoder, examples, Contrary()).argmax(axis=1).tolist() == [0, 2]
    assert predict(encoder, []).shape == (0, 3)


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
