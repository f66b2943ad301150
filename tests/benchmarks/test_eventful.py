"""Simulated series that hold events."""

from statistics import mean

from benchmarks.eventful import ROWS, eventful_series


def test_windows_hold_a_tenth_of_a_series_and_more_mentions_than_the_rest() -> None:
    more = []
    for number in range(6):
        series = eventful_series(number)
        inside = {row for a, b in series.windows for row in range(a, b + 1)}
        assert len(inside) / ROWS <= 0.101
        assert len(series.times) == len(series.values) == ROWS
        within = mean(series.values[row] for row in inside)
        more.append(within / mean(series.values))
    assert mean(more) > 1.1


def test_the_same_numbers_give_the_same_series() -> None:
    assert eventful_series(3) == eventful_series(3)
    assert eventful_series(3) != eventful_series(3, seed=1)
