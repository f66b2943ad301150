"""What hangs on the rows of an export: causes, intents, every label there was, tombstones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from store.among import among
from store.export_rows import BATCH, MentionBatch, Raw
from store.history import conditions
from store.interface import MentionFilter
from store.labels import effective
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

CAUSE_FIELDS = (
    *("cause_id", "polarity", "probability", "evidence_text", "evidence_start", "evidence_end"),
    *("journey_stage", "expectation", "severity"),
)
INTENT_FIELDS = (
    *("intent", "probability", "switched_to", "evidence_text", "evidence_start", "evidence_end"),
)
_CAUSES = (
    CAUSE_LINK.c.label_id,
    CAUSE_LINK.c.cause,
    CAUSE_LINK.c.polarity,
    CAUSE_LINK.c.probability,
    CAUSE_LINK.c.evidence,
    CAUSE_LINK.c.evidence_start,
    CAUSE_LINK.c.evidence_end,
    CAUSE_LINK.c.stage,
    CAUSE_LINK.c.expectation,
    CAUSE_LINK.c.severity,
)
_INTENTS = (
    INTENT_LINK.c.label_id,
    INTENT_LINK.c.intent,
    INTENT_LINK.c.probability,
    INTENT_LINK.c.rival,
    INTENT_LINK.c.evidence,
    INTENT_LINK.c.evidence_start,
    INTENT_LINK.c.evidence_end,
)
Child = tuple[Any, ...]
"""The place of its row in the batch, then the fields in their order."""


def causes_of(conn: Connection, batch: MentionBatch) -> list[Child]:
    """The causes that count for each row, in the order of the rows (`CAUSE_FIELDS`).

    Those that a person named keep the model's evidence, and are certain.
    """
    places = _places(batch)
    found = conn.execute(
        select(*_CAUSES).where(among(conn, CAUSE_LINK.c.label_id, places)).order_by(CAUSE_LINK.c.id)
    ).all()
    by_model = [(places[row[0]], *row[1:]) for row in found]
    named = {place for place, id_ in enumerate(batch.correction_ids) if id_ is not None}
    if named:
        seen = {(row[0], row[1]): row for row in by_model}
        by_model = [row for row in by_model if row[0] not in named]
        by_model += _named_causes(conn, batch, seen)
    by_model.sort(key=lambda row: row[0])
    return by_model


def _named_causes(
    conn: Connection, batch: MentionBatch, seen: dict[tuple[int, str], Child]
) -> Iterator[Child]:
    places = {id_: place for place, id_ in enumerate(batch.correction_ids) if id_ is not None}
    said = select(CORRECTION_CAUSE).where(among(conn, CORRECTION_CAUSE.c.correction_id, places))
    for row in conn.execute(said.order_by(CORRECTION_CAUSE.c.id)):
        place = places[row.correction_id]
        bare = (place, row.cause, row.polarity, 1.0, "", 0, 0, None, None, None)
        found = seen.get((place, row.cause), bare)
        yield (*found[:3], 1.0, *found[4:])


def intents_of(conn: Connection, batch: MentionBatch) -> list[Child]:
    """The intents of each row, in the order of the rows (`INTENT_FIELDS`)."""
    places = _places(batch)
    links = select(*_INTENTS).where(among(conn, INTENT_LINK.c.label_id, places))
    found = [
        (places[row[0]], *row[1:]) for row in conn.execute(links.order_by(INTENT_LINK.c.id)).all()
    ]
    found.sort(key=lambda row: row[0])
    return found


def _places(batch: MentionBatch) -> dict[int, int]:
    return {id_: place for place, id_ in enumerate(batch.label_ids) if id_ is not None}


def labels_of(conn: Connection, batch: MentionBatch) -> Raw:
    """Every label any version ever made of these rows, every revision, and people's words."""
    mentions = set(batch.columns["mention_id"])
    pairs = set(zip(batch.columns["mention_id"], batch.columns["brand_id"], strict=True))
    made = (
        select(
            LABEL.c.mention_id,
            LABEL.c.brand_id,
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
            LABEL.c.id.label("label_number"),
        )
        .join(MODEL_VERSION, MODEL_VERSION.c.id == LABEL.c.version_id)
        .join(BRAND, BRAND.c.id == LABEL.c.brand_id)
        .where(among(conn, LABEL.c.mention_id, mentions))
    )
    nothing = null()
    said = (
        select(
            CORRECTION.c.mention_id,
            CORRECTION.c.brand_id,
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
            cast(nothing, LABEL.c.id.type),
        )
        .join(BRAND, BRAND.c.id == CORRECTION.c.brand_id)
        .where(among(conn, CORRECTION.c.mention_id, mentions))
    )
    rows = [
        row
        for row in conn.execute(_bare(union_all(made, said).subquery("history")))
        if (row[0], row[1]) in pairs
    ]
    rows.sort(key=lambda row: (row[0], row[1], row.label_number is None, row.label_number))
    return _columns(_LABEL_COLUMNS, rows)


_LABEL_COLUMNS = (
    *("mention_id", "brand_id", "brand", "revision", "label_source", "sentiment", "p_negative"),
    *("p_neutral", "p_positive", "low_confidence", "lang", "model_version", "taxonomy_version"),
    *("labelled_at", "label_number"),
)
TOMBSTONE_COLUMNS = (
    *("mention_id", "brand", "source", "scope", "native_id", "deleted_at", "reason", "sequence"),
)


def tombstones(conn: Connection, wanted: MentionFilter, size: int = BATCH) -> Iterator[Raw]:
    """What a reader of earlier exports must drop, by `(mention_id, brand)`.

    Deleted mentions (`deleted`, `expired` or `forgotten`); mentions edited until the brand's query
    no longer found them (`no_longer_matches`); and, in an export of changes, those that no longer
    pass the filter (`no_longer_passes`).
    """
    statement = union_all(*_tombstones(conn, wanted)).subquery("tombstone")
    rows = conn.execute(_bare(statement).order_by(statement.c.mention_id, statement.c.brand))
    for part in rows.partitions(size):
        yield _columns(TOMBSTONE_COLUMNS, part)


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


def _bare(source: Any) -> Select[Any]:
    """All columns as the database gives them, times too."""
    plain = [
        type_coerce(column, String).label(column.name) if hasattr(column.type, "impl") else column
        for column in source.c
    ]
    return select(*plain)


def _columns(names: Sequence[str], rows: Sequence[Any]) -> Raw:
    columns = zip(*(tuple(row) for row in rows), strict=True) if rows else [()] * len(names)
    return dict(zip(names, columns, strict=True))


__all__ = [
    "CAUSE_FIELDS",
    "INTENT_FIELDS",
    "TOMBSTONE_COLUMNS",
    "Child",
    "causes_of",
    "intents_of",
    "labels_of",
    "tombstones",
]
