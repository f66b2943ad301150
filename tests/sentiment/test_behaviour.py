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
    checks = {json.loads(line)["text"] for line in CHECKS.open(encoding="utf-8")}
    own = {json.loads(line)["text"] for line in OWN_EXAMPLES.open(encoding="utf-8")}
    assert not checks & own


def test_a_label_does_not_depend_on_which_brand(encoder: Encoder) -> None:
    outcome = brand_swap(encoder)
    assert outcome.held / outcome.n >= 0.85, outcome.failures


def test_a_label_does_not_depend_on_a_handle_or_a_link(encoder: Encoder) -> None:
    outcome = noise(encoder)
    assert outcome.held / outcome.n >= 0.85, outcome.failures


def test_two_brands_in_a_text_are_told_apart(encoder: Encoder) -> None:
    outcome = two_brands(encoder)
    assert outcome.held / outcome.n >= 0.55, outcome.failures
