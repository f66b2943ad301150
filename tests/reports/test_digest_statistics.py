"""Every formula of a digest against statsmodels or scipy."""

from __future__ import annotations

import math
import random

import pytest
from scipy.stats import binomtest, kendalltau, norm, theilslopes
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from reports.statistics import benjamini_hochberg, poisson_ratio_p, rate_ratio, wilson
from reports.trend import mann_kendall_p, theil_sen, trend

DRAW = random.Random(7)


@pytest.mark.parametrize(("hits", "trials"), [(0, 9), (3, 11), (35, 111), (50, 50)])
def test_shares_have_wilsons_interval(hits: int, trials: int) -> None:
    low, high = proportion_confint(hits, trials, method="wilson")
    mine = wilson(hits, trials)
    assert (mine.low, mine.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("now", "usual"), [(35, 20), (12, 400), (10, 10)])
def test_lifts_of_ten_and_more_have_the_log_interval(now: int, usual: int) -> None:
    middle, spread = math.log(now * 28 / usual), math.sqrt(1 / now + 1 / usual)
    low, high = (math.exp(end) for end in norm.interval(0.95, middle, spread))
    mine = rate_ratio(now, 1, usual, 28)
    assert (mine.low, mine.high) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.parametrize(("now", "usual"), [(3, 2), (7, 0), (9, 40)])
def test_small_lifts_are_exact(now: int, usual: int) -> None:
    exact = binomtest(now, now + usual, 1 / 29, alternative="greater")
    assert poisson_ratio_p(now, 1, usual, 28) == pytest.approx(exact.pvalue, rel=1e-9)
    interval = binomtest(now, now + usual).proportion_ci(method="exact")
    mine = rate_ratio(now, 1, usual, 28)
    assert mine.low == pytest.approx(28 * interval.low / (1 - interval.low), rel=1e-6)


def test_false_discoveries_are_controlled_as_by_benjamini_and_hochberg() -> None:
    values = [DRAW.random() ** 4 for _ in range(40)]
    theirs = multipletests(values, alpha=0.05, method="fdr_bh")[0]
    assert benjamini_hochberg(values) == list(theirs)


@pytest.mark.parametrize("values", [[1, 2, 4, 3, 7, 9], [5, 5, 4, 6, 7, 7, 7, 9], [3, 2, 1, 4, 5]])
def test_trends_are_kendalls_and_sens(values: list[float]) -> None:
    at = list(range(len(values)))
    assert mann_kendall_p(values) == pytest.approx(kendalltau(at, values).pvalue, rel=1e-9)
    slope = theilslopes(values, at).slope
    assert theil_sen(list(zip(map(float, at), values, strict=True))) == pytest.approx(slope)


def test_a_trend_is_claimed_only_beyond_chance() -> None:
    assert trend("mentions", [10, 20, 30, 40]).direction == "unknown"
    assert trend("mentions", [10, 20, 30, 40, 50]).direction == "rising"
    assert trend("mentions", [50, None, 40, 30, 20, 10]).direction == "falling"
    assert trend("mentions", [10, 30, 20, 40, 10, 30]).direction == "steady"
    assert trend("mentions", [7, 7, 7, 7, 7, 7]).direction == "steady"
