"""The labelled history in columns, thousands of rows at a time: what exports are made of.

Values come as the database gives them (a time is ISO text on SQLite and a datetime on PostgreSQL,
a flag a number or a bool), so that no object is made for a cell that nobody looks at in Python.
Rows follow each other in the order in which Molva matched them, whatever the filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)

from store.among import among
from store.history import LANG, conditions
from store.interface import MentionFilter
from store.labels import LOW_CONFIDENCE, SENTIMENT, effective
from store.tables import (
    BRAND,
    BRAND_MENTION,
    CHANGE,
    CORRECTION,
    LABEL,
    MENTION,
    MODEL_VERSION,
    SIGHTING,
    SOURCE,
)

BATCH = 3_000
"""Rows held at a time: enough for columns to pay, little enough for flat memory."""

_FROM_MENTION = (
    *("scope", "native_id", "source_type", "kind", "title", "text", "url", "canonical_url", "site"),
    *("author_id", "author_handle", "author_name", "author_followers", "likes", "comments"),
    *("shares", "views", "rating", "rating_scale", "parent_id", "thread_id", "first_seen_at"),
    *("edited_at", "deleted_at", "terms", "content_hash", "cluster_id", "revision"),
    *("author_verified", "author_created_at", "author_location"),
)
Raw = Mapping[str, Sequence[Any]]
"""Columns of equal length by name."""
_Columns = dict[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class MentionBatch:
    """Some rows of the history in columns.

    Attributes:
        label_ids: the label that counts for each row, or None.
        correction_ids: the correction of each row whose causes a person named, or None.
    """

    columns: Raw
    label_ids: Sequence[int | None]
    correction_ids: Sequence[int | None]

    def __len__(self) -> int:
        return len(self.label_ids)


def mention_batches(
    conn: Connection,
    wanted: MentionFilter,
    size: int = BATCH,
) -> Iterator[MentionBatch]:
    """Every mention towards every brand that the filter lets through, `size` at a time.

    Read it inside `reading`, and the history does not change under the iteration.
    """
    names = {row.id: row.name for row in conn.execute(select(SOURCE.c.id, SOURCE.c.name))}
    seen: dict[str | None, tuple[str, ...]] = {None: ()}
    everything = replace(wanted, include_deleted=False) == MentionFilter()
    parts = _by_key(conn, wanted, size) if everything else _by_ids(conn, wanted, size)
    for columns in parts:
        columns["source_instances"] = [
            seen[key] if key in seen else seen.setdefault(key, _names(names, key))
            for key in columns.pop("source_ids")
        ]
        _add_clusters(conn, columns)
        yield MentionBatch(columns, columns.pop("label_id"), columns.pop("correction_id"))


def _by_key(conn: Connection, wanted: MentionFilter, size: int) -> Iterator[_Columns]:
    """The whole history along its key: nothing is sorted and no key is read twice."""
    after = BRAND_MENTION.c.id > bindparam("last")
    statement = columns_statement(conn).add_columns(BRAND_MENTION.c.id.label("row_id")).where(after)
    if not wanted.include_deleted:
        statement = statement.where(BRAND_MENTION.c.deleted.is_(False))
    statement = statement.order_by(BRAND_MENTION.c.id).limit(size)
    last = 0
    while columns := _read(conn, statement, {"last": last}):
        last = columns.pop("row_id")[-1]
        yield columns


def _by_ids(conn: Connection, wanted: MentionFilter, size: int) -> Iterator[_Columns]:
    """What a filter lets through: first the keys alone, so that even a sort of all is small."""
    statement = columns_statement(conn).order_by(BRAND_MENTION.c.id)
    for ids in _id_batches(conn, wanted, size):
        here = BRAND_MENTION.c.id.between(ids[0], ids[-1])
        yield _read(conn, statement.where(here, among(conn, BRAND_MENTION.c.id, ids)), {})


def _read(conn: Connection, statement: Select[Any], values: Mapping[str, int]) -> _Columns:
    found = conn.execute(statement, values)
    names, rows = found.keys(), found.all()
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}


def _id_batches(conn: Connection, wanted: MentionFilter, size: int) -> Iterator[Sequence[int]]:
    """The keys of the rows, ascending."""
    ids = select(BRAND_MENTION.c.id)
    if _needs_labels(wanted):
        ids = effective(BRAND_MENTION.c.id)
    ids = ids.join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
    statement = ids.where(*conditions(conn, wanted)).order_by(BRAND_MENTION.c.id)
    # A cursor of the server's own on PostgreSQL; SQLite steps through its rows anyway.
    found = conn.execute(statement.execution_options(stream_results=True, max_row_buffer=size))
    yield from found.scalars().partitions(size)


def _needs_labels(wanted: MentionFilter) -> bool:
    return any((wanted.lang, wanted.sentiment, wanted.cause))


def columns_statement(conn: Connection) -> Select[Any]:
    """Every row of the history with the columns of `MentionBatch`, and how to find its children."""
    return (
        effective(*_columns(conn))
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .outerjoin(MODEL_VERSION, MODEL_VERSION.c.id == LABEL.c.version_id)
    )


def _columns(conn: Connection) -> list[ColumnElement[Any]]:
    named_causes = func.coalesce(CORRECTION.c.has_causes, literal(False))
    by_person = or_(CORRECTION.c.sentiment.is_not(None), named_causes)
    sequence = select(func.max(CHANGE.c.id)).where(
        CHANGE.c.mention_id == BRAND_MENTION.c.mention_id
    )
    columns: list[ColumnElement[Any]] = [
        *(MENTION.c[name] for name in _FROM_MENTION),
        BRAND_MENTION.c.mention_id,
        BRAND_MENTION.c.brand_id,
        BRAND_MENTION.c.published_at,
        BRAND_MENTION.c.query_version,
        BRAND_MENTION.c.matched_term,
        type_coerce(BRAND_MENTION.c.spans, String).label("match_spans"),
        BRAND_MENTION.c.in_title.label("match_in_title"),
        BRAND.c.slug.label("brand"),
        BRAND.c.name.label("brand_name"),
        MENTION.c.revised_at.label("collected_at"),
        MENTION.c.lang.label("lang_declared"),
        LANG.label("lang"),
        LABEL.c.lang_confidence,
        LABEL.c.labelled_at,
        SENTIMENT.label("sentiment"),
        func.coalesce(LABEL.c.sentiment, "unlabelled").label("model_sentiment"),
        _previous().label("previous_label"),
        LABEL.c.p_negative,
        LABEL.c.p_neutral,
        LABEL.c.p_positive,
        LOW_CONFIDENCE.label("low_confidence"),
        case((by_person, "person"), (LABEL.c.id.is_(None), ""), else_="model").label(
            "label_source"
        ),
        func.coalesce(MODEL_VERSION.c.model, "").label("model_version"),
        func.coalesce(MODEL_VERSION.c.taxonomy, "").label("taxonomy_version"),
        CORRECTION.c.corrected_at,
        func.coalesce(sequence.scalar_subquery(), 0).label("sequence"),
        _source_ids(conn).label("source_ids"),
        LABEL.c.id.label("label_id"),
        case((named_causes, CORRECTION.c.id)).label("correction_id"),
    ]
    return [_bare(column) for column in columns]


def _bare(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The column without SQLAlchemy's work on each of its values."""
    if isinstance(column.type, DateTime) or hasattr(column.type, "impl"):
        return type_coerce(column, String).label(column.name)
    if isinstance(column.type, Boolean):
        return type_coerce(column, Integer).label(column.name)
    return column


