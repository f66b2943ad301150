"""Posts and authors never to be collected again, as keyed hashes: the list names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, select

from store.engine import insert_new
from store.interface import NewMention
from store.report_tables import FORGOTTEN
from store.secrets import secret_key

_ANY = select(FORGOTTEN.c.key).limit(1)


def post_key(key: bytes, scope: str, native_id: str) -> str:
    """What is kept of a forgotten post's id."""
    return _hash(key, "post", scope, native_id)


def suppress(
    conn: Connection, scope: str, posts: Iterable[Any], now: datetime, *, authors: bool
) -> None:
    """Never collect these stored posts again; with `authors`, nothing else of theirs either."""
    key = secret_key(conn)
    keys = {one for post in posts for one in _keys(key, scope, post, authors=authors)}
    if keys:
        new = insert_new(conn, FORGOTTEN)
        conn.execute(new, [{"key": one, "at": now} for one in sorted(keys)])


def allowed(conn: Connection, scope: str, posts: Sequence[NewMention]) -> list[NewMention]:
    """The posts that may be kept."""
    if not posts or conn.execute(_ANY).first() is None:
        return list(posts)
    key = secret_key(conn)
    each = [_keys(key, scope, post, authors=True) for post in posts]
    asked = select(FORGOTTEN.c.key).where(FORGOTTEN.c.key.in_({k for keys in each for k in keys}))
    found = set(conn.execute(asked).scalars())
    return [post for post, keys in zip(posts, each, strict=True) if found.isdisjoint(keys)]


def _keys(key: bytes, scope: str, post: Any, *, authors: bool) -> list[str]:
    keys = [post_key(key, scope, post.native_id)]
    if post.canonical_url:
        keys.append(_hash(key, "url", "", post.canonical_url))
    if authors and post.author_id:
        keys.append(_hash(key, "author", scope, post.author_id))
    if authors and post.author_handle:
        keys.append(_hash(key, "handle", scope, post.author_handle.lstrip("@").casefold()))
    return keys


def _hash(key: bytes, kind: str, scope: str, value: str) -> str:
    said = f"{kind}\0{scope}\0{value}".encode("utf-8", "replace")
    return blake2b(said, key=key, digest_size=20).hexdigest()
