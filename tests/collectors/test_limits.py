"""How long servers ask us to wait: one case for each dialect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collectors.limits import LONGEST, max_age, quota, retry_after

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
IN_5 = NOW + timedelta(minutes=5)
EPOCH = str(int(IN_5.timestamp()))
FIVE = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"retry-after": "300"}, b"", FIVE),
        ({"retry-after": "Tue, 10 Mar 2026 12:05:00 GMT"}, b"", FIVE),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "300"}, b"", FIVE),  # Reddit
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-03-10T12:05:00.0Z"}, b"", FIVE),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": EPOCH}, b"", FIVE),  # GoToSocial
        ({"ratelimit-remaining": "0", "ratelimit-reset": EPOCH}, b"", FIVE),  # Bluesky
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": EPOCH}, b"", FIVE),  # X
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "300"}, b"", FIVE),  # Product Hunt
        (
            {"ratelimit-remaining": "0", "ratelimit-resettime": "2026-03-10T12:05:00Z"},
            b"",
            FIVE,
        ),  # Yelp
        (
            {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":5}]}'},
            b"",
            FIVE,
        ),  # Meta
        ({}, b'{"errors":["slow down"],"extras":{"wait_seconds":300}}', FIVE),  # Discourse
        ({}, b'{"backoff":300,"items":[]}', FIVE),  # Stack Exchange
        ({}, b'{"ok":false,"parameters":{"retry_after":300}}', FIVE),  # Telegram's bots
        ({"retry-after": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "300"}, b"",
         timedelta(minutes=1)),
        ({"retry-after": "-5"}, b"", None),
        ({"retry-after": "soon"}, b"", None),
        ({"retry-after": "Tue, 10 Mar 2026 11:00:00 GMT"}, b"", timedelta(0)),
        ({"retry-after": "99999999"}, b"", LONGEST),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": "300"}, b"", None),
        ({}, b"<html>Too many requests", None),
        ({}, b"", None),
    ],
)  # fmt: skip
def test_every_dialect(headers: dict[str, str], body: bytes, wait: timedelta | None) -> None:
    assert retry_after(headers, now=NOW, body=body) == wait


@pytest.mark.parametrize("skew", [timedelta(hours=2), timedelta(hours=-2)])
def test_the_servers_clock_is_the_one_that_counts(skew: timedelta) -> None:
    headers = {
        "date": "Tue, 10 Mar 2026 12:00:00 GMT",
        "ratelimit-remaining": "0",
        "ratelimit-reset": EPOCH,
    }
    assert retry_after(headers, now=NOW + skew) == FIVE


def test_a_success_counts_only_a_quota_that_is_used_up() -> None:
    reset = {"x-ratelimit-reset": "300"}
    assert retry_after(reset, now=NOW, limited=False) is None
    used_up = {**reset, "x-ratelimit-remaining": "0"}
    assert retry_after(used_up, now=NOW, limited=False) == FIVE


def test_max_age() -> None:
    assert max_age({"cache-control": "public, max-age=900"}) == timedelta(minutes=15)
    assert max_age({"cache-control": "s-maxage=900"}) is None
    assert max_age({}) is None


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "12", "x-ratelimit-reset": "60"},
            "12 of 300 requests left, anew in 60 s",
        ),
        ({"x-rate-limit-remaining": "0"}, "0 requests left"),
        ({"x-rate-limit": "user-hour-lim:3500;user-hour-rem:17;"}, "17 of 3500 requests left"),
        ({"ratelimit-dailylimit": "500", "ratelimit-remaining": "499"}, "499 of 500 requests left"),
    ],
)
def test_what_is_left_of_a_limit_is_told(headers: dict[str, str], told: str) -> None:
    assert str(quota(headers, now=NOW)) == told


def test_an_answer_without_limits_tells_of_none() -> None:
    assert quota({"etag": "x"}, now=NOW) is None
