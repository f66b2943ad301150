"""Complaints and the brand's own replies to them: what is still open.

Only what the store keeps is seen: a reply of the brand that names none of the watched brands was
never a mention.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from store.labels import SENTIMENT, effective, heard
from store.tables import BRAND_MENTION, MENTION


@dataclass(frozen=True, slots=True)
class Complaint:
    """A negative mention that is not an article, once a story.

    Attributes:
        answered_at: when the brand first replied; None if no reply is kept.
    """

    mention_id: int
    published_at: datetime
    answered_at: datetime | None


def own_ids(
    conn: Connection, accounts: Collection[str], since: datetime, until: datetime
) -> dict[int, tuple[str, str, str, datetime]]:
    """What the accounts wrote in `[since, until)`: id -> scope, parent, thread, time.

    Args:
        accounts: handles or author ids, in any case, with or without `@`.
    """
    names = {account.lower().removeprefix("@") for account in accounts}
    if not names:
        return {}
    handle = func.replace(func.lower(MENTION.c.author_handle), "@", "")
    rows = conn.execute(
        select(
            MENTION.c.id,
            MENTION.c.scope,
            MENTION.c.parent_id,
            MENTION.c.thread_id,
            MENTION.c.published_at,
        ).where(
            MENTION.c.published_at >= since,
            MENTION.c.published_at < until,
            MENTION.c.deleted_at.is_(None),
            or_(handle.in_(names), func.lower(MENTION.c.author_id).in_(names)),
        )
    )
    return {row.id: (row.scope, row.parent_id, row.thread_id, row.published_at) for row in rows}


def complaints(
    conn: Connection,
    brand_id: int,
    interval: tuple[datetime, datetime],
    replies: Iterable[tuple[str, str, str, datetime]],
    own: Collection[int],
) -> list[Complaint]:
    """The brand's complaints in `[start, end)`, each with its first reply, the oldest first.

    A reply answers the mention it names as its parent, and the mention its thread began with.

    Args:
        interval: when the complaints were published.
        replies: scope, parent, thread and time, as `own_ids` gives them.
        own: mentions of the brand's own, which are no complaints.
    """
    first = _first_replies(replies)
    told: dict[int, Complaint] = {}
    for row in conn.execute(_negative(brand_id, interval)).all():
        if row.id in own or row.cluster_id in told:
            continue
        reply = first.get((row.scope, row.native_id))
        answered_at = reply if reply and reply >= row.published_at else None
        told[row.cluster_id] = Complaint(row.id, row.published_at, answered_at)
    return list(told.values())


def _negative(brand_id: int, interval: tuple[datetime, datetime]) -> Select[Any]:
    """The negative mentions of an interval that are no articles, the oldest first."""
    columns = ("id", "scope", "native_id", "cluster_id", "published_at")
    return (
        effective(*(MENTION.c[name] for name in columns))
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(
            *heard(brand_id, interval),
            SENTIMENT == "negative",
            MENTION.c.kind != "article",
        )
        .order_by(BRAND_MENTION.c.published_at, MENTION.c.id)
    )


def _first_replies(
    replies: Iterable[tuple[str, str, str, datetime]],
) -> dict[tuple[str, str], datetime]:
    """When each post, by scope and native id, was first answered."""
    first: dict[tuple[str, str], datetime] = {}
    for scope, parent, thread, at in sorted(replies, key=lambda reply: reply[3]):
        for answered in {parent, thread} - {""}:
            first.setdefault((scope, answered), at)
    return first
