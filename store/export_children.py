"""What hangs on the rows of an export: causes, intents, every label there was, tombstones.

Columns have the names that exports give them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)

from store.among import among, around
from store.arrow import all_rows, record_batches
from store.export_rows import BATCH
from store.history import conditions
from store.interface import MentionFilter
from store.labels import effective, spoken_of
from store.tables import (
    BRAND,
    BRAND_MENTION,
    CAUSE_LINK,
    CHANGE,
    CORRECTION,
    CORRECTION_CAUSE,
    INTENT_LINK,
    LABEL,
    MENTION,
    MODEL_VERSION,
)

_CAUSE = (
    CAUSE_LINK.c.cause.label("cause_id"),
    CAUSE_LINK.c.polarity,
    CAUSE_LINK.c.probability,
    CAUSE_LINK.c.evidence.label("evidence_text"),
    CAUSE_LINK.c.evidence_start,
    CAUSE_LINK.c.evidence_end,
    CAUSE_LINK.c.stage.label("journey_stage"),
    CAUSE_LINK.c.expectation,
    CAUSE_LINK.c.severity,
)
_NAMED_CAUSE = (
    CORRECTION_CAUSE.c.cause.label("cause_id"),
    func.coalesce(CAUSE_LINK.c.polarity, CORRECTION_CAUSE.c.polarity).label("polarity"),
    literal(1.0).label("probability"),
    func.coalesce(CAUSE_LINK.c.evidence, "").label("evidence_text"),
    func.coalesce(CAUSE_LINK.c.evidence_start, 0).label("evidence_start"),
    func.coalesce(CAUSE_LINK.c.evidence_end, 0).label("evidence_end"),
    *_CAUSE[-3:],
)
_BY_MODEL = literal(0).label("said")
_INTENT = (
    INTENT_LINK.c.intent,
    INTENT_LINK.c.probability,
    INTENT_LINK.c.rival.label("switched_to"),
    INTENT_LINK.c.evidence.label("evidence_text"),
    INTENT_LINK.c.evidence_start,
    INTENT_LINK.c.evidence_end,
)


_ORDER = [("place", "ascending"), ("id", "ascending")]
_MODELS_FIRST = [("place", "ascending"), ("said", "ascending"), ("id", "ascending")]


def causes_of(conn: Connection, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The causes that count for each row of a batch, in the order of its rows.

    `place` is the row. Causes that a person named keep the model's evidence, and are certain.
    """
    by_person = batch["correction_id"].is_valid()
    labels = pc.if_else(by_person, None, batch["label_id"])
    links = select(*_CAUSE, CAUSE_LINK.c.label_id.label("key"), CAUSE_LINK.c.id, _BY_MODEL)
    parts = [_hung(conn, links, CAUSE_LINK.c.label_id, labels)]
    if pc.any(by_person).as_py():
        rows = pc.if_else(by_person, batch["row_id"], None)
        parts += [_hung(conn, some, BRAND_MENTION.c.id, rows) for some in (_left(), _named())]
    return pa.concat_batches(parts).sort_by(_MODELS_FIRST)


def _left() -> Select[Any]:
    """The model's causes of which people, who changed others, said nothing."""
    return (
        effective(*_CAUSE, BRAND_MENTION.c.id.label("key"), CAUSE_LINK.c.id, _BY_MODEL)
        .join(CAUSE_LINK, CAUSE_LINK.c.label_id == LABEL.c.id)
        .where(
            CORRECTION.c.has_causes.is_(False),
            ~spoken_of(CORRECTION.c.id, CAUSE_LINK.c.cause),
        )
    )


