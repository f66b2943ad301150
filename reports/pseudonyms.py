"""People in an export under names that say nothing, the same in every export of a store.

A pseudonym is a keyed hash (BLAKE2b, RFC 7693) of the scope and the author's id; the key never
leaves the store, so nobody can try ids until one fits. Ids of posts and threads hold their
author's name at some sources and addresses at most, so they are replaced or left out, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

_IDS = ("native_id", "thread_id", "parent_id")
_LEFT_OUT = ("author_handle", "author_name", "author_location", "url", "canonical_url")
_UNKNOWN = ("author_created_at",)
"""The second at which an account was made is nearly its name."""


class Pseudonyms:
    """Hides authors behind keyed hashes.

    Args:
        key: secret, and the same for exports that are to be joined.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._of = lru_cache(maxsize=50_000)(self._hash)

    def hide(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Columns of mentions or tombstones without a way to their authors.

        Followers and the text stay: an analyst needs them, and both may betray somebody.
        """
        hidden = dict(columns)
        scopes = columns["scope"]
        if "author_id" in columns:
            people = [
                own or handle or name
                for own, handle, name in zip(
                    *(columns[f"author_{part}"] for part in ("id", "handle", "name")), strict=True
                )
            ]
            hidden["author_id"] = self._all("author", scopes, people)
        for name in _IDS:
            if name in columns:
                hidden[name] = self._all("post", scopes, columns[name])
        for name in _LEFT_OUT:
            if name in columns:
                hidden[name] = [""] * len(scopes)
        for name in _UNKNOWN:
            if name in columns:
                hidden[name] = [None] * len(scopes)
        return hidden

    def _all(self, kind: str, scopes: Sequence[str], values: Sequence[str]) -> list[str]:
        return [
            self._of(kind, scope, value) if value else ""
            for scope, value in zip(scopes, values, strict=True)
        ]

    def _hash(self, kind: str, scope: str, value: str) -> str:
        said = f"{kind}\0{scope}\0{value}".encode("utf-8", "replace")
        return blake2b(said, key=self._key, digest_size=16).hexdigest()