def _previous() -> ColumnElement[Any]:
    """What counted before: the model's word where a person spoke, else the label before this."""
    older = LABEL.alias("older")
    before = (
        select(older.c.sentiment)
        .where(
            older.c.mention_id == BRAND_MENTION.c.mention_id,
            older.c.brand_id == BRAND_MENTION.c.brand_id,
            older.c.id < LABEL.c.id,
        )
        .order_by(older.c.id.desc())
        .limit(1)
        .correlate(BRAND_MENTION, LABEL)
        .scalar_subquery()
    )
    return case((CORRECTION.c.sentiment.is_not(None), LABEL.c.sentiment), else_=before)


def _source_ids(conn: Connection) -> ColumnElement[Any]:
    """The sources of a mention, as one text that a few thousand mentions share."""
    text = cast(SIGHTING.c.source_id, String)
    joined = (
        func.group_concat(text, literal_column("','"))
        if conn.dialect.name == "sqlite"
        else func.string_agg(text, literal_column("','"))
    )
    mine = SIGHTING.c.mention_id == BRAND_MENTION.c.mention_id
    return select(joined).where(mine).correlate(BRAND_MENTION).scalar_subquery()


def _names(names: Mapping[int, str], key: str | None) -> tuple[str, ...]:
    return tuple(names[number] for number in sorted(map(int, (key or "").split(","))))


def _add_clusters(conn: Connection, columns: dict[str, Sequence[Any]]) -> None:
    """How many living mentions tell each story, and whether this one stands for it."""
    clusters, mentions = columns["cluster_id"], columns["mention_id"]
    told = zip(clusters, columns["deleted_at"], strict=True)
    of_buried = {cluster for cluster, deleted_at in told if deleted_at is not None}
    size = func.count()
    # A living mention that is alone with its story needs no row: nearly all are.
    counted = (
        select(MENTION.c.cluster_id, size, func.min(MENTION.c.id))
        .where(among(conn, MENTION.c.cluster_id, set(clusters)))
        .where(MENTION.c.deleted_at.is_(None))
        .group_by(MENTION.c.cluster_id)
        .having(or_(size > 1, among(conn, MENTION.c.cluster_id, of_buried)))
    )
    found = {cluster: (count, first) for cluster, count, first in conn.execute(counted).all()}
    sizes, canonical = [1] * len(clusters), [True] * len(clusters)
    for at, cluster in enumerate(clusters):
        if cluster in found:
            sizes[at], first = found[cluster]
            canonical[at] = first == mentions[at]
    columns["cluster_size"], columns["is_canonical"] = sizes, canonical


__all__ = ["BATCH", "MentionBatch", "Raw", "columns_statement", "mention_batches"]
