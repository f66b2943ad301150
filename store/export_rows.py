"""The labelled history in Arrow columns, thousands of rows at a time: what exports are made of.

`columns_statement` says where each column comes from; what must be looked up for many rows at once
(sources, stories) is added to each batch. Columns have the names that exports give them. Rows
follow each other in the order in which Molva matched them, whatever the filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    case,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from store.among import among
from store.arrow import all_rows, record_batches
from store.facets import facet_columns
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
    *("scope", "native_id", "kind", "title", "text", "url", "canonical_url", "site"),
    *("author_id", "author_handle", "author_name", "author_followers", "likes", "comments"),
    *("shares", "views", "rating", "rating_scale", "parent_id", "thread_id", "first_seen_at"),
    *("edited_at", "deleted_at", "terms", "content_hash", "cluster_id", "revision"),
    *("author_verified", "author_created_at", "author_location"),
)


def mention_batches(
    conn: Connection,
    wanted: MentionFilter,
    size: int = BATCH,
) -> Iterator[pa.RecordBatch]:
    """Every mention towards every brand that the filter lets through, `size` at a time.

    Beside the columns of an export there are `row_id`, by which rows are ordered, and for each row
    `label_id` (the label that counts) and `correction_id` (of a person who named causes), or null.
    Read it inside `reading`, and the history does not change under the iteration.
    """
    names = {row.id: row.name for row in conn.execute(select(SOURCE.c.id, SOURCE.c.name))}
    for batch in _rows(conn, wanted, size):
        sizes, canonical = _stories(conn, batch)
        whole = (
            batch.append_column("source_instances", _source_names(batch["source_ids"], names))
            .append_column("cluster_size", sizes)
            .append_column("is_canonical", canonical)
        )
        keys = (batch[name].to_pylist() for name in ("mention_id", "brand_id"))
        for name, ids in facet_columns(conn, *keys).items():
            whole = whole.append_column(name, pa.array(ids, pa.list_(pa.string())))
        yield whole


def _rows(conn: Connection, wanted: MentionFilter, size: int) -> Iterator[pa.RecordBatch]:
    statement = columns_statement(conn).order_by(BRAND_MENTION.c.id)
    if replace(wanted, include_deleted=False) == MentionFilter():
        # Along its key: nothing is sorted and no key is read twice.
        yield from record_batches(conn, statement.where(*conditions(conn, wanted)), size)
        return
    # First the keys alone, so that even a sort of all is small.
    for ids in _id_batches(conn, wanted, size):
        here = BRAND_MENTION.c.id.between(ids[0], ids[-1])
        yield all_rows(conn, statement.where(here, among(conn, BRAND_MENTION.c.id, ids)))


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
    """Every row of the history, and how to find what hangs on it."""
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
    return [
        *(MENTION.c[name] for name in _FROM_MENTION),
        MENTION.c.source_type.label("source"),
        MENTION.c.revised_at.label("collected_at"),
        MENTION.c.lang.label("lang_declared"),
        BRAND_MENTION.c.mention_id,
        BRAND_MENTION.c.brand_id,
        BRAND_MENTION.c.published_at,
        BRAND_MENTION.c.query_version,
        BRAND_MENTION.c.matched_term,
        cast(BRAND_MENTION.c.spans, String).label("match_spans"),
        BRAND_MENTION.c.in_title.label("match_in_title"),
        BRAND_MENTION.c.own.label("is_own_account"),
        BRAND.c.slug.label("brand"),
        BRAND.c.name.label("brand_name"),
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
        BRAND_MENTION.c.id.label("row_id"),
        LABEL.c.id.label("label_id"),
        case((named_causes, CORRECTION.c.id)).label("correction_id"),
    ]


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
        func.group_concat(text, literal_column("','"), type_=String)
        if conn.dialect.name == "sqlite"
        else func.string_agg(text, literal_column("','"), type_=String)
    )
    mine = SIGHTING.c.mention_id == BRAND_MENTION.c.mention_id
    return select(joined).where(mine).correlate(BRAND_MENTION).scalar_subquery()


def _source_names(source_ids: pa.StringArray, names: Mapping[int, str]) -> pa.Array:
    """Lists of names, of which a few are shared by all rows."""
    lists = source_ids.dictionary_encode()
    told = [
        [names[id_] for id_ in sorted(map(int, ids.split(",")))]
        for ids in lists.dictionary.to_pylist()
    ]
    shared = pa.array([*told, []], pa.list_(pa.string()))
    return shared.take(pc.fill_null(lists.indices, len(told)))


def _stories(conn: Connection, batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array]:
    """How many living mentions tell each story, and whether this one stands for it."""
    clusters = batch["cluster_id"]
    # A living mention that is alone with its story needs no look at the wide table: most are.
    shared = (
        select(MENTION.c.cluster_id)
        .where(among(conn, MENTION.c.cluster_id, pc.unique(clusters).to_pylist()))
        .group_by(MENTION.c.cluster_id)
        .having(func.count() > 1)
    )
    buried = clusters.filter(batch["deleted_at"].is_valid()).to_pylist()
    told = {*conn.execute(shared).scalars(), *buried}
    counted = (
        select(
            MENTION.c.cluster_id,
            func.count().label("size"),
            func.min(MENTION.c.id).label("first"),
        )
        .where(among(conn, MENTION.c.cluster_id, told), MENTION.c.deleted_at.is_(None))
        .group_by(MENTION.c.cluster_id)
    )
    found = all_rows(conn, counted)
    place = pc.index_in(clusters, found["cluster_id"])
    first = pc.equal(found["first"].take(place), batch["mention_id"])
    return pc.fill_null(found["size"].take(place), 1), pc.fill_null(first, True)


__all__ = ["BATCH", "columns_statement", "mention_batches"]
