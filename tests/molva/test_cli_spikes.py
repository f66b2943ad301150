"""spikes: rows in, JSON Lines out; what cannot be judged is named with its file and line."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.molva.conftest import Ran

Molva = Callable[..., Ran]

FIELDS = ["detected_at", "start", "value", "expected", "low", "high", "severity"]
HEAD = "timestamp,value\n2026-01-05T00:00,3\n"


def lines(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


def hourly(values: Sequence[object]) -> str:
    start = datetime(2026, 1, 5)  # noqa: DTZ001 - the file's own spelling has no zone
    rows = (f"{start + timedelta(hours=n)},{value}" for n, value in enumerate(values))
    return "timestamp,value\n" + "\n".join(rows) + "\n"


def test_spikes_finds_a_burst_once_and_spells_times_as_the_file_does(molva: Molva) -> None:
    quiet = [10 + (n * 7) % 5 for n in range(24 * 21)]
    burst = [90, 140, 160, 120]
    ran = molva("spikes", "-", stdin=hourly([*quiet, *burst, *quiet[:48]]))
    [spike] = lines(ran)
    assert list(spike)[:7] == FIELDS
    assert spike["detected_at"] == "2026-01-26 00:00:00"
    assert spike["low"] <= spike["expected"] <= spike["high"] < spike["value"]
    assert (spike["window_rows"], spike["window_value"]) == (1, spike["value"])


def test_spikes_decides_each_row_from_the_rows_so_far(molva: Molva) -> None:
    quiet = [10 + (n * 7) % 5 for n in range(24 * 21)]
    series = [*quiet, 150, 160, *quiet[:100], 200, 10]
    whole = lines(molva("spikes", "-", stdin=hourly(series)))
    cut = lines(molva("spikes", "-", stdin=hourly(series[: len(quiet) + 50])))
    assert whole[: len(cut)] == cut
    assert cut


def test_spikes_names_a_bad_row(molva: Molva) -> None:
    ran = molva("spikes", "-", stdin="timestamp,value\n2026-01-01 00:00,many\n")
    assert ran.status == 2
    assert "-:2" in ran.err


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("2026-01-05T00:00,4", "2026-01-05T00:00 is the same moment as the row before it"),
        ("2026-01-04T23:00,4", "2026-01-04T23:00 is earlier than the row before it"),
        ("2026-01-05T00:00,4", "where clocks were set back, write times with their offset"),
        ("2026-01-05T03:00+04:00,4", "2026-01-05T03:00+04:00 is earlier than"),
        ("2026-01-05T01:00,1e300", "1e300 is too large; the largest value is 1e+15"),
        ("2026-01-05T01:00,inf", "inf is no count or amount; write a finite one from 0 on"),
        ("2026-01-05T01:00,-50", "-50 is no count or amount"),
        ("2026-01-05T01:00,many", "'many' is not a number; write one like 12"),
        ("05/01/2026,4", "'05/01/2026' is not a time; write it like 2026-01-05T13:00"),
        ("2026-01-05T01:00", "the row has no value"),
    ],
)
def test_spikes_says_which_row_it_cannot_judge_and_what_to_do(
    molva: Molva, rows: str, said: str
) -> None:
    ran = molva("spikes", "-", stdin=HEAD + rows + "\n")
    assert ran.status == 2
    assert ran.err.startswith("error: -:3: ")
    assert said in ran.err


def test_an_hour_that_comes_twice_in_autumn_is_read_with_its_offset(molva: Molva) -> None:
    rows = "2026-10-25T02:00:00+02:00,4\n2026-10-25T02:00:00+01:00,4\n"
    assert molva("spikes", "-", stdin="timestamp,value\n" + rows).status == 0


@pytest.mark.parametrize("rate", ["5000", "nan", "inf", "0"])
def test_a_rate_that_no_series_keeps_is_refused(molva: Molva, rate: str) -> None:
    ran = molva("spikes", "-", "--false-alarms-per-month", rate, stdin=HEAD)
    assert ran.status == 2
    assert "false-alarms-per-month" in ran.err


def test_the_largest_value_is_still_judged(molva: Molva) -> None:
    ran = molva("spikes", "-", stdin=hourly([*[20 + n % 3 for n in range(100)], 1e15, 20, 20]))
    assert [spike["value"] for spike in lines(ran)] == [1e15]


def test_an_empty_value_is_a_gap_and_the_header_may_be_of_any_case(molva: Molva) -> None:
    values: list[object] = [10 + (n * 7) % 5 for n in range(24 * 21)]
    series = hourly([*values, 160, 10])
    with_gap = series.replace("2026-01-20 05:00:00,10", "2026-01-20 05:00:00,")
    assert with_gap != series
    as_nan = series.replace("2026-01-20 05:00:00,10", "2026-01-20 05:00:00,nan")
    told = lines(
        molva("spikes", "-", stdin=with_gap.replace("timestamp,value", " Timestamp,VALUE"))
    )
    assert told == lines(molva("spikes", "-", stdin=as_nan))
    assert len(told) == 1


@pytest.mark.parametrize("rows", [0, 1, 20])
def test_too_few_rows_to_judge_are_said_to_be_so(molva: Molva, rows: int) -> None:
    ran = molva("spikes", "-", stdin=hourly([5] * rows))
    assert (ran.status, ran.out) == (0, "")
    assert f"-: rows with a value: {rows}; the first 20 only teach" in ran.err
    assert molva("spikes", "-", stdin=hourly([5] * 21)).err == ""


def test_a_spike_of_several_rows_says_which_and_what_they_hold(molva: Molva) -> None:
    start = datetime(2026, 1, 5)  # noqa: DTZ001 - the file's own spelling has no zone
    seldom = [int(n % 97 == 0) for n in range(144 * 14)]
    series = [*seldom, *[0, 2, 1, 2, 0, 2, 1, 2, 1, 2, 2, 2]]
    rows = (f"{start + n * timedelta(minutes=10)},{value}" for n, value in enumerate(series))
    first, *_ = lines(molva("spikes", "-", stdin="timestamp,value\n" + "\n".join(rows) + "\n"))
    last = round((datetime.fromisoformat(first["detected_at"]) - start) / timedelta(minutes=10))
    assert first["window_rows"] > 1
    held = series[last + 1 - first["window_rows"] : last + 1]
    assert first["window_value"] == sum(held)
    assert first["window_low"] <= first["window_expected"] <= first["window_high"]
    assert first["window_value"] > first["window_high"]
