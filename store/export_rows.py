"""The labelled history in Arrow columns, thousands of rows at a time: what exports are made of.

`columns_statement` says where each column comes from; what must be looked up for many rows at once
(sources, stories) is added to each batch. Columns have the names that exports give them. Rows
follow each other in the order in which Molva matched them, whatever the filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)

from store.among import among, around
from store.arrow import all_rows, record_batches
from store.facet_rows import Named
from store.facets import facets, named
from store.history import LANG, conditions
from store.interface import MentionFilter
from store.labels import LOW_CONFIDENCE, SAYS_CAUSES, SENTIMENT, effective
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

BATCH = 2_500
"""Rows held at a time: enough for columns to pay, little enough for flat memory."""

_NOTHING = Named()
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
    `label_id` (the label that counts) and `correction_id` (what a person said of causes), or null.
    Read it inside `reading`, and the history does not change under the iteration.
    """
    # These tables are small: their words are put to each row here, not by SQLite or Python.
    brands = all_rows(conn, select(BRAND.c.id, BRAND.c.slug, BRAND.c.name))
    versions = all_rows(
        conn, select(MODEL_VERSION.c.id, MODEL_VERSION.c.model, MODEL_VERSION.c.taxonomy)
    )
    sources = all_rows(conn, select(SOURCE.c.id, SOURCE.c.name))
    has_facets = bool(facets(conn))
    for batch in _rows(conn, wanted, size):
        brand = pc.index_in(batch["brand_id"], brands["id"])
        version = pc.index_in(batch["version_id"], versions["id"])
        sizes, canonical = _stories(conn, batch)
        added = {
            "brand": brands["slug"].take(brand),
            "brand_name": brands["name"].take(brand),
            "model_version": pc.fill_null(versions["model"].take(version), ""),
            "taxonomy_version": pc.fill_null(versions["taxonomy"].take(version), ""),
            "source_instances": _source_names(conn, batch["mention_id"], sources),
            "cluster_size": sizes,
            "is_canonical": canonical,
            **_facets(conn, batch["row_id"], has_facets),
        }
        yield pa.RecordBatch.from_arrays(
            [*batch.columns, *added.values()], [*batch.schema.names, *added]
        )


def _rows(conn: Connection, wanted: MentionFilter, size: int) -> Iterator[pa.RecordBatch]:
    statement = columns_statement().order_by(BRAND_MENTION.c.id)
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


def columns_statement() -> Select[Any]:
    """Every row of the history, and how to find what hangs on it."""
    return effective(*_columns()).join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)


def _columns() -> list[ColumnElement[Any]]:
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
        _said_by().label("label_source"),
        CORRECTION.c.corrected_at,
        func.coalesce(cast(LABEL.c.others, String), "[]").label("other_brands"),
        func.coalesce(sequence.scalar_subquery(), 0).label("sequence"),
        _told_elsewhere().label("told_elsewhere"),
        BRAND_MENTION.c.id.label("row_id"),
        LABEL.c.id.label("label_id"),
        LABEL.c.version_id,
        case((SAYS_CAUSES, CORRECTION.c.id)).label("correction_id"),
    ]


def _said_by() -> ColumnElement[str]:
    by_person = or_(CORRECTION.c.sentiment.is_not(None), SAYS_CAUSES)
    return case((by_person, "person"), (LABEL.c.id.is_(None), ""), else_="model")


def _previous() -> ColumnElement[Any]:
    """What counted before: the model's word where a person spoke, else the label before this."""
    older, before = LABEL.alias("older"), LABEL.alias("before")
    # Its number alone is found in an index; most rows have none, and no label is read for them.
    last = select(func.max(older.c.id)).where(
        older.c.mention_id == BRAND_MENTION.c.mention_id,
        older.c.brand_id == BRAND_MENTION.c.brand_id,
        older.c.id < LABEL.c.id,
    )
    number = last.correlate(BRAND_MENTION, LABEL).scalar_subquery()
    said = select(before.c.sentiment).where(before.c.id == number).scalar_subquery()
    return case((CORRECTION.c.sentiment.is_not(None), LABEL.c.sentiment), else_=said)


def _told_elsewhere() -> ColumnElement[bool]:
    """Whether another mention tells the same story, living or not; an index knows."""
    other = MENTION.alias("other")
    return exists().where(other.c.cluster_id == MENTION.c.cluster_id, other.c.id != MENTION.c.id)


def _source_names(
    conn: Connection, mention_ids: pa.Int64Array, sources: pa.RecordBatch
) -> pa.ListArray:
    """The names of the sources that each mention was seen through."""
    seen = (
        select(SIGHTING.c.mention_id, SIGHTING.c.source_id)
        .where(around(conn, SIGHTING.c.mention_id, mention_ids.to_pylist()))
        .order_by(SIGHTING.c.mention_id, SIGHTING.c.source_id)
    )
    found = all_rows(conn, seen)
    ids, starts = np.unique(found["mention_id"].to_numpy(), return_index=True)
    # One list more, empty: for a mention without sightings.
    offsets = pa.array([*starts, len(found), len(found)], pa.int32())
    names = sources["name"].take(pc.index_in(found["source_id"], sources["id"]))
    place = pc.index_in(mention_ids, pa.array(ids))
    return pa.ListArray.from_arrays(offsets, names).take(pc.fill_null(place, len(ids)))


def _facets(conn: Connection, row_ids: pa.Int64Array, configured: bool) -> dict[str, pa.Array]:
    """The ids of products and places that each row speaks of, and of its author's places."""
    kind = pa.list_(pa.string())
    ids = row_ids.to_pylist()
    found = named(conn, ids) if configured else {}
    own = [found.get(row_id, _NOTHING) for row_id in ids]
    return {
        name: pa.array([getattr(one, name) for one in own], kind)
        for name in ("products", "places", "author_places")
    }


def _stories(conn: Connection, batch: pa.RecordBatch) -> tuple[pa.Array, pa.Array]:
    """How many living mentions tell each story, and whether this one stands for it."""
    clusters = batch["cluster_id"]
    # A living mention that is alone with its story needs no look at the wide table: most are.
    looked_up = pc.or_(batch["told_elsewhere"], batch["deleted_at"].is_valid())
    told = pc.unique(clusters.filter(looked_up)).to_pylist()
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
