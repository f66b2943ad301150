"""Words compared one by one: axes stand for what tokens mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sentiment.wording import BORROWED, Tokens, Wording, rarity_of

AXES = np.eye(6, dtype=np.float32)
RARITY = np.array([5, 5, 5, 5, 5, 0], dtype=np.float32)
"""Token n means axis n; the last is too common to count."""


def said(*ids: int, clauses: Sequence[Sequence[int]] = ()) -> Tokens:
    """A text of tokens and its clauses, each of some places of the text."""
    inside = np.array([[at in own for at in range(len(ids))] for own in clauses], dtype=bool)
    return Tokens(np.array(ids, np.int64), AXES[list(ids)], inside.reshape(len(clauses), len(ids)))


def wording(*groups: Sequence[Tokens]) -> Wording:
    return Wording.of(groups, RARITY, 6)


def test_the_one_word_that_tells_is_heard_among_others() -> None:
    late, rude = [said(0, 1)], [said(2, 5)]
    found = wording(late, rude).likeness(said(0, 3, 4))[1]
    assert found == pytest.approx([2 / 3, 0]), "one of three words is late, twice as much at most"


def test_the_nearest_of_all_examples_counts() -> None:
    scattered = wording([said(0), said(1), said(2)], [said(3)])
    assert scattered.likeness(said(0, 1, 2))[1] == pytest.approx([2, 0])


def test_common_words_count_nothing() -> None:
    two = wording([said(0, 5)], [said(1)])
    assert two.likeness(said(1, 5))[1] == pytest.approx([0, 2])
    assert two.columns.shape == (6, 2), "nor are they compared with"
    assert two.likeness(said(5))[1].tolist() == [0, 0]


def test_rarer_words_count_more() -> None:
    rare = Wording.of([[said(0)], [said(1)]], np.array([9, 3, 1, 1, 1, 1], dtype=np.float32), 6)
    assert rare.likeness(said(0, 1))[1] == pytest.approx([1.5, 0.5])


def test_a_clause_borrows_from_its_text() -> None:
    text = said(0, 1, 1, 1, clauses=[[0], [1, 2, 3], []])
    clauses, whole = wording([said(0)], [said(1)]).likeness(text)
    assert whole == pytest.approx([0.5, 1.5])
    late = (2 * 5 + BORROWED * 0.5) / (5 + BORROWED)
    assert clauses[0] == pytest.approx([late, 2 - late])
    assert clauses[1, 1] > whole[1] > clauses[0, 1]
    assert clauses[2] == pytest.approx(whole), (
        "without a word of its own it says what its text does"
    )


def test_a_cause_without_an_example_is_neither_nearer_nor_farther() -> None:
    clauses, whole = wording([said(0)], [], [said(1)]).likeness(said(0, clauses=[[0]]))
    assert whole == pytest.approx([2, 1, 0])
    assert clauses == pytest.approx(whole[None])
    assert wording([], []).likeness(said(0))[1].tolist() == [0, 0]


def test_no_text_is_like_anything_without_words() -> None:
    clauses, whole = wording([said(0)]).likeness(said(clauses=[[]]))
    assert whole.tolist() == [0]
    assert clauses.tolist() == [[0]]


def test_words_of_many_texts_are_common() -> None:
    texts = [[0, 1], *([0, 0, 2] for _ in range(2)), *([0] for _ in range(17))]
    rarity = rarity_of(texts, 4)
    assert rarity[0] == 0
    assert rarity[3] > rarity[1] > rarity[2] > 0
