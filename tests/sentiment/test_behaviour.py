from __future__ import annotations

import json

import pytest

from sentiment.behaviour import CHECKS, brand_swap, noise, two_brands
from sentiment.encoder import Encoder
from sentiment.training.rows import OWN_EXAMPLES


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(threads=2)


def test_no_check_is_trained_on() -> None:
    checks, own = (
        {json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()}
        for path in (CHECKS, OWN_EXAMPLES)
    )
    assert checks
    assert not checks & own


def test_a_label_does_not_depend_on_which_brand(encoder: Encoder) -> None:
    outcome = brand_swap(encoder)
    assert outcome.held / outcome.n >= 0.85, outcome.failures


def test_a_label_does_not_depend_on_a_handle_or_a_link(encoder: Encoder) -> None:
    outcome = noise(encoder)
    assert outcome.held / outcome.n >= 0.85, outcome.failures


def test_two_brands_in_a_text_do_no_worse_than_they_did(encoder: Encoder) -> None:
    # The weakest point of this model and stated so in its card: half of them, chance is a third.
    outcome = two_brands(encoder)
    assert outcome.held / outcome.n >= 0.45, outcome.failures
