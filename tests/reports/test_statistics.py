"""Known values of the literature and of scipy 1.17, and the laws that must hold for all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.statistics import (
    benjamini_hochberg,
    incomplete_beta,
    lognormal_quantile,
    lognormal_tail,
    lower_gamma,
    negative_binomial_quantile,
    negative_binomial_tail,
    net_sentiment,
    poisson_ratio_p,
    rate_ratio,
    share_of_voice,
    wilson,
)

means = st.floats(0.05, 3000)
dispersions = st.floats(0, 4)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_newcombes_table(successes: int, trials: int, low: float, high: float) -> None:
    share = wilson(successes, trials)
    assert (share.low, share.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_in_its_interval(successes: int, others: int) -> None:
    share = wilson(successes, successes + others)
    assert 0 <= share.low <= share.value <= share.high <= 1


def test_wilson_refuses_more_successes_than_trials() -> None:
    with pytest.raises(ValueError, match="5 successes in 4 trials"):
        wilson(5, 4)


def test_the_rate_ratio_of_rothmans_breast_cancer_study() -> None:
    # Rothman, Epidemiology: 41 cases in 28,010 woman-years against 15 in 19,017.
    ratio = rate_ratio(41, 28010, 15, 19017)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((1.86, 1.03, 3.35), abs=0.01)


def test_few_events_get_an_exact_interval() -> None:
    # scipy.stats.binomtest(7, 8).proportion_ci() = (0.473490, 0.996840), as odds x 5.
    ratio = rate_ratio(7, 1, 1, 5)
    assert ratio.value == 35
    assert ratio.low == pytest.approx(0.473490 / 0.526510 * 5, rel=1e-4)
    assert ratio.high == pytest.approx(0.996840 / 0.003160 * 5, rel=1e-2)


def test_a_baseline_without_events_bounds_the_ratio_from_below_only() -> None:
    ratio = rate_ratio(7, 1, 0, 5)
    assert ratio.value == ratio.high == math.inf
    assert ratio.low == pytest.approx(7.2065, rel=1e-4)
    assert math.isnan(rate_ratio(0, 1, 0, 5).value)


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.1, 50), st.floats(0.1, 50))
def test_a_ratio_lies_in_its_interval_and_mirrors(a: int, b: int, x: float, y: float) -> None:
    one, other = rate_ratio(a, x, b, y), rate_ratio(b, y, a, x)
    assert one.low <= one.value <= one.high
    assert one.low == pytest.approx(1 / other.high, rel=1e-6)


def test_benjamini_and_hochbergs_own_example() -> None:
    # JRSS B 57 (1995), section 3.2: of these 15 the first four are rejected at 5 %.
    p = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240),
        *(0.4262, 0.5719, 0.6528, 0.7590, 1.0),
    ]
    assert benjamini_hochberg(p) == [True] * 4 + [False] * 11
    assert benjamini_hochberg(p[::-1]) == [False] * 11 + [True] * 4
    assert benjamini_hochberg([]) == []


@pytest.mark.parametrize(
    ("value", "mean", "dispersion", "tail"),
    # scipy.stats.nbinom.sf(value - 1, 1/a, 1/(1 + a·mean)); the last two scipy.stats.poisson.
    [
        (1, 0.5, 1.0, 0.33333333333),
        (10, 3, 0.25, 0.013738829630),
        (60, 20, 0.1, 1.0899439e-04),
        (10, 3, 0.0, 0.0011024881301),
        (5, 0.1, 0.0, 7.6678e-08),
    ],
)
def test_count_tails_are_scipys(value: int, mean: float, dispersion: float, tail: float) -> None:
    assert negative_binomial_tail(value, mean, dispersion) == pytest.approx(tail, rel=1e-4)


@given(st.integers(1, 400), means, dispersions)
def test_a_count_tail_falls_with_the_count(value: int, mean: float, dispersion: float) -> None:
    here = negative_binomial_tail(value, mean, dispersion)
    beyond = negative_binomial_tail(value + 1, mean, dispersion)
    assert 0 <= beyond <= here <= 1


@given(st.floats(0.1, 40), st.floats(0.01, 3))
def test_a_count_tail_is_the_sum_of_its_probabilities(mean: float, dispersion: float) -> None:
    size = 1 / dispersion
    odds = mean / (mean + size)

    def probability(k: int) -> float:
        return math.exp(
            math.lgamma(k + size)
            - math.lgamma(size)
            - math.lgamma(k + 1)
            + size * math.log(1 - odds)
            + k * math.log(odds)
        )

    below = sum(probability(k) for k in range(7))
    assert negative_binomial_tail(7, mean, dispersion) == pytest.approx(1 - below, abs=1e-9)


@given(st.floats(0.001, 0.999), means, dispersions)
def test_a_quantile_is_the_smallest_count_that_reaches_it(
    probability: float, mean: float, dispersion: float
) -> None:
    count = negative_binomial_quantile(probability, mean, dispersion)
    assert 1 - negative_binomial_tail(count + 1, mean, dispersion) >= probability
    assert count == 0 or 1 - negative_binomial_tail(count, mean, dispersion) < probability


def test_special_functions_at_their_edges() -> None:
    assert incomplete_beta(2, 3, 0) == 0
    assert incomplete_beta(2, 3, 1) == 1
    assert incomplete_beta(2, 3, 0.5) == pytest.approx(0.6875)
    assert lower_gamma(3, 0) == 0
    assert lower_gamma(1, 2) == pytest.approx(1 - math.exp(-2))
    assert negative_binomial_tail(0, 5, 1) == 1
    assert negative_binomial_tail(3, 0, 1) == 0
    assert negative_binomial_quantile(0.9, 0, 1) == 0


@given(st.floats(0.01, 0.99), st.floats(0.1, 1e6), st.floats(0.01, 4))
def test_lognormal_quantiles_undo_lognormal_tails(p: float, mean: float, spread: float) -> None:
    value = lognormal_quantile(p, mean, spread * mean * mean)
    assert lognormal_tail(value, mean, spread * mean * mean) == pytest.approx(1 - p, abs=1e-6)


def test_the_shares_people_quote() -> None:
    assert net_sentiment(30, 50, 20) == pytest.approx(0.1)
    assert net_sentiment(0, 0, 0) is None
    assert share_of_voice(30, [60, 10]) == pytest.approx(0.3)
    assert share_of_voice(0, []) is None
    assert poisson_ratio_p(3, 1, 0, 3) == pytest.approx(1 / 64)
