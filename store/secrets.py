"""The store's own key: made once, never exported; what is hashed with it cannot be guessed."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from store.marks import get_mark, set_mark

_MARK = "secret-key"


def secret_key(conn: Connection) -> bytes:
    """The key of this store (32 bytes), made now if there was none; needs a writing connection."""
    kept = get_mark(conn, _MARK)
    if kept is None:
        kept = {"hex": secrets.token_hex(32)}
        set_mark(conn, _MARK, kept)
    return bytes.fromhex(kept["hex"])
