"""The detector on series whose events we know, because we put them there."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.spike_event import Event
from reports.spike_window import Window
from reports.spikes import (
    Reading,
    Spike,
    SpikeDetector,
    SpikeSettings,
    detect_spikes,
    severity,
)
from reports.surges import MONTH, Surges

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def readings(values: Sequence[float], step: timedelta = HOUR) -> list[Reading]:
    return [Reading(START + i * step, value) for i, value in enumerate(values)]


def counts(rows: int, rate: Callable[[int], float], seed: int, spread: float = 0.15) -> list[float]:
    """Negative binomial counts: a gamma-mixed Poisson (Knuth's product for the Poisson part)."""
    dice = random.Random(seed)
    made = []
    for row in range(rows):
        limit = math.exp(-rate(row) * dice.gammavariate(1 / spread, spread))
        count, product = 0, dice.random()
        while product > limit:
            count, product = count + 1, product * dice.random()
        made.append(float(count))
    return made


def daily(mean: float) -> Callable[[int], float]:
    return lambda row: mean * math.exp(0.6 * math.sin(2 * math.pi * (row % 24 - 9) / 24))


def test_a_plain_spike_is_found_at_its_first_row_and_once() -> None:
    values = counts(800, daily(20), 1)
    for row in range(700, 706):
        values[row] = 200
    found = [s for s in detect_spikes(readings(values)) if s.detected_at > START + 690 * HOUR]
    assert [spike.detected_at for spike in found] == [START + 700 * HOUR]
    spike = found[0]
    assert spike.start == spike.detected_at
    assert spike.value == values[700]
    assert spike.low <= spike.expected <= spike.high < spike.value
    assert spike.severity >= 4


def test_a_slow_rise_is_found_though_no_row_alone_is_striking() -> None:
    hits = 0
    for seed in range(6):
        values = counts(800, lambda row: daily(20)(row) * (2 if row >= 700 else 1), seed)
        found = [s for s in detect_spikes(readings(values)) if s.detected_at >= START + 700 * HOUR]
        hits += bool(found) and found[0].detected_at < START + 712 * HOUR
    assert hits >= 5


def test_a_level_rise_of_half_again_is_found_in_half_a_day() -> None:
    for seed in range(8):
        values = counts(1000, lambda _: 20, seed, spread=0.02)
        values[960:975] = [30.0] * 15
        found = [s for s in detect_spikes(readings(values)) if s.detected_at >= START + 955 * HOUR]
        assert [s.detected_at <= START + 972 * HOUR for s in found] == [True]


def test_an_event_that_grows_to_twice_its_size_is_told_again_though_not_at_once() -> None:
    values = counts(800, daily(20), 1)
    for row, value in zip(range(700, 712), (200, 450, *[180] * 6, 1000, *[300] * 3), strict=True):
        values[row] = float(value)
    found = [s for s in detect_spikes(readings(values)) if s.detected_at > START + 690 * HOUR]
    rows = [round((spike.detected_at - START) / HOUR) for spike in found]
    # 450 came an hour after the alarm: what an event is going to be takes its time.
    assert rows == [700, 708]


def test_a_window_that_fills_during_an_event_is_no_growth() -> None:
    short, long = (Window(rows, Surges(HOUR, rows, 1.0)) for rows in (1, 12))
    for row in range(12):
        full = [window for window in (short, long) if window.push(200.0, 20.0)]
        if row == 0:
            event = Event(START, full)
        else:
            assert event.grown(START + row * HOUR, full) == []
    assert full == [short, long]
    short.push(450.0, 20.0)
    assert event.grown(START + 12 * HOUR, full) == [short]


def test_two_events_a_day_apart_raise_two_alarms() -> None:
    values = counts(900, daily(20), 3)
    for row in (*range(700, 704), *range(730, 734)):
        values[row] = 200
    found = [s.detected_at for s in detect_spikes(readings(values)) if s.value == 200]
    assert found == [START + 700 * HOUR, START + 730 * HOUR]


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_the_stated_false_alarm_rate_holds_on_quiet_series(rate: float) -> None:
    months, alarms = 0.0, 0
    for seed in range(4):
        values = counts(24 * 90, daily((0.1, 2, 10, 30)[seed]), seed + 10)
        alarms += len(list(detect_spikes(readings(values), SpikeSettings(rate))))
        months += 90 * timedelta(days=1) / MONTH
    # Poisson 99 % bound for that many months at the stated rate.
    assert alarms <= rate * months + 2.6 * math.sqrt(rate * months)


def test_a_daily_cycle_is_no_spike_once_known() -> None:
    values = [round(daily(60)(row)) for row in range(24 * 21)]
    assert not [s for s in detect_spikes(readings(values)) if s.detected_at > START + 72 * HOUR]


def weekly(mean: float, weekend: float) -> Callable[[int], float]:
    return lambda row: daily(mean)(row) * (weekend if row // 24 % 7 >= 5 else 1.0)


def test_a_monday_after_quiet_weekends_is_no_spike() -> None:
    for seed in range(8):
        assert not list(detect_spikes(readings(counts(504, weekly(60, 0.25), seed))))


def test_weekends_are_learnt_from_rows_of_a_day_too() -> None:
    # Three times a Saturday is hardly more than a Wednesday.
    values = [40.0 * (0.4 if row % 7 >= 5 else 1.0) for row in range(75)]
    values += [48.0]
    (spike,) = detect_spikes(readings(values, timedelta(days=1)))
    assert spike.detected_at == START + timedelta(days=75)
    assert 14 <= spike.expected <= 20


def test_half_a_day_of_more_than_twice_the_usual_is_found_on_a_working_day() -> None:
    found = 0
    for seed in range(8):
        values = counts(840, weekly(20, 0.4), seed)
        rise = counts(840, weekly(20, 0.4), seed + 100)
        for row in range(728, 738):
            values[row] += 1.3 * rise[row]
        told = [s.detected_at for s in detect_spikes(readings(list(map(round, values))))]
        found += any(START + 728 * HOUR <= at < START + 740 * HOUR for at in told)
    assert found >= 7


def test_a_past_spike_does_not_hide_the_next_one() -> None:
    clean = counts(900, daily(20), 5)
    clean[800] = 150
    poisoned = list(clean)
    for row in range(600, 612):
        poisoned[row] = 3000
    at = START + 800 * HOUR
    assert at in [s.detected_at for s in detect_spikes(readings(clean))]
    assert at in [s.detected_at for s in detect_spikes(readings(poisoned))]


def test_a_lasting_rise_becomes_the_new_usual() -> None:
    values = counts(24 * 40, lambda row: daily(20)(row) * (3 if row >= 480 else 1), 6)
    found = [s for s in detect_spikes(readings(values)) if s.detected_at >= START + 480 * HOUR]
    assert found[0].detected_at <= START + 492 * HOUR
    assert len(found) <= 3
    values[24 * 39] = 1000
    again = [s.detected_at for s in detect_spikes(readings(values))]
    assert START + 24 * 39 * HOUR in again


def test_a_rise_that_stays_is_told_once_and_not_every_day() -> None:
    told = 0
    for seed in range(6):
        values = counts(1400, lambda row: daily(20)(row) * (2 if row >= 700 else 1), seed)
        told += sum(s.detected_at >= START + 700 * HOUR for s in detect_spikes(readings(values)))
    assert 5 <= told <= 8


def test_few_mentions_raise_nothing_below_the_minimum() -> None:
    values = [0.0] * 600
    values[500] = 4
    assert list(detect_spikes(readings(values))) == []
    values[500] = 9
    assert len(list(detect_spikes(readings(values)))) == 1
    assert not list(detect_spikes(readings(values), SpikeSettings(minimum_count=10)))


@pytest.mark.parametrize("step", [timedelta(minutes=5), HOUR, timedelta(days=1)])
def test_any_step_and_values_that_are_not_whole(step: timedelta) -> None:
    dice = random.Random(7)
    values = [math.exp(dice.gauss(1, 0.3)) for _ in range(400)]
    values[350] = 90.5
    found = list(detect_spikes(readings(values, step)))
    assert START + 350 * step in [s.detected_at for s in found]
    assert len(found) <= 2 + 400 * step / MONTH


def test_decisions_need_no_future() -> None:
    values = counts(500, daily(15), 8)
    values[300] = values[420] = 200
    rows = readings(values)
    whole = list(detect_spikes(rows))
    assert len(whole) >= 2
    for cut in (10, 301, 400, 421):
        known = [s for s in whole if s.detected_at <= rows[cut - 1].at]
        assert list(detect_spikes(rows[:cut])) == known


def test_a_gap_is_missing_and_not_zero() -> None:
    values = counts(24 * 30, daily(30), 9)
    rows = [row for i, row in enumerate(readings(values)) if not 500 <= i < 600]
    assert list(detect_spikes(rows)) == []


def test_rows_out_of_order_are_refused() -> None:
    rows = readings([5] * 40)
    with pytest.raises(ValueError, match="order of time"):
        list(detect_spikes([*rows, rows[3]]))


@given(st.lists(st.floats(-1e9, 1e9) | st.just(math.nan) | st.just(0.0), max_size=80))
@settings(deadline=None, max_examples=60)
def test_no_series_breaks_it(values: list[float]) -> None:
    spikes: list[Spike] = list(detect_spikes(readings(values)))
    for spike in spikes:
        assert spike.low <= spike.high
        assert 1 <= spike.severity <= 10
        assert spike.start <= spike.detected_at


def test_settings_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="above 0"):
        SpikeSettings(false_alarms_per_month=0)
    with pytest.raises(ValueError, match="must not be negative"):
        SpikeSettings(minimum_count=-1)
    with pytest.raises(ValueError, match="must be positive"):
        SpikeDetector(timedelta(0))


def test_the_law_divides_the_rate_among_the_months_decisions() -> None:
    probability = math.exp(-Surges(HOUR, 1, 2.0).threshold)
    assert probability * (MONTH / HOUR) == pytest.approx(2.0)


def test_severity_grows_with_size_and_surprise() -> None:
    assert severity(2, 0) == 2
    assert severity(2, 0) < severity(4, 7) < severity(10, 46) <= 10
    assert severity(1e9, 690) == 10
