"""The arithmetic behind every number of a report: one place, each formula with its source.

Pure functions on plain floats, without scipy. Tails are computed from the regularised incomplete
beta and gamma functions (continued fractions by the modified Lentz method; Press et al.,
*Numerical Recipes*, 3rd ed., §6.2 and §6.4), so they also hold for values that are not integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

_TINY = 1e-300
_EPSILON = 1e-14
_MAX_TERMS = 100_000
_CONFIDENCE = 0.95
_TINY_COUNT = 10
"""Below this many events in either arm a rate ratio's interval is exact, not asymptotic."""
_POISSON_BELOW = 1e-3
"""Excess variance (dispersion x mean) under which a count is as good as Poisson."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % confidence interval, both in the same units."""

    value: float
    low: float
    high: float


def normal_quantile(probability: float) -> float:
    """The standard normal quantile of `probability` in (0, 1)."""
    return NormalDist().inv_cdf(probability)


def wilson(successes: float, trials: float) -> Estimate:
    """A share with Wilson's score interval.

    `(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`; Wilson, JASA 22 (1927) 209-212;
    recommended over the Wald interval for small n by Brown, Cai and DasGupta, Stat. Sci. 16
    (2001) 101-133.

    Returns:
        Shares in [0, 1]; with no trials the value is 0 and the interval all of [0, 1].

    Raises:
        ValueError: successes outside [0, trials].
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials")
    if trials == 0:
        return Estimate(0.0, 0.0, 1.0)
    z = normal_quantile(0.5 + _CONFIDENCE / 2)
    share = successes / trials
    shrink = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / shrink
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / shrink
    return Estimate(
        share,
        0.0 if successes == 0 else max(0.0, centre - half),
        1.0 if successes == trials else min(1.0, centre + half),
    )


def rate_ratio(
    events: int,
    exposure: float,
    baseline_events: int,
    baseline_exposure: float,
) -> Estimate:
    """How many times the rate `events / exposure` is the baseline's, with its interval.

    Counts of ten and more: `exp(ln RR ± z·sqrt(1/a + 1/b))` (Rothman, *Epidemiology*, 2nd ed.,
    ch. 9). Smaller: exact, conditional on a + b: a ~ Binomial(a + b, RR·A / (RR·A + B)) with the
    Clopper-Pearson interval (Przyborowski and Wilenski, Biometrika 31 (1940) 313-323).

    Returns:
        The ratio; `inf` where the baseline had no event, with the exact lower bound; `nan` with
        (0, inf) where neither had one.

    Raises:
        ValueError: an exposure that is not positive, or a negative count.
    """
    if exposure <= 0 or baseline_exposure <= 0 or min(events, baseline_events) < 0:
        raise ValueError("rates need positive exposures and counts of zero or more")
    if events == baseline_events == 0:
        return Estimate(math.nan, 0.0, math.inf)
    scale = baseline_exposure / exposure
    ratio = events / baseline_events * scale if baseline_events else math.inf
    if min(events, baseline_events) < _TINY_COUNT:
        low, high = _clopper_pearson(events, events + baseline_events)
        return Estimate(
            ratio, low / (1 - low) * scale, high / (1 - high) * scale if high < 1 else math.inf
        )
    z = normal_quantile(0.5 + _CONFIDENCE / 2)
    spread = math.exp(z * math.sqrt(1 / events + 1 / baseline_events))
    return Estimate(ratio, ratio / spread, ratio * spread)


def _clopper_pearson(successes: int, trials: int) -> tuple[float, float]:
    """The exact binomial interval: quantiles of two beta distributions."""
    tail = (1 - _CONFIDENCE) / 2
    low = 0.0 if successes == 0 else _beta_quantile(tail, successes, trials - successes + 1)
    high = (
        1.0 if successes == trials else _beta_quantile(1 - tail, successes + 1, trials - successes)
    )
    return low, high


def benjamini_hochberg(p_values: Sequence[float], rate: float = 0.05) -> list[bool]:
    """Which hypotheses stand when at most `rate` of those that stand may be false.

    Reject the k smallest p-values for the greatest k with `p_(k) <= rate·k/m`; Benjamini and
    Hochberg, JRSS B 57 (1995) 289-300.
    """
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    passed = 0
    for rank, index in enumerate(order, start=1):
        if p_values[index] <= rate * rank / len(p_values):
            passed = rank
    stands = [False] * len(p_values)
    for index in order[:passed]:
        stands[index] = True
    return stands


def poisson_ratio_p(
    events: int, exposure: float, baseline_events: int, baseline_exposure: float
) -> float:
    """One-sided p-value that a rate is no higher than its baseline's (exact, conditional).

    `P(X >= a)` for X ~ Binomial(a + b, A / (A + B)); Przyborowski and Wilenski (1940).
    """
    if events == 0:
        return 1.0
    share = exposure / (exposure + baseline_exposure)
    return incomplete_beta(events, baseline_events + 1, share)


def net_sentiment(positive: int, neutral: int, negative: int) -> float | None:
    """`(positive - negative) / (positive + neutral + negative)` in [-1, 1].

    Unscored mentions are in neither part; `None` where nothing was scored.
    """
    scored = positive + neutral + negative
    return (positive - negative) / scored if scored else None


def share_of_voice(own: int, rivals: Sequence[int]) -> float | None:
    """`own / (own + all rivals)`, stories each counted once; `None` where nobody was named."""
    total = own + sum(rivals)
    return own / total if total else None


def negative_binomial_tail(value: float, mean: float, dispersion: float) -> float:
    """`P(X >= value)` for counts with variance `mean + dispersion·mean²`.

    The regularised incomplete beta `I(mean·a / (1 + mean·a); value, 1/a)` with a = dispersion
    (Johnson, Kemp and Kotz, *Univariate Discrete Distributions*, §5.6); as the dispersion goes
    to 0 the Poisson tail. Continuous in `value`, so also usable between the integers.
    """
    if value <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if dispersion * mean < _POISSON_BELOW:
        return lower_gamma(value, mean)
    odds = mean * dispersion
    return incomplete_beta(value, 1 / dispersion, odds / (1 + odds))


def negative_binomial_quantile(probability: float, mean: float, dispersion: float) -> int:
    """The smallest count k with `P(X <= k) >= probability`, by bracketing and bisection."""
    if mean <= 0:
        return 0

    def reached(count: int) -> bool:
        return 1 - negative_binomial_tail(count + 1, mean, dispersion) >= probability

    if reached(0):
        return 0
    low, step = 0, max(1, int(math.sqrt(mean + dispersion * mean * mean)))
    high = int(mean) + step
    while not reached(high):
        low, step = high, step * 2
        high += step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def beta_binomial_tail(value: int, trials: int, share: float, spread: float) -> float:
    """`P(X >= value)` of `trials` that succeed with a share that itself varies.

    Mean share `share`, intra-class correlation `spread`: alpha = share·(1/spread - 1), beta
    likewise (Johnson, Kemp and Kotz, *Univariate Discrete Distributions*, 3rd ed., §6.2.2); the
    binomial where `spread` is as good as 0.
    """
    if value <= 0:
        return 1.0
    if value > trials or share <= 0:
        return 0.0
    if share >= 1:
        return 1.0
    if spread * trials < _POISSON_BELOW:
        return incomplete_beta(value, trials - value + 1, share)
    alpha, beta = share * (1 / spread - 1), (1 - share) * (1 / spread - 1)
    if alpha <= 0 or beta <= 0:
        return share
    log_term = (
        math.lgamma(trials + 1)
        - math.lgamma(value + 1)
        - math.lgamma(trials - value + 1)
        + math.lgamma(value + alpha)
        + math.lgamma(trials - value + beta)
        - math.lgamma(trials + alpha + beta)
        + math.lgamma(alpha + beta)
        - math.lgamma(alpha)
        - math.lgamma(beta)
    )
    term = total = 1.0
    for k in range(value, trials):
        term *= (trials - k) / (k + 1) * (k + alpha) / (trials - k - 1 + beta)
        total += term
        if term < total * _EPSILON:
            break
    return min(1.0, math.exp(log_term + math.log(total)))


def lognormal_tail(value: float, mean: float, variance: float) -> float:
    """`P(X >= value)` of a positive quantity, log-normal with that mean and variance.

    `ln X ~ N(ln mean - s²/2, s²)`, `s² = ln(1 + variance / mean²)` (Johnson, Kotz and
    Balakrishnan, *Continuous Univariate Distributions* 1, ch. 14).
    """
    if value <= 0:
        return 1.0
    if mean <= 0 or variance <= 0:
        return float(value <= mean)
    spread = math.log1p(variance / mean**2)
    centre = math.log(mean) - spread / 2
    return math.erfc((math.log(value) - centre) / math.sqrt(2 * spread)) / 2


def lognormal_quantile(probability: float, mean: float, variance: float) -> float:
    """The value below which such a quantity falls with `probability`."""
    if mean <= 0 or variance <= 0:
        return max(mean, 0.0)
    spread = math.log1p(variance / mean**2)
    return mean * math.exp(math.sqrt(spread) * normal_quantile(probability) - spread / 2)


def lower_gamma(shape: float, value: float) -> float:
    """The regularised lower incomplete gamma function `P(shape, value)`.

    For an integer shape k it is `P(X >= k)` of a Poisson count with mean `value`.
    """
    if value <= 0:
        return 0.0
    log_front = shape * math.log(value) - value - math.lgamma(shape)
    if value < shape + 1:
        term = total = 1 / shape
        for step in range(1, _MAX_TERMS):
            term *= value / (shape + step)
            total += term
            if term < total * _EPSILON:
                break
        return min(1.0, total * math.exp(log_front))
    return max(0.0, 1 - math.exp(log_front) * _gamma_fraction(shape, value))


def _gamma_fraction(shape: float, value: float) -> float:
    b = value + 1 - shape
    c = 1 / _TINY
    d = 1 / b
    result = d
    for step in range(1, _MAX_TERMS):
        a = -step * (step - shape)
        b += 2
        d = 1 / _away_from_zero(a * d + b)
        c = _away_from_zero(b + a / c)
        change = d * c
        result *= change
        if abs(change - 1) < _EPSILON:
            break
    return result


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function `I(x; a, b)` for positive a and b."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    log_front = (
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return min(1.0, math.exp(log_front) * _beta_fraction(a, b, x) / a)
    return max(0.0, 1 - math.exp(log_front) * _beta_fraction(b, a, 1 - x) / b)


def _beta_fraction(a: float, b: float, x: float) -> float:
    c = 1.0
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _MAX_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _beta_quantile(probability: float, a: float, b: float) -> float:
    return _bisect(lambda x: incomplete_beta(a, b, x), probability, 0.0, 1.0)


def _bisect(cdf: Callable[[float], float], probability: float, low: float, high: float) -> float:
    for _ in range(100):
        middle = (low + high) / 2
        if cdf(middle) < probability:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * max(1.0, high):
            break
    return (low + high) / 2