def _named() -> Select[Any]:
    """The causes that people named, beside what the model said of the same."""
    same = and_(CAUSE_LINK.c.label_id == LABEL.c.id, CAUSE_LINK.c.cause == CORRECTION_CAUSE.c.cause)
    last = select(func.max(CAUSE_LINK.c.id)).where(same).correlate(LABEL, CORRECTION_CAUSE)
    return (
        effective(
            *_NAMED_CAUSE,
            BRAND_MENTION.c.id.label("key"),
            CORRECTION_CAUSE.c.id,
            literal(1).label("said"),
        )
        .join(CORRECTION_CAUSE, CORRECTION_CAUSE.c.correction_id == CORRECTION.c.id)
        .outerjoin(CAUSE_LINK, CAUSE_LINK.c.id == last.scalar_subquery())
        .where(CORRECTION_CAUSE.c.applies)
    )


def intents_of(conn: Connection, batch: pa.RecordBatch) -> pa.RecordBatch:
    """The intents of each row of a batch, in the order of its rows; `place` is the row."""
    links = select(*_INTENT, INTENT_LINK.c.label_id.label("key"), INTENT_LINK.c.id)
    return _hung(conn, links, INTENT_LINK.c.label_id, batch["label_id"]).sort_by(_ORDER)


def _hung(
    conn: Connection, children: Select[Any], column: ColumnElement[int], keys: pa.Array
) -> pa.RecordBatch:
    """Children whose `column` is one of the known keys, and the `place` of each among them."""
    found = all_rows(conn, children.where(around(conn, column, keys.drop_null().to_pylist())))
    places = pc.index_in(found["key"], keys)
    return found.drop_columns("key").append_column("place", places).filter(places.is_valid())


def labels_of(conn: Connection, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Every label any version ever made of these rows, every revision, and people's words."""
    rows = batch["row_id"].to_pylist()
    made, said = (
        each.where(among(conn, BRAND_MENTION.c.id, rows)) for each in (_by_models(), _by_people())
    )
    history = union_all(made, said).subquery("history")
    shown = [column for column in history.c if column.name not in {"brand_id", "label_number"}]
    number = history.c.label_number
    order = (history.c.mention_id, history.c.brand_id, number.is_(None), number)
    return all_rows(conn, select(*shown).order_by(*order))


def _by_models() -> Select[Any]:
    return (
        select(
            BRAND_MENTION.c.mention_id,
            BRAND.c.slug.label("brand"),
            LABEL.c.revision,
            literal("model").label("label_source"),
            LABEL.c.sentiment,
            LABEL.c.p_negative,
            LABEL.c.p_neutral,
            LABEL.c.p_positive,
            LABEL.c.low_confidence,
            LABEL.c.lang,
            MODEL_VERSION.c.model.label("model_version"),
            MODEL_VERSION.c.taxonomy.label("taxonomy_version"),
            LABEL.c.labelled_at,
            BRAND_MENTION.c.brand_id,
            LABEL.c.id.label("label_number"),
        )
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .join(LABEL, _of_row(LABEL))
        .join(MODEL_VERSION, MODEL_VERSION.c.id == LABEL.c.version_id)
    )


def _by_people() -> Select[Any]:
    """The same columns, as far as people fill them."""
    nothing = null()
    return (
        select(
            BRAND_MENTION.c.mention_id,
            BRAND.c.slug,
            cast(nothing, LABEL.c.revision.type),
            literal("person"),
            CORRECTION.c.sentiment,
            *(cast(nothing, LABEL.c.p_negative.type) for _ in range(3)),
            cast(nothing, Boolean),
            cast(nothing, LABEL.c.lang.type),
            literal(""),
            literal(""),
            CORRECTION.c.corrected_at,
            BRAND_MENTION.c.brand_id,
            cast(nothing, LABEL.c.id.type),
        )
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .join(CORRECTION, _of_row(CORRECTION))
    )


def _of_row(table: Table) -> ColumnElement[bool]:
    return and_(
        table.c.mention_id == BRAND_MENTION.c.mention_id,
        table.c.brand_id == BRAND_MENTION.c.brand_id,
    )


def tombstones(
    conn: Connection, wanted: MentionFilter, size: int = BATCH
) -> Iterator[pa.RecordBatch]:
    """What a reader of earlier exports must drop, by `(mention_id, brand)`.

    Deleted mentions (`deleted`, `expired` or `forgotten`); mentions edited until the brand's query
    no longer found them (`no_longer_matches`); and, in an export of changes, those that no longer
    pass the filter (`no_longer_passes`).
    """
    found = union_all(*_tombstones(conn, wanted)).subquery("tombstone")
    statement = select(*found.c).order_by(found.c.mention_id, found.c.brand)
    return record_batches(conn, statement, size)


def _tombstones(conn: Connection, wanted: MentionFilter) -> Iterator[Select[Any]]:
    place = list(conditions(conn, _place(wanted)))
    last = select(func.max(CHANGE.c.id)).where(CHANGE.c.mention_id == MENTION.c.id)
    why = (
        select(CHANGE.c.action)
        .where(CHANGE.c.mention_id == MENTION.c.id)
        .order_by(CHANGE.c.id.desc())
        .limit(1)
    )
    base = (MENTION.c.id.label("mention_id"), BRAND.c.slug.label("brand"))
    more = (
        MENTION.c.source_type.label("source"),
        MENTION.c.scope,
        MENTION.c.native_id,
        MENTION.c.deleted_at,
    )
    sequence = func.coalesce(last.scalar_subquery(), 0).label("sequence")

    def row(reason: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
        return (*base, *more, reason.label("reason"), sequence)

    living = BRAND_MENTION.c.deleted.is_(False)
    own = select(*row(why.scalar_subquery())).select_from(BRAND_MENTION)
    own = own.join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
    yield own.join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id).where(~living, *place)
    yield _unmatched(row(literal("no_longer_matches")), wanted)
    if wanted.after_sequence is not None and wanted != _place(wanted):
        passing = (
            effective(BRAND_MENTION.c.id)
            .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
            .where(*conditions(conn, wanted))
        )
        gone = select(*row(literal("no_longer_passes"))).select_from(BRAND_MENTION)
        gone = gone.join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        yield gone.join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id).where(
            living, *place, BRAND_MENTION.c.id.not_in(passing)
        )


