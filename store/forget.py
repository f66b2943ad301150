"""Forgetting a person: their words, names and traces leave every table.

A tombstone without a name stays in place of each mention, and a keyed hash keeps it from being
collected again. `wipe` afterwards takes what was erased out of the database's files, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    func,
    or_,
    select,
    update,
)

from store.among import among
from store.decide import story_keys
from store.export_records import Erasure
from store.exports import exports_holding
from store.interface import StoreError
from store.scrub import Traces
from store.secrets import secret_key
from store.suppression import post_key, suppress
from store.tables import (
    BRAND,
    CAUSE_LINK,
    CLUSTER_KEY,
    INTENT_LINK,
    LABEL,
    MENTION,
    REVISION,
    SIGHTING,
    SKIPPED_ITEM,
    SOURCE,
)
from store.tombstones import bury_where
from store.traces import erase_traces

_Mention = Row[*tuple[Any, ...]]
_NAMES = ("author_id", "author_handle", "author_name", "url", "canonical_url", "native_id")


def mentions_of_author(conn: Connection, author: str) -> list[int]:
    """The mentions of `SOURCE:ID`, `SOURCE:HANDLE`, or an id or handle at any source.

    SOURCE is the type, scope or configured name of a source. Whoever is found by a handle is
    followed by id, so that posts under an earlier handle are found, too.

    Raises:
        StoreError: nothing was given.
    """
    if not author.strip():
        raise StoreError("name an author: an id or handle, or SOURCE:ID")
    place, _, rest = author.partition(":")
    known = select(SOURCE.c.id).where(or_(SOURCE.c.type == place, SOURCE.c.name == place))
    here: ColumnElement[bool] = MENTION.c.source_type == place
    named = select(SOURCE.c.scope).where(SOURCE.c.name == place)
    if rest and conn.execute(known.limit(1)).first() is not None:
        found = _signed(conn, rest, or_(here, MENTION.c.scope.in_(named)))
    else:
        found = _signed(conn, author, MENTION.c.id.is_not(None))
    people = {(row.scope, row.author_id) for row in found if row.author_id}
    ids = {row.id for row in found}
    for scope, author_id in people:
        same = and_(MENTION.c.scope == scope, MENTION.c.author_id == author_id)
        ids.update(conn.execute(select(MENTION.c.id).where(same)).scalars())
    return sorted(ids)


def mentions_at(conn: Connection, url: str) -> list[int]:
    """The mentions with an address."""
    at = or_(MENTION.c.url == url, MENTION.c.canonical_url == url)
    found = select(MENTION.c.id).where(at).order_by(MENTION.c.id) if url else None
    return [] if found is None else list(conn.execute(found).scalars())


def retold_by_others(conn: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    """Living mentions of the same stories that are not among these: number and address."""
    stories = select(MENTION.c.cluster_id).where(among(conn, MENTION.c.id, ids))
    others = select(MENTION.c.id, MENTION.c.url).where(
        MENTION.c.cluster_id.in_(stories),
        ~among(conn, MENTION.c.id, ids),
        MENTION.c.deleted_at.is_(None),
    )
    return [(row.id, row.url) for row in conn.execute(others.order_by(MENTION.c.id))]


def forget(conn: Connection, ids: Sequence[int], now: datetime, *, authors: bool) -> Erasure:
    """Erase these mentions and every trace of them and their authors.

    Args:
        conn: a writing connection.
        ids: from `mentions_of_author` or `mentions_at`.
        now: when.
        authors: never collect anything of these authors again, not only these posts.
    """
    if conn.dialect.name == "sqlite":
        conn.exec_driver_sql("PRAGMA secure_delete = ON")
    rows = conn.execute(select(MENTION).where(among(conn, MENTION.c.id, ids))).all()
    texts, names = _texts(conn, rows, ids), _names(rows)
    exports = exports_holding(conn, ids)
    revisions = _count_revisions(conn, ids)
    common = _common(conn)
    traces = Traces(texts, names, ids, common)
    for scope in {row.scope for row in rows}:
        own = [row for row in rows if row.scope == scope]
        suppress(conn, scope, own, now, authors=authors)
    _drop_story_keys(conn, rows, ids)
    bury_where(conn, [among(conn, MENTION.c.id, ids)], now, "forgotten")
    _rename(conn, rows)
    for table in (SIGHTING, REVISION):
        conn.execute(delete(table).where(among(conn, table.c.mention_id, ids)))
    native_ids = [row.native_id for row in rows]
    conn.execute(delete(SKIPPED_ITEM).where(SKIPPED_ITEM.c.native_id.in_(native_ids)))
    return Erasure(
        mention_ids=tuple(ids),
        revisions=revisions,
        messages=erase_traces(conn, traces),
        exports=tuple(exports),
        texts=tuple(texts),
        names=tuple(sorted(names)),
        common=tuple(sorted(common)),
    )


def _signed(conn: Connection, name: str, where: ColumnElement[bool]) -> list[_Mention]:
    bare = name.lstrip("@")
    unnamed = and_(MENTION.c.author_id == "", MENTION.c.author_handle == "")
    by = or_(
        MENTION.c.author_id == name,
        func.lower(MENTION.c.author_handle).in_([bare.lower(), f"@{bare.lower()}"]),
        MENTION.c.author_handle == name,
        and_(unnamed, MENTION.c.author_name == name),
    )
    columns = (MENTION.c.id, MENTION.c.scope, MENTION.c.author_id)
    return list(conn.execute(select(*columns).where(where, by)).all())


def _texts(conn: Connection, rows: Iterable[_Mention], ids: Sequence[int]) -> list[str]:
    found = {text for row in rows for text in (row.title, row.text)}
    past = select(REVISION.c.title, REVISION.c.text).where(among(conn, REVISION.c.mention_id, ids))
    found |= {text for row in conn.execute(past) for text in row}
    labels = select(LABEL.c.id).where(among(conn, LABEL.c.mention_id, ids))
    for table in (CAUSE_LINK, INTENT_LINK):
        said = select(table.c.evidence).where(table.c.label_id.in_(labels))
        found |= set(conn.execute(said).scalars())
    return sorted(found - {""})


def _names(rows: Iterable[_Mention]) -> set[str]:
    names = {getattr(row, name) for row in rows for name in _NAMES}
    return names | {name.lstrip("@") for name in names}


def _common(conn: Connection) -> set[str]:
    brands = select(BRAND.c.slug, BRAND.c.name)
    sources = select(SOURCE.c.name, SOURCE.c.type)
    return {word for asked in (brands, sources) for row in conn.execute(asked) for word in row}


def _count_revisions(conn: Connection, ids: Sequence[int]) -> int:
    past = select(func.count()).select_from(REVISION)
    return int(conn.execute(past.where(among(conn, REVISION.c.mention_id, ids))).scalar_one())


def _drop_story_keys(conn: Connection, rows: Sequence[_Mention], ids: Sequence[int]) -> None:
    """Hashes of what they said; those that others said as well belong to the others."""
    theirs = {key for row in rows for key in story_keys(row.scope, row)}  # type: ignore[arg-type]
    columns = (MENTION.c.scope, MENTION.c.native_id, MENTION.c.title, MENTION.c.text)
    others = select(*columns, MENTION.c.canonical_url).where(
        MENTION.c.cluster_id.in_({row.cluster_id for row in rows}),
        ~among(conn, MENTION.c.id, ids),
        MENTION.c.deleted_at.is_(None),
    )
    for row in conn.execute(others):
        theirs.difference_update(story_keys(row.scope, row))  # type: ignore[arg-type]
    conn.execute(delete(CLUSTER_KEY).where(CLUSTER_KEY.c.key.in_(theirs)))


def _rename(conn: Connection, rows: Iterable[_Mention]) -> None:
    """Ids of posts often hold their author's name; answers of others keep their thread."""
    key = secret_key(conn)
    nothing: dict[str, Any] = dict.fromkeys(("site", "thread_id", "parent_id", "lang"), "")
    nothing |= dict.fromkeys(("likes", "comments", "shares", "views", "rating", "rating_scale"))
    for row in rows:
        name = f"forgotten:{post_key(key, row.scope, row.native_id)}"
        own = update(MENTION).where(MENTION.c.id == row.id)
        conn.execute(own.values(native_id=name, **nothing))
        for column in (MENTION.c.parent_id, MENTION.c.thread_id):
            answers = update(MENTION).where(MENTION.c.scope == row.scope, column == row.native_id)
            conn.execute(answers.values({column.name: name}))
