"""Deleted mentions: what is forgotten and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from store import near, search
from store.among import among
from store.facets import forget_homes
from store.tables import BRAND_MENTION, CAUSE_LINK, CHANGE, INTENT_LINK, LABEL, MENTION, REVISION

_FORGOTTEN = (
    *("title", "text", "url", "canonical_url", "content_hash"),
    *("author_id", "author_handle", "author_name", "author_location"),
)


def bury(conn: Connection, scope: str, native_ids: Sequence[str], now: datetime) -> list[str]:
    """Make tombstones of mentions that their source deleted.

    What the author said and who the author is are forgotten, in every revision, in the evidence
    of causes and in the search index. Ids, times and labels as numbers stay, so that an old copy
    of the post is recognised and past digests can be explained.

    Returns:
        The native ids that were alive until now.
    """
    if not native_ids:
        return []
    found = bury_where(
        conn, [MENTION.c.scope == scope, MENTION.c.native_id.in_(native_ids)], now, "deleted"
    )
    return [native_id for _, native_id in found]


def bury_where(
    conn: Connection,
    wanted: Sequence[ColumnElement[bool]],
    now: datetime,
    action: str,
    limit: int | None = None,
) -> list[tuple[int, str]]:
    """Make tombstones of the living mentions of some conditions; `action` says why.

    Returns:
        The numbers and native ids of those that were alive until now.
    """
    columns = (MENTION.c.id, MENTION.c.native_id, MENTION.c.title, MENTION.c.text)
    living = select(*columns).where(MENTION.c.deleted_at.is_(None), *wanted).limit(limit)
    rows: Sequence[Any] = conn.execute(living).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    search.remove(conn, [(row.id, row.title, row.text) for row in rows])
    near.forget(conn, ids)
    forget_homes(conn, ids)
    _empty_mentions(conn, ids, now)
    _empty_labels(conn, ids)
    conn.execute(insert(CHANGE), [{"mention_id": i, "action": action, "at": now} for i in ids])
    return [(row.id, row.native_id) for row in rows]


def _empty_mentions(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Take what was written, and by whom, from mentions and their revisions."""
    nothing = dict.fromkeys(_FORGOTTEN, "")
    conn.execute(
        update(MENTION)
        .where(among(conn, MENTION.c.id, ids))
        .values(
            **nothing,
            author_followers=None,
            author_verified=None,
            author_created_at=None,
            reread_at=None,
            deleted_at=now,
        )
    )
    conn.execute(
        update(REVISION)
        .where(among(conn, REVISION.c.mention_id, ids))
        .values(title="", text="", content_hash="")
    )
    conn.execute(
        update(BRAND_MENTION)
        .where(among(conn, BRAND_MENTION.c.mention_id, ids))
        .values(deleted=True, labelled_by=-1, author_key=0, followers=0, spans=[])
    )


def _empty_labels(conn: Connection, ids: Sequence[int]) -> None:
    """Take the words that labels quote from mentions."""
    labels = select(LABEL.c.id).where(among(conn, LABEL.c.mention_id, ids))
    conn.execute(update(CAUSE_LINK).where(CAUSE_LINK.c.label_id.in_(labels)).values(evidence=""))
    conn.execute(
        update(INTENT_LINK)
        .where(INTENT_LINK.c.label_id.in_(labels))
        .values(evidence="", rival=None)
    )
