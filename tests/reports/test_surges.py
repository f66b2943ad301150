"""The threshold follows what the surges of a series were, and no single one of them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from datetime import timedelta

import pytest

from reports.surges import MONTH, SURGES_TO_TELL, SharedSurges, Surges

HOUR = timedelta(hours=1)


def feed(surges: Surges, peaks: Iterable[float], calm: int = 24) -> int:
    """One surge after another; how many reached the threshold they met."""
    reached = 0
    for peak in peaks:
        reached += peak > surges.threshold
        surges.see(peak)
        for _ in range(calm):
            surges.see(0.0)
    return reached


def test_rows_without_surges_leave_the_law() -> None:
    surges = Surges(HOUR, 1, 1.0)
    law = surges.threshold
    for _ in range(5000):
        surges.see(2.0)
    assert surges.threshold == law >= math.log(MONTH / HOUR)


def test_surges_that_go_as_far_as_the_law_says_change_little() -> None:
    dice = random.Random(1)
    surges = Surges(HOUR, 1, 1.0)
    law = surges.threshold
    feed(surges, [3.92 + dice.expovariate(1) for _ in range(60)], calm=6 * 24)
    assert surges.threshold < 1.5 * law


def test_one_great_surge_does_not_silence_the_next() -> None:
    surges = Surges(HOUR, 1, 1.0)
    dice = random.Random(2)
    feed(surges, [3.92 + dice.expovariate(1) for _ in range(40)])
    before = surges.threshold
    feed(surges, [600.0])
    assert surges.threshold < 1.5 * before


@pytest.mark.parametrize("exponent", [1.2, 2.5])
def test_the_rate_holds_whatever_the_tail(exponent: float) -> None:
    reached, months = 0, 0.0
    for seed in range(8):
        dice = random.Random(seed)
        surges = Surges(HOUR, 1, 1.0)
        peaks = [4 * dice.paretovariate(exponent) for _ in range(300)]
        feed(surges, peaks[:60])
        reached += feed(surges, peaks[60:])
        months += 240 * 25 * HOUR / MONTH
    # A surge a day, after two months: about the stated one a month, not the ten of the law.
    assert reached <= 1.6 * months, reached / months


def shared(surprises: Iterable[tuple[float, float]]) -> list[Surges]:
    """Two windows after these surges, ten calm hours after each."""
    windows = [Surges(HOUR, 1, 0.5), Surges(HOUR, 1, 0.5)]
    surges = SharedSurges(windows, 1.0)
    for pair in surprises:
        surges.see(pair)
        for _ in range(10):
            surges.see((0.0, 0.0))
    return windows


def test_windows_that_always_surge_together_may_each_raise_what_the_series_may() -> None:
    together, apart = shared([(5.0, 5.0)] * 60), shared([(5.0, 0.0), (0.0, 5.0)] * 30)
    assert all(window.rate > 0.9 for window in together)
    assert all(window.rate < 0.6 for window in apart)


def test_where_surges_have_no_typical_size_more_of_them_are_told() -> None:
    dice = random.Random(3)
    usual = shared([(surprise := 4 + dice.expovariate(1), surprise) for _ in range(60)])
    wild = shared([(surprise := 4 * dice.paretovariate(1), surprise) for _ in range(60)])
    assert all(window.has_typical_size for window in usual)
    assert not any(window.has_typical_size for window in wild)
    assert wild[0].rate == pytest.approx(SURGES_TO_TELL * usual[0].rate, rel=0.1)
