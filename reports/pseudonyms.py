"""People in an export under names that say nothing, the same in every export of a store.

A pseudonym is a keyed hash (BLAKE2b, RFC 7693) of the scope and the author's id; the key never
leaves the store, so nobody can try ids until one fits. Ids of posts and threads hold their
author's name at some sources and addresses at most, so they are replaced or left out, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

import pyarrow as pa
import pyarrow.compute as pc

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

    def hide(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Columns of mentions or tombstones without a way to their authors.

        Followers and the text stay: an analyst needs them, and both may betray somebody.
        """
        hidden = dict(columns)
        scopes = columns["scope"].to_pylist()
        if "author_id" in columns:
            people = _first_known(*(columns[f"author_{part}"] for part in ("id", "handle", "name")))
            hidden["author_id"] = self._all("author", scopes, people)
        for name in set(_IDS).intersection(columns):
            hidden[name] = self._all("post", scopes, columns[name])
        for name in set(_LEFT_OUT).intersection(columns):
            hidden[name] = pa.repeat("", len(scopes))
        for name in set(_UNKNOWN).intersection(columns):
            hidden[name] = pa.nulls(len(scopes), columns[name].type)
        if "author_places" in columns:
            nobody: list[list[str]] = [[]] * len(scopes)
            hidden["author_places"] = pa.array(nobody, pa.list_(pa.string()))
        return hidden

    def _all(self, kind: str, scopes: Sequence[str], values: pa.Array) -> pa.Array:
        told = [
            self._of(kind, scope, value) if value else ""
            for scope, value in zip(scopes, values.to_pylist(), strict=True)
        ]
        return pa.array(told, pa.string())

    def _hash(self, kind: str, scope: str, value: str) -> str:
        said = f"{kind}\0{scope}\0{value}".encode("utf-8", "replace")
        return blake2b(said, key=self._key, digest_size=16).hexdigest()


def _first_known(first: pa.Array, *others: pa.Array) -> pa.Array:
    for other in others:
        first = pc.if_else(pc.equal(first, ""), other, first)
    return first