def _place(wanted: MentionFilter) -> MentionFilter:
    """The filter without what a mention says: that may have changed, or be gone."""
    return MentionFilter(
        brand_id=wanted.brand_id,
        mention_id=wanted.mention_id,
        since=wanted.since,
        until=wanted.until,
        source_type=wanted.source_type,
        after_sequence=wanted.after_sequence,
        include_deleted=True,
    )


def _unmatched(columns: Sequence[ColumnElement[Any]], wanted: MentionFilter) -> Select[Any]:
    """Mentions with labels towards a brand that they no longer speak of."""
    labelled = select(LABEL.c.mention_id, LABEL.c.brand_id).distinct().subquery("labelled")
    there = exists().where(
        BRAND_MENTION.c.mention_id == labelled.c.mention_id,
        BRAND_MENTION.c.brand_id == labelled.c.brand_id,
    )
    statement = (
        select(*columns)
        .select_from(labelled)
        .join(MENTION, MENTION.c.id == labelled.c.mention_id)
        .join(BRAND, BRAND.c.id == labelled.c.brand_id)
        .where(~there)
    )
    asked = (
        (wanted.brand_id, lambda value: labelled.c.brand_id == value),
        (wanted.mention_id, lambda value: MENTION.c.id == value),
        (wanted.since, lambda value: MENTION.c.published_at >= value),
        (wanted.until, lambda value: MENTION.c.published_at < value),
        (wanted.source_type, lambda value: MENTION.c.source_type == value),
        (
            wanted.after_sequence,
            lambda value: MENTION.c.id.in_(select(CHANGE.c.mention_id).where(CHANGE.c.id > value)),
        ),
    )
    return statement.where(
        and_(True, *(condition(value) for value, condition in asked if value is not None))
    )


__all__ = ["causes_of", "intents_of", "labels_of", "tombstones"]
