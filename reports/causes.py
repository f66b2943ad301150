"""How much more often each cause is named than usual: lift with interval, chance controlled."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reports.interface import Audience, CauseFact, CauseNames, Quote
from reports.statistics import benjamini_hochberg, poisson_ratio_p, rate_ratio, wilson
from reports.words import Words
from store.interface import CauseCount

LEAST_TO_CLAIM = 3
"""A lift is not claimed on fewer mentions."""
FALSE_DISCOVERIES = 0.05


def cause_name(names: CauseNames, cause: str, lang: str) -> str:
    """What a cause is called in a language: English, then its id, where that is missing."""
    called = names.get(cause, {})
    return called.get(lang) or called.get("en") or cause.replace("_", " ")


def cause_namer(audience: Audience) -> Callable[[str], str]:
    """What causes are called for a reader; one of an earlier taxonomy by its id, which is said."""
    words = Words(audience.lang, audience.zone)

    def named(cause: str) -> str:
        if audience.cause_names and cause not in audience.cause_names:
            return words.say("r_gone", id=cause)
        return cause_name(audience.cause_names, cause, audience.lang)

    return named


@dataclass(frozen=True, slots=True)
class CauseCounts:
    """Counts of causes in an interval and in the baseline, which does not overlap it.

    Attributes:
        previous: counts in the interval just before, if it is known.
        exposure: lengths of the interval and of the baseline in one unit; a baseline of 0 means
            that there is too little history, and no lift is claimed.
    """

    now: Sequence[CauseCount]
    usual: Sequence[CauseCount]
    previous: Sequence[CauseCount] | None
    exposure: tuple[float, float]


def cause_facts(
    counts: CauseCounts,
    polarity: str,
    of: int,
    name: Callable[[str], str],
    quotes: Callable[[str], tuple[Quote, ...]],
    limit: int = 5,
) -> tuple[CauseFact, ...]:
    """The causes of one polarity by how often they are named, each against its baseline.

    Args:
        counts: the interval and its baseline.
        polarity: `negative` for causes, `positive` for drivers.
        of: stories of that polarity in the interval, the denominator of `share`.
        name: cause id -> what it is called.
        quotes: cause id -> evidence to show.
        limit: how many causes to return.
    """
    here = _of_polarity(counts.now, polarity)
    before = _of_polarity(counts.usual, polarity)
    earlier = None if counts.previous is None else _of_polarity(counts.previous, polarity)
    notable = _notable(here, before, counts.exposure)
    scale = counts.exposure[0] / counts.exposure[1] if counts.exposure[1] else None
    top = sorted((c for c in here if here[c]), key=lambda c: (-here[c], c))[:limit]
    return tuple(
        CauseFact(
            cause=cause,
            name=name(cause),
            mentions=here[cause],
            share=min(1.0, here[cause] / of) if of else 0.0,
            usual=None if scale is None else before.get(cause, 0) * scale,
            previous=None if earlier is None else earlier.get(cause, 0),
            **_lift(here[cause], before.get(cause, 0), counts.exposure),
            notable=cause in notable,
            quotes=quotes(cause),
            **_share_interval(here[cause], of),
        )
        for cause in top
    )


def _share_interval(count: int, of: int) -> dict[str, float]:
    if not of:
        return {}
    margin = wilson(min(count, of), of)
    return {"share_low": margin.low, "share_high": margin.high}


def _of_polarity(rows: Sequence[CauseCount], polarity: str) -> dict[str, int]:
    return {row.cause: row.mentions for row in rows if row.polarity == polarity}


def _lift(events: int, usual: int, exposure: tuple[float, float]) -> dict[str, float | None]:
    if events < LEAST_TO_CLAIM or exposure[1] <= 0:
        return {"lift": None, "low": None, "high": None}
    estimate = rate_ratio(events, exposure[0], usual, exposure[1])
    return {
        "lift": estimate.value if math.isfinite(estimate.value) else None,
        "low": estimate.low,
        "high": estimate.high if math.isfinite(estimate.high) else None,
    }


def _notable(
    here: Mapping[str, int], before: Mapping[str, int], exposure: tuple[float, float]
) -> set[str]:
    """Causes whose rise survives control of false discoveries over all causes named.

    The chance is one-sided and the interval shown has two sides: beside one that holds 1, "beyond
    chance" would not be believed.
    """
    if exposure[1] <= 0:
        return set()
    causes = sorted(here)
    p_values = [
        poisson_ratio_p(here[c], exposure[0], before.get(c, 0), exposure[1]) for c in causes
    ]
    stands = benjamini_hochberg(p_values, FALSE_DISCOVERIES)
    return {
        cause
        for cause, stand in zip(causes, stands, strict=True)
        if stand
        and here[cause] >= LEAST_TO_CLAIM
        and rate_ratio(here[cause], exposure[0], before.get(cause, 0), exposure[1]).low > 1
    }
