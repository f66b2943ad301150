"""Deleted mentions: what is forgotten and what stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from store import near, search
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
    rows = conn.execute(
        select(MENTION.c.id, MENTION.c.native_id, MENTION.c.title, MENTION.c.text).where(
            MENTION.c.scope == scope,
            MENTION.c.native_id.in_(native_ids),
            MENTION.c.deleted_at.is_(None),
        )
    ).all()
    if not rows:
        return []
    ids = [row.id for row in rows]
    search.remove(conn, [(row.id, row.title, row.text) for row in rows])
    near.forget(conn, ids)
    nothing = dict.fromkeys(_FORGOTTEN, "")
    conn.execute(
        update(MENTION)
        .where(MENTION.c.id.in_(ids))
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
        .where(REVISION.c.mention_id.in_(ids))
        .values(title="", text="", content_hash="")
    )
    conn.execute(
        update(BRAND_MENTION)
        .where(BRAND_MENTION.c.mention_id.in_(ids))
        .values(deleted=True, labelled_by=-1, author_key=0, followers=0, spans=[])
    )
    labels = select(LABEL.c.id).where(LABEL.c.mention_id.in_(ids))
    conn.execute(update(CAUSE_LINK).where(CAUSE_LINK.c.label_id.in_(labels)).values(evidence=""))
    conn.execute(
        update(INTENT_LINK)
        .where(INTENT_LINK.c.label_id.in_(labels))
        .values(evidence="", rival=None)
    )
    conn.execute(insert(CHANGE), [{"mention_id": i, "action": "deleted", "at": now} for i in ids])
    return [row.native_id for row in rows]
