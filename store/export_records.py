"""Which exports were written, under which queries, and what an erasure took away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from store.interface import MentionFilter


@dataclass(frozen=True, slots=True)
class NewExport:
    """An export that was written, on its way into the store.

    Attributes:
        sha256: of the file; of the manifest where the export is a folder.
    """

    path: str
    format: str
    filters: MentionFilter
    last_sequence: int
    mentions: int
    sha256: str
    pseudonymous: bool
    code_version: str


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export that was written, as stored; `filters` as JSON."""

    id: int
    made_at: datetime
    path: str
    format: str
    filters: Mapping[str, Any]
    since_sequence: int | None
    last_sequence: int
    mentions: int
    sha256: str
    pseudonymous: bool
    code_version: str


@dataclass(frozen=True, slots=True)
class HeldExport:
    """An export and the mentions it held; not `certain` where its filter may have dropped them."""

    export: ExportRow
    mention_ids: tuple[int, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class QueryVersion:
    """One query that a brand has had."""

    brand: str
    name: str
    version: int
    query: str
    created_at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased of a person: how much of what, and the exports that held it before.

    Attributes:
        mention_ids: now tombstones.
        messages: kept messages, digests and alerts that lost words.
        texts: what was erased, to look for it elsewhere; never kept.
        names: likewise.
        common: words that name a brand or a source, whoever else has them for a name.
    """

    mention_ids: tuple[int, ...]
    revisions: int
    messages: int
    exports: tuple[HeldExport, ...]
    texts: tuple[str, ...] = field(repr=False, default=())
    names: tuple[str, ...] = field(repr=False, default=())
    common: tuple[str, ...] = ()
