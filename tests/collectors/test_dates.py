"""Dates as English and Russian sources write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.dates import parse_date

NOW = datetime(2026, 1, 10, tzinfo=UTC)
TEN = datetime(2025, 12, 1, 10, 0, tzinfo=UTC)
SEVEN = datetime(2025, 12, 1, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Mon, 01 Dec 2025 10:00:00 GMT", TEN),
        ("Mon, 1 Dec 2025 10:00 +0300", SEVEN),
        ("Mon, 01 Dec 2025 10:00:00 MSK", SEVEN),
        ("01 Dec 2025 11:00:00 MSD", SEVEN),
        ("Mon, 01 Dec 2025 05:00:00 EST", TEN),
        ("Mon, 01 Dec 2025 10:00:00", TEN),
        ("2025-12-01T10:00:00Z", TEN),
        ("2025-12-01T13:00:00.123456789+03:00", TEN.replace(microsecond=123456)),
        ("2025-12-01 10:00", TEN),
        ("1 декабря 2025 г. 10:00", TEN),
        ("1 декабря 2025 года, в 10:00 мск", SEVEN),
        ("Пн, 01 дек 2025 10:00:00 +0300", SEVEN),
        ("понедельник, 1 декабря 2025, 10:00", TEN),
        ("01.12.2025 10:00", TEN),
        ("1.12.25 10:00", TEN),
        ("12/01/2025 10:00", TEN),
        ("Thu Dec  4 19:48:21 2025", datetime(2025, 12, 4, 19, 48, 21, tzinfo=UTC)),
        ("3 мая 2025", datetime(2025, 5, 3, tzinfo=UTC)),
        ("3 марта 2025", datetime(2025, 3, 3, tzinfo=UTC)),
        ("1764583200", TEN),
        ("1764583200000", TEN),
        (1764583200, TEN),
        (1764583200.0, TEN),
        (TEN.replace(tzinfo=None), TEN),
        (datetime(2025, 12, 1, 10, tzinfo=timezone(timedelta(hours=3))), SEVEN),
    ],
)
def test_dates_people_write(written: object, meant: datetime) -> None:
    assert parse_date(written, now=NOW) == meant


@pytest.mark.parametrize(
    "written",
    ["2099-01-01T00:00:00Z", "1999-12-31", "1764-01-01", "0", 0, "", None, True, "yesterday",
     "Monday", "12", "December 2025", "10:00", "31 февраля 2025", "x" * 5000, [], {}, "-",
     float("nan"), float("inf"), 10**30, "99999999999999999999", datetime.max.replace(tzinfo=UTC)],
)  # fmt: skip
def test_what_is_no_possible_date_is_none(written: object) -> None:
    assert parse_date(written, now=NOW) is None


def test_a_day_ahead_is_another_time_zone_not_the_future() -> None:
    assert parse_date(NOW + timedelta(hours=20), now=NOW) == NOW + timedelta(hours=20)
    assert parse_date(NOW + timedelta(hours=25), now=NOW) is None


def test_a_zone_can_be_given_for_dates_without_one() -> None:
    assert parse_date("01.12.2025 10:00", now=NOW, zone=ZoneInfo("Europe/Moscow")) == SEVEN
    assert parse_date("2025-12-01T10:00Z", now=NOW, zone=ZoneInfo("Europe/Moscow")) == TEN


@settings(deadline=None)  # a busy machine is no failure
@given(st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.binary(max_size=20)))
def test_nothing_makes_it_fail(value: object) -> None:
    found = parse_date(value, now=NOW)
    assert found is None or found.tzinfo is UTC


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(1_000_000_000, 1_760_000_000), st.integers(-12 * 60, 14 * 60))
def test_iso_dates_come_back_as_they_were(seconds: int, minutes: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert parse_date(moment.isoformat(), now=NOW) == moment
