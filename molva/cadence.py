"""When a source is polled next: pure decisions, jittered so that sources never march in step."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

JITTER = 0.1
LONGEST_WAIT = timedelta(hours=24)
GOING_ON_SHARE = 0.2
"""Of the interval, before a poll goes on where the last one stopped at its page cap: a burst is no
time to wait, but a long interval may guard a day's quota."""
GOING_ON_LEAST = timedelta(minutes=1)


def after_success(
    now: datetime,
    interval: timedelta,
    asked: timedelta | None,
    rng: random.Random,
    *,
    goes_on: bool = False,
) -> datetime:
    """The next poll after a good one: the interval, or longer if the source asked for it.

    A poll that stopped with more to read goes on after a fifth of it.
    """
    wait = min(interval, max(GOING_ON_LEAST, GOING_ON_SHARE * interval)) if goes_on else interval
    return now + _jittered(max(wait, min(asked or wait, LONGEST_WAIT)), rng)


def after_failure(
    now: datetime,
    interval: timedelta,
    error_count: int,
    retry_after: timedelta | None,
    rng: random.Random,
) -> datetime:
    """The next poll after `error_count` failures in a row: twice as long each time, up to a day.

    A server's own Retry-After is honoured where it is longer, up to the same day.
    """
    backed_off = interval * (2 ** min(max(error_count - 1, 0), 20))
    wait = min(max(backed_off, retry_after or timedelta(0)), LONGEST_WAIT)
    return now + _jittered(wait, rng)


def after_fatal(now: datetime, rng: random.Random) -> datetime:
    """The next poll after a fatal error: a day, in case somebody mended it elsewhere."""
    return now + _jittered(LONGEST_WAIT, rng)


def _jittered(wait: timedelta, rng: random.Random) -> timedelta:
    # Later only: earlier than a server's Retry-After would be impolite.
    return wait * (1 + rng.uniform(0, JITTER))
