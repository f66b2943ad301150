"""Exports that were written: recorded, so that the forgotten can be looked for in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, insert, select

from store.among import among
from store.export_records import ExportRow, HeldExport, NewExport, QueryVersion
from store.history import conditions
from store.interface import MentionFilter
from store.labels import effective
from store.report_tables import EXPORT_RUN
from store.tables import BRAND, BRAND_MENTION, BRAND_QUERY, CHANGE, MENTION

_ROW = (
    EXPORT_RUN.c.id,
    EXPORT_RUN.c.made_at,
    EXPORT_RUN.c.path,
    EXPORT_RUN.c.format,
    EXPORT_RUN.c.filters,
    EXPORT_RUN.c.since_sequence,
    EXPORT_RUN.c.last_sequence,
    EXPORT_RUN.c.mentions,
    EXPORT_RUN.c.sha256,
    EXPORT_RUN.c.pseudonymous,
    EXPORT_RUN.c.code_version,
)
_TIMES = ("since", "until")
_SAID = ("lang", "sentiment", "cause", "text", "product", "place", "own")
"""Parts of a filter whose answer may have changed since."""


def record_export(conn: Connection, export: NewExport, now: datetime) -> int:
    """Keep that an export was written; returns its number."""
    row = {
        **asdict(export),
        "filters": _as_json(export.filters),
        "since_sequence": export.filters.after_sequence,
        "made_at": now,
    }
    made = insert(EXPORT_RUN).values(row).returning(EXPORT_RUN.c.id)
    return int(conn.execute(made).scalar_one())


def exports(conn: Connection) -> list[ExportRow]:
    """Every export that was written, oldest first."""
    rows = conn.execute(select(*_ROW).order_by(EXPORT_RUN.c.id))
    return [ExportRow(*row) for row in rows]


def export_by_sum(conn: Connection, sha256: str) -> ExportRow | None:
    """The last export with that checksum, if this store wrote it."""
    found = select(*_ROW).where(EXPORT_RUN.c.sha256 == sha256).order_by(EXPORT_RUN.c.id.desc())
    row = conn.execute(found.limit(1)).one_or_none()
    return None if row is None else ExportRow(*row)


def exports_holding(conn: Connection, mention_ids: Collection[int]) -> list[HeldExport]:
    """The exports that hold any of these mentions; ask before they are erased.

    Brand, time, source and sequence decide for certain. Where an export was also chosen by what
    mentions say (language, sentiment, cause, words), one that does not pass now may have passed
    then: it is `certain` only if it still passes.
    """
    found = []
    for row in exports(conn):
        wanted = _from_json(row.filters)
        unsaid: dict[str, Any] = dict.fromkeys((*_SAID, "after_sequence"))
        place = replace(wanted, **unsaid)
        held = _ids(conn, place, mention_ids, row)
        if not held:
            continue
        said = any(getattr(wanted, name) is not None for name in _SAID)
        passing = _ids(conn, replace(wanted, after_sequence=None), mention_ids, row)
        certain = passing if said else held
        found.append(HeldExport(row, tuple(sorted(held)), bool(certain)))
    return found


def query_versions(conn: Connection, brand_id: int | None) -> list[QueryVersion]:
    """Every query that the brands have had, the current one last."""
    statement = (
        select(
            BRAND.c.slug,
            BRAND.c.name,
            BRAND_QUERY.c.version,
            BRAND_QUERY.c.query,
            BRAND_QUERY.c.created_at,
            BRAND_QUERY.c.version == BRAND.c.query_version,
        )
        .join(BRAND, BRAND.c.id == BRAND_QUERY.c.brand_id)
        .order_by(BRAND.c.slug, BRAND_QUERY.c.version)
    )
    if brand_id is not None:
        statement = statement.where(BRAND.c.id == brand_id)
    return [QueryVersion(*row) for row in conn.execute(statement)]


def _ids(conn: Connection, wanted: MentionFilter, ids: Collection[int], run: ExportRow) -> set[int]:
    """Which of these mentions pass a filter and changed in what the export covers."""
    statement = (
        effective(BRAND_MENTION.c.mention_id)
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(*conditions(conn, replace(wanted, include_deleted=True)))
        .where(among(conn, BRAND_MENTION.c.mention_id, ids), _covered(run))
    )
    return set(conn.execute(statement).scalars())


def _covered(run: ExportRow) -> ColumnElement[bool]:
    changed = [CHANGE.c.mention_id == BRAND_MENTION.c.mention_id, CHANGE.c.id <= run.last_sequence]
    if run.since_sequence is not None:
        changed.append(CHANGE.c.id > run.since_sequence)
    return exists().where(and_(*changed))


def _as_json(wanted: MentionFilter) -> dict[str, Any]:
    asked = {name: value for name, value in asdict(wanted).items() if value is not None}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in asked.items()
    }


def _from_json(kept: Mapping[str, Any]) -> MentionFilter:
    times = {name: datetime.fromisoformat(kept[name]) for name in _TIMES if name in kept}
    return MentionFilter(**{**kept, **times})
