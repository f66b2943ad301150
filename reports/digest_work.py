"""Open work and late arrivals: what waits for an answer, what the last digest could not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Connection

from reports.abuse import is_abusive
from reports.digest_facts import LateFact, OpenWorkFact
from reports.interface import PostFact
from reports.periods import Period
from reports.posts import Story, post_fact
from store.history import mentions_by_id
from store.late import found_since
from store.replies import complaints, own_ids

WORK_DAYS = 28
LATE_DAYS = 60
"""Mentions older than that are a history being read, not late news."""
OLDEST = 3
LATE_SHOWN = 3

Work = tuple[OpenWorkFact | None, frozenset[int], frozenset[int]]


def open_work(
    conn: Connection, brand_id: int, period: Period, accounts: Sequence[str], now: datetime
) -> Work:
    """Complaints without an answer; the brand's own mentions; the mentions it has answered.

    Nothing is said of open work where no reply of the brand's own is known.
    """
    start = min(period.start, period.end - timedelta(days=WORK_DAYS))
    own = own_ids(conn, accounts, start, now)
    replies = [reply for reply in own.values() if reply[1] or reply[2]]
    if not replies:
        return None, frozenset(own), frozenset()
    found = complaints(conn, brand_id, (start, period.end), replies, own)
    waits = [
        (one.answered_at - one.published_at) / timedelta(minutes=1)
        for one in found
        if one.answered_at
    ]
    waiting = [one.mention_id for one in found if one.answered_at is None]
    fact = OpenWorkFact(
        days=round((period.end - start) / timedelta(days=1)),
        complaints=len(found),
        answered=len(waits),
        unanswered=len(waiting),
        median_minutes=median(waits) if waits else None,
        oldest=_shown(conn, brand_id, waiting, OLDEST),
    )
    answered = frozenset(one.mention_id for one in found if one.answered_at)
    return fact, frozenset(own), answered


def late_arrivals(
    conn: Connection, brand_id: int, period: Period, told: datetime
) -> tuple[LateFact | None, tuple[int, ...]]:
    """What was published before `period` and first seen after `told`; and the ids of all of it."""
    published = (period.start - timedelta(days=LATE_DAYS), period.start)
    found = found_since(conn, brand_id, told, published)
    if not found:
        return None, ()
    days = Counter(one.published_at.astimezone(period.zone).date() for one in found)
    ranked = [one.mention_id for one in sorted(found, key=lambda one: -one.followers)]
    fact = LateFact(
        since=told,
        mentions=len(found),
        negative=sum(one.sentiment == "negative" for one in found),
        days=tuple(sorted(days.items())),
        posts=_shown(conn, brand_id, ranked, LATE_SHOWN),
    )
    return fact, tuple(ranked)


def _shown(conn: Connection, brand_id: int, ids: Sequence[int], limit: int) -> tuple[PostFact, ...]:
    """The first of some mentions as posts, those not fit to be shown left out."""
    rows = mentions_by_id(conn, brand_id, ids[: limit * 5])
    fit = [row for row in rows if not is_abusive(row.text)]
    return tuple(post_fact(Story(row, max(1, row.cluster_size))) for row in fit[:limit])
