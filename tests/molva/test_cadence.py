"""When a source is polled next."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molva import cadence

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def waits(next_poll_at: datetime) -> timedelta:
    return next_poll_at - NOW


def test_a_good_poll_is_repeated_after_the_interval_plus_a_tenth_at_most():
    draws = {waits(cadence.after_success(NOW, HOUR, None, random.Random(n))) for n in range(200)}
    assert min(draws) >= HOUR
    assert max(draws) <= HOUR * 1.1
    assert len(draws) > 100


def test_a_source_that_asks_for_more_time_gets_it_but_never_more_than_a_day():
    rng = random.Random(1)
    assert waits(cadence.after_success(NOW, HOUR, timedelta(hours=5), rng)) >= timedelta(hours=5)
    assert waits(cadence.after_success(NOW, HOUR, timedelta(days=90), rng)) <= timedelta(hours=27)


def test_a_source_that_asks_for_less_time_is_not_polled_more_often_than_configured():
    assert waits(cadence.after_success(NOW, HOUR, timedelta(seconds=1), random.Random(1))) >= HOUR


def test_a_poll_that_stopped_with_more_to_read_goes_on_soon_unless_the_source_asked_for_time():
    def after(interval: timedelta, asked: timedelta | None) -> timedelta:
        return waits(cadence.after_success(NOW, interval, asked, random.Random(1), goes_on=True))

    assert HOUR / 5 <= after(HOUR, None) <= HOUR / 5 * 1.1
    assert timedelta(minutes=1) <= after(timedelta(minutes=2), None) <= timedelta(seconds=66)
    assert after(timedelta(seconds=20), None) <= timedelta(seconds=22)
    assert after(HOUR, timedelta(hours=5)) >= timedelta(hours=5)


@pytest.mark.parametrize(("errors", "hours"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 24), (500, 24)])
def test_failures_in_a_row_double_the_wait_up_to_a_day(errors: int, hours: int):
    wait = waits(cadence.after_failure(NOW, HOUR, errors, None, random.Random(1)))
    assert timedelta(hours=hours) <= wait <= timedelta(hours=hours * 1.1)


@given(seconds=st.integers(0, 86_400), errors=st.integers(1, 9), seed=st.integers(0, 1000))
def test_retry_after_is_never_undercut(seconds: int, errors: int, seed: int):
    asked = timedelta(seconds=seconds)
    chosen = cadence.after_failure(NOW, HOUR, errors, asked, random.Random(seed))
    assert waits(chosen) >= asked
