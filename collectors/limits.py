"""How long a server asks us to wait, in every dialect it may say so.

`Retry-After` in seconds or as a date; `X-RateLimit-Reset` as an ISO time (Mastodon), an epoch
(GoToSocial, Bluesky, GitHub, X) or seconds left (Reddit, Product Hunt); a JSON body's own word
(Discourse, Stack Exchange); Meta's minutes. Epochs and dates are the server's, so its `Date`
header is the clock they are read against.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from collectors.dates import from_epoch

LONGEST: Final = timedelta(days=2)
"""No server is waited for longer: a clock of its own gone wrong must not silence a source."""

_RESETS = (
    ("ratelimit-reset", "ratelimit-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("x-rate-limit-reset", "x-rate-limit-remaining"),
    ("ratelimit-resettime", "ratelimit-remaining"),
)
_META = ("x-business-use-case-usage", "x-app-usage")
_BODY_PATHS = (
    ("retry_after",),
    ("backoff",),
    ("extras", "wait_seconds"),
    ("parameters", "retry_after"),
)
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


def retry_after(
    headers: Mapping[str, str], *, now: datetime, body: bytes = b"", limited: bool = True
) -> timedelta | None:
    """How long to wait before the next request, or `None` if the answer does not say.

    Args:
        headers: the answer's, with lower-case names.
        now: our clock; used where the answer has no `Date`.
        body: the answer's body, for services that say it there.
        limited: whether the answer was a refusal. If it was not, a reset time counts only where
            nothing remains of the quota.
    """
    clock = server_time(headers) or now
    waits = [
        *_asked(headers, clock),
        *(_resets(headers, clock, limited=limited)),
        *(_in_body(body) if limited else ()),
    ]
    return min(max(waits[0], timedelta(0)), LONGEST) if waits else None


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """The server's clock, from its `Date` header."""
    return _http_date(headers.get("date", ""))


@dataclass(frozen=True, slots=True)
class Quota:
    """What an answer said is left of a limit, and when it begins anew."""

    remaining: float
    limit: float | None = None
    resets_in: timedelta | None = None

    def __str__(self) -> str:
        of = "" if self.limit is None else f" of {self.limit:g}"
        seconds = None if self.resets_in is None else round(self.resets_in.total_seconds())
        again = "" if seconds is None else f", anew in {seconds} s"
        return f"{self.remaining:g}{of} requests left{again}"


def quota(headers: Mapping[str, str], *, now: datetime) -> Quota | None:
    """What is left of the limit an answer tells of; `None` if it tells of none.

    Args:
        headers: the answer's, with lower-case names.
        now: our clock; used where the answer has no `Date`.
    """
    clock = server_time(headers) or now
    for prefix in ("ratelimit-", "x-ratelimit-", "x-rate-limit-"):
        left = _number(headers.get(f"{prefix}remaining", ""))
        if left is None:
            continue
        limits = (_number(headers.get(prefix + name, "")) for name in ("limit", "dailylimit"))
        resets = (headers.get(prefix + name, "").strip() for name in ("reset", "resettime"))
        waits = (_moment_or_seconds(reset, clock) for reset in resets)
        wait = next((wait for wait in waits if wait is not None), None)
        most = next((limit for limit in limits if limit is not None), None)
        return Quota(left, most, None if wait is None else max(wait, timedelta(0)))
    return _apples(headers.get("x-rate-limit", ""))


def _apples(value: str) -> Quota | None:
    """App Store Connect's `user-hour-lim:3500;user-hour-rem:500;`, of an hour that rolls on."""
    parts = dict(part.strip().split(":", 1) for part in value.split(";") if ":" in part)
    left = _number(parts.get("user-hour-rem", ""))
    return None if left is None else Quota(left, _number(parts.get("user-hour-lim", "")))


def max_age(headers: Mapping[str, str]) -> timedelta | None:
    """How long the answer says it stays fresh (`Cache-Control: max-age`)."""
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    return timedelta(seconds=int(found[1])) if found else None


def _asked(headers: Mapping[str, str], clock: datetime) -> Iterator[timedelta]:
    value = headers.get("retry-after", "").strip()
    if value:
        wait = _moment_or_seconds(value, clock)
        if wait is not None:
            yield wait


def _resets(headers: Mapping[str, str], clock: datetime, *, limited: bool) -> Iterator[timedelta]:
    for reset, remaining in _RESETS:
        left = _number(headers.get(remaining, ""))
        if left is None and not limited:
            continue
        if left is not None and left >= 1:
            continue
        wait = _moment_or_seconds(headers.get(reset, "").strip(), clock)
        if wait is not None:
            yield wait
    if limited:
        for name in _META:
            yield from _meta_minutes(headers.get(name, ""))


def _moment_or_seconds(value: str, clock: datetime) -> timedelta | None:
    """A wait from seconds left, an epoch, an HTTP date or an ISO time."""
    number = _number(value)
    if number is not None:
        moment = from_epoch(number) if number > 1e9 else None
        if moment is None:
            return timedelta(seconds=min(number, LONGEST.total_seconds()))
        return moment - clock
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = _http_date(value)
    if moment is None or moment.tzinfo is None:
        return None
    return moment - clock


def _meta_minutes(value: str) -> Iterator[timedelta]:
    found = re.findall(r'"estimated_time_to_regain_access"\s*:\s*(\d{1,6})', value)
    if found:
        yield timedelta(minutes=max(map(int, found)))


def _in_body(body: bytes) -> Iterator[timedelta]:
    if not body.lstrip().startswith(b"{") or len(body) > 10_000:
        return
    try:
        answer: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    for path in _BODY_PATHS:
        value = answer
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, int | float) and 0 <= value < 1e9:
            yield timedelta(seconds=value)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number < 1e15 else None


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else None
