"""When a mention is read again: for its engagement while it is young, for its deletion for ever."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

ERASING: Final = "delete-on-request"
"""The terms of sources where what is deleted there has to be deleted here too."""

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
YOUNG: Final = 7 * _DAY
"""The age up to which likes and deletions are frequent."""

_OLD: Final = 30 * _DAY
"""How often what is no longer young is asked for, where deletions count."""


def next_reread(published_at: datetime, after: datetime, terms: str) -> datetime | None:
    """The first planned time after a moment; `None` if there is none any more.

    Engagement is read an hour, a day and a week after publication. Where deletions count, a
    mention is also asked for daily in its first week and monthly after it. Times that have passed
    unused are not made up for: one reading tells all.
    """
    age = after - published_at
    if age < _HOUR:
        return published_at + _HOUR
    if terms != ERASING:
        wait = next((step for step in (_DAY, YOUNG) if age < step), None)
        return None if wait is None else published_at + wait
    if age < YOUNG:
        return published_at + _DAY * (age // _DAY + 1)
    return published_at + YOUNG + _OLD * ((age - YOUNG) // _OLD + 1)
