"""The words of a clause as columns."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.words import WEIGHT, WIDTH, word_columns


def likeness(first: str, second: str) -> float:
    one, other = word_columns([first, second]).astype(np.float64) / WEIGHT
    return float(one @ other)


def test_rows_have_one_length_and_a_text_without_words_none() -> None:
    columns = word_columns(["switched to Kamar", "☕", "перешли в Камар"])
    assert columns.shape == (3, WIDTH)
    lengths = np.linalg.norm(columns, axis=1)
    assert lengths[[0, 2]] == pytest.approx(WEIGHT)
    # The beginning and the end are words to their neighbours.
    assert lengths[1] == pytest.approx(WEIGHT)
    assert not word_columns([]).size


def test_case_and_yo_do_not_matter_endings_and_slips_little_but_order_does() -> None:
    assert likeness("ОТКЛЮЧИЛИ интернет", "отключили ИНТЕРНЕТ") == pytest.approx(1)
    assert likeness("ещё ждём", "еще ждем") == pytest.approx(1)
    assert likeness("Отключили ИНТЕРНЕТ", "отключила интернета") > 0.7
    assert likeness("курьер хамил", "курьеры хамят") > 0.4
    assert likeness("the delivery was late", "teh delivrey was late") > 0.4
    assert likeness("not good but cheap", "cheap but not good") < 0.9


def test_a_word_without_end_is_read_in_parts() -> None:
    assert word_columns(["a" * 100_000]).any()


def test_other_words_share_next_to_nothing() -> None:
    assert abs(likeness("switched my phone to another firm", "soup was cold and bland")) < 0.3
