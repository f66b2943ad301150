"""The words of a clause as columns."""

from __future__ import annotations

import numpy as np
import pytest

from sentiment.classifier import products
from sentiment.words import WEIGHT, WIDTH, word_rows


def likeness(first: str, second: str) -> float:
    one, other = word_rows([first, second]).dense() / WEIGHT
    return float(one @ other)


def test_rows_have_one_length_and_a_text_without_words_none() -> None:
    columns = word_rows(["switched to Kamar", "☕", "перешли в Камар"]).dense()
    assert columns.shape == (3, WIDTH)
    lengths = np.linalg.norm(columns, axis=1)
    assert lengths[[0, 2]] == pytest.approx(WEIGHT)
    # The beginning and the end are words to their neighbours.
    assert lengths[1] == pytest.approx(WEIGHT)
    assert not word_rows([]).dense().size


def test_case_and_yo_do_not_matter_endings_and_slips_little_but_order_does() -> None:
    assert likeness("ОТКЛЮЧИЛИ интернет", "отключили ИНТЕРНЕТ") == pytest.approx(1)
    assert likeness("ещё ждём", "еще ждем") == pytest.approx(1)
    assert likeness("Отключили ИНТЕРНЕТ", "отключила интернета") > 0.7
    assert likeness("курьер хамил", "курьеры хамят") > 0.4
    assert likeness("the delivery was late", "teh delivrey was late") > 0.4
    assert likeness("not good but cheap", "cheap but not good") < 0.9


def test_a_word_without_end_is_read_in_parts() -> None:
    assert word_rows(["a" * 100_000]).dense().any()


def test_other_words_share_next_to_nothing() -> None:
    assert abs(likeness("switched my phone to another firm", "soup was cold and bland")) < 0.3


def test_products_are_those_of_the_whole_rows_whoever_else_is_asked_about() -> None:
    texts = [f"waited {n} minutes, nobody said sorry {'!' * n}" for n in range(100)]
    matrix = np.random.default_rng(0).normal(size=(WIDTH, 7))
    rows = word_rows([*texts, "", "ждали час"])
    found = rows.times(matrix)
    assert found == pytest.approx(products(rows.dense(), matrix), abs=1e-6)
    for at in (0, 40, 101):
        assert (rows[np.array([at])].times(matrix) == found[at]).all()
    assert (rows[np.array([101, 3])].times(matrix) == found[[101, 3]]).all()
    assert word_rows([]).times(matrix).shape == (0, 7)
