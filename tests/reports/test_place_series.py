"""Products and places among the series of a brand: one decision for all, at a bounded cost."""

from __future__ import annotations

import numpy as np
import pytest

from reports.series import MOST_FACETS, calm, counted, judge, learn_habits, series_of, signals
from reports.signals import Watch
from reports.usual import PER_DAY, SIZE, Floats
from tests.reports.test_series import board, series, told


def with_places(a_day: float, count: int, seed: int = 3) -> dict[str, Floats]:
    """A brand whose negative stories speak of one of so many places each."""
    counts = series(a_day, seed)
    dice = np.random.default_rng(seed)
    told_of = dice.multinomial(counts["negative"].astype(int), [1 / count] * count)
    return counts | {f"place:p{n}": told_of[:, n].astype(float) for n in range(count)}


def test_a_place_is_found_where_the_brand_as_a_whole_is_as_usual() -> None:
    counts = with_places(100, 10)
    assert judge(board(counts), Watch()) is None
    newest = slice(-PER_DAY // 2, None)
    for n in range(10):
        counts[f"place:p{n}"][newest] = 0
    counts["place:p4"][newest] = counts["negative"][newest]
    verdict = told(counts)
    assert (verdict.strongest.kind, verdict.strongest.subject) == ("place", "p4")
    assert verdict.others == ()
    assert series_of("place", "p4") == "place:p4"
    assert not calm(board(counts), "place", "p4", PER_DAY // 2)


@pytest.mark.parametrize("kind", ["place", "product"])
def test_a_wave_that_one_place_makes_is_led_by_the_negative_stories(kind: str) -> None:
    counts = series(100)
    counts[f"{kind}:here"] = np.zeros(SIZE)
    for name in ("volume", "negative", "scored", f"{kind}:here"):
        counts[name][-6:] += 2
    verdict = told(counts)
    assert verdict.strongest.kind == "negative_count"
    assert (kind, "here") in {(signal.kind, signal.subject) for signal in verdict.others}


def test_only_so_many_places_are_watched_and_today_does_not_choose_them() -> None:
    counts = with_places(3000, MOST_FACETS + 20)
    for n in range(MOST_FACETS, MOST_FACETS + 20):
        counts[f"place:p{n}"][: SIZE // 2] = 0
    counts["place:p59"][-PER_DAY:] += 50
    watched = [name for name in counted(board(counts)) if name.startswith("place:")]
    assert sorted(watched) == sorted(f"place:p{n}" for n in range(MOST_FACETS))


def test_a_brand_without_places_is_judged_as_before() -> None:
    counts = series(100)
    counts["cause:1"][-6:] += 2
    counts["negative"][-6:] += 2
    empty = {**counts, **{f"place:p{n}": np.zeros(SIZE) for n in range(30)}}
    alone, among = (signals(board(c), learn_habits(board(c)), Watch()) for c in (counts, empty))
    assert [(s.kind, s.subject) for s in alone] == [(s.kind, s.subject) for s in among]
    assert [s.monthly for s in among] == pytest.approx([s.monthly for s in alone], rel=1e-9)
