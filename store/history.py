"""The labelled history, mention by mention: what exports and reports read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from store.facet_rows import Named
from store.facets import named, speaks_of
from store.interface import CauseRow, IntentRow, LabelledMention, MentionFilter
from store.labels import LOW_CONFIDENCE, SAYS_CAUSES, SENTIMENT, effective, spoken_of
from store.search import matching
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
    SIGHTING,
    SOURCE,
)

PAGE = 500
"""Mentions read at a time; memory does not grow with the history."""

_COPIED = (
    *("scope", "native_id", "source_type", "kind", "title", "text", "url", "canonical_url", "site"),
    *("author_id", "author_handle", "author_name", "author_followers", "likes", "comments"),
    *("shares", "views", "rating", "rating_scale", "parent_id", "thread_id", "first_seen_at"),
    *("edited_at", "deleted_at", "terms", "content_hash", "cluster_id", "revision"),
    *("author_verified", "author_created_at", "author_location"),
)
_AnyRow = Row[*tuple[Any, ...]]


def labelled_mentions(
    conn: Connection,
    filter: MentionFilter,  # noqa: A002 - the contract's name
    *,
    limit: int | None = None,
    newest_first: bool = False,
) -> Iterator[LabelledMention]:
    """Every mention towards every brand that the filter lets through, by time of publication.

    Read it inside `reading`, and the history does not change under the iteration.
    """
    key = (BRAND_MENTION.c.published_at, BRAND_MENTION.c.mention_id, BRAND_MENTION.c.brand_id)
    order = [column.desc() for column in key] if newest_first else list(key)
    statement = _wanted(conn, filter, *_columns()).order_by(*order)
    left = limit
    last: tuple[Any, ...] | None = None
    while left is None or left > 0:
        page = statement.limit(PAGE if left is None else min(PAGE, left))
        if last is not None:
            after = tuple_(*key) < last if newest_first else tuple_(*key) > last
            page = page.where(after)
        rows = conn.execute(page).all()
        if not rows:
            return
        yield from _mentions(conn, rows)
        last = (rows[-1].published_at, rows[-1].mention_id, rows[-1].brand_id)
        left = None if left is None else left - len(rows)


def mentions_by_id(conn: Connection, brand_id: int, ids: Sequence[int]) -> list[LabelledMention]:
    """Some mentions towards one brand, in the order of the ids given; unknown ones left out."""
    found: dict[int, LabelledMention] = {}
    for start in range(0, len(ids), PAGE):
        chosen = BRAND_MENTION.c.mention_id.in_(ids[start : start + PAGE])
        wanted = _wanted(conn, MentionFilter(brand_id=brand_id), *_columns()).where(chosen)
        found |= {row.mention_id: row for row in _mentions(conn, conn.execute(wanted).all())}
    return [found[mention_id] for mention_id in ids if mention_id in found]


def count_mentions(conn: Connection, filter: MentionFilter) -> int:  # noqa: A002
    """How many rows `labelled_mentions` gives for a filter."""
    counted = _wanted(conn, filter, func.count().label("mentions"))
    return int(conn.execute(counted).scalar_one())


def first_by_source(conn: Connection, brand_id: int) -> dict[str, datetime]:
    """When the oldest kept mention of a brand was published, by type of source."""
    oldest = (
        select(MENTION.c.source_type, func.min(BRAND_MENTION.c.published_at))
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(BRAND_MENTION.c.brand_id == brand_id)
        .group_by(MENTION.c.source_type)
    )
    return {str(row[0]): row[1] for row in conn.execute(oldest)}


def last_sequence(conn: Connection) -> int:
    """The number of the latest change; `after_sequence` of the next incremental export."""
    return int(conn.execute(select(func.coalesce(func.max(CHANGE.c.id), 0))).scalar_one())


def _wanted(
    conn: Connection,
    wanted: MentionFilter,
    *columns: ColumnElement[Any],
) -> Select[Any]:
    statement = (
        effective(*columns)
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .outerjoin(MODEL_VERSION, MODEL_VERSION.c.id == LABEL.c.version_id)
    )
    return statement.where(*conditions(conn, wanted))


def conditions(conn: Connection, wanted: MentionFilter) -> Iterator[ColumnElement[bool]]:
    """What a filter asks of the rows of `effective` joined with their mention."""
    at = BRAND_MENTION.c.published_at
    simple: list[tuple[Any, Callable[[Any], ColumnElement[bool]]]] = [
        (wanted.brand_id, lambda value: BRAND_MENTION.c.brand_id == value),
        (wanted.mention_id, lambda value: BRAND_MENTION.c.mention_id == value),
        (wanted.since, lambda value: at >= value),
        (wanted.until, lambda value: at < value),
        (wanted.source_type, lambda value: MENTION.c.source_type == value),
        (wanted.source_types, MENTION.c.source_type.in_),
        (wanted.lang, lambda value: value == LANG),
        (wanted.sentiment, lambda value: value == SENTIMENT),
        (wanted.cause, _names),
        (wanted.product, lambda value: speaks_of("product", value)),
        (wanted.place, lambda value: speaks_of("place", value)),
        (wanted.own, BRAND_MENTION.c.own.is_),
        (wanted.after_sequence, _changed_after),
    ]
    yield from (condition(value) for value, condition in simple if value is not None)
    if wanted.text is not None:
        found = matching(conn, wanted.text).subquery("found")
        yield MENTION.c.id.in_(select(found.c.id))
    if not wanted.include_deleted:
        yield BRAND_MENTION.c.deleted.is_(False)


def _changed_after(sequence: int) -> ColumnElement[bool]:
    changed = select(CHANGE.c.mention_id).where(CHANGE.c.id > sequence)
    return MENTION.c.id.in_(changed)


LANG: ColumnElement[Any] = func.coalesce(LABEL.c.lang, MENTION.c.lang)
"""The language the model found in a text, else the declared one."""

_HAS_CAUSES: ColumnElement[bool] = func.coalesce(CORRECTION.c.has_causes, literal(False))


def _names(cause: str) -> ColumnElement[bool]:
    """Whether the causes that count for a mention hold this one."""
    by_model = exists().where(CAUSE_LINK.c.label_id == LABEL.c.id, CAUSE_LINK.c.cause == cause)
    said = spoken_of(CORRECTION.c.id, cause)
    by_person = exists().where(
        CORRECTION_CAUSE.c.correction_id == CORRECTION.c.id,
        CORRECTION_CAUSE.c.cause == cause,
        CORRECTION_CAUSE.c.applies,
    )
    return or_(by_person, and_(~_HAS_CAUSES, ~said, by_model))


def _columns() -> list[ColumnElement[Any]]:
    sequence = select(func.max(CHANGE.c.id)).where(CHANGE.c.mention_id == MENTION.c.id)
    return [
        *(MENTION.c[name] for name in _COPIED),
        BRAND_MENTION.c.id.label("row_id"),
        BRAND_MENTION.c.own.label("is_own_account"),
        BRAND_MENTION.c.mention_id,
        BRAND_MENTION.c.brand_id,
        BRAND_MENTION.c.published_at,
        BRAND_MENTION.c.query_version,
        BRAND_MENTION.c.matched_term,
        BRAND_MENTION.c.spans,
        BRAND.c.slug.label("brand"),
        BRAND.c.name.label("brand_name"),
        LABEL.c.id.label("label_id"),
        LANG.label("lang"),
        LABEL.c.lang_confidence,
        LABEL.c.labelled_at,
        SENTIMENT.label("sentiment"),
        func.coalesce(LABEL.c.sentiment, "unlabelled").label("model_sentiment"),
        LABEL.c.p_negative,
        LABEL.c.p_neutral,
        LABEL.c.p_positive,
        LOW_CONFIDENCE.label("low_confidence"),
        func.coalesce(MODEL_VERSION.c.model, "").label("model_version"),
        func.coalesce(MODEL_VERSION.c.taxonomy, "").label("taxonomy_version"),
        CORRECTION.c.id.label("correction_id"),
        CORRECTION.c.sentiment.label("corrected_sentiment"),
        CORRECTION.c.corrected_at,
        _HAS_CAUSES.label("has_causes"),
        SAYS_CAUSES.label("says_causes"),
        func.coalesce(sequence.scalar_subquery(), 0).label("sequence"),
    ]


_SAME = (
    *_COPIED,
    *("mention_id", "brand_id", "published_at", "query_version", "matched_term", "brand"),
    *("brand_name", "lang", "lang_confidence", "labelled_at", "sentiment", "model_sentiment"),
    *("p_negative", "p_neutral", "p_positive", "model_version", "taxonomy_version"),
    *("corrected_at", "sequence", "is_own_account"),
)


def _mentions(conn: Connection, rows: Sequence[_AnyRow]) -> Iterator[LabelledMention]:
    names = _source_names(conn, {row.mention_id for row in rows})
    clusters = _clusters(conn, {row.cluster_id for row in rows})
    causes, intents = _causes(conn, rows), _intents(conn, rows)
    spoken_of, nothing = named(conn, {row.row_id for row in rows}), Named()
    for row in rows:
        facets = spoken_of.get(row.row_id, nothing)
        size, canonical = clusters.get(row.cluster_id, (1, row.mention_id))
        values = {name: getattr(row, name) for name in _SAME}
        yield LabelledMention(
            **values,
            match_spans=tuple((start, end) for start, end in row.spans),
            source_names=names.get(row.mention_id, ()),
            is_canonical=canonical == row.mention_id,
            cluster_size=size,
            label_source=_label_source(row),
            low_confidence=bool(row.low_confidence),
            causes=causes[row.mention_id, row.brand_id],
            intents=intents[row.mention_id, row.brand_id],
            products=facets.products,
            places=facets.places,
            author_places=facets.author_places,
        )


def _label_source(row: _AnyRow) -> str:
    """Who the sentiment or the causes come from: `person`, `model`, or nobody yet."""
    if row.corrected_sentiment is not None or row.says_causes:
        return "person"
    return "" if row.label_id is None else "model"


def _source_names(conn: Connection, ids: set[int]) -> dict[int, tuple[str, ...]]:
    seen = (
        select(SIGHTING.c.mention_id, SOURCE.c.name)
        .join_from(SIGHTING, SOURCE, SOURCE.c.id == SIGHTING.c.source_id)
        .where(SIGHTING.c.mention_id.in_(ids))
        .order_by(SIGHTING.c.id)
    )
    names: dict[int, tuple[str, ...]] = {}
    for mention_id, name in conn.execute(seen):
        names[mention_id] = (*names.get(mention_id, ()), name)
    return names


def _clusters(conn: Connection, ids: set[int]) -> dict[int, tuple[int, int]]:
    """How many living mentions tell a story, and which one the store saw first."""
    counted = (
        select(MENTION.c.cluster_id, func.count(), func.min(MENTION.c.id))
        .where(MENTION.c.cluster_id.in_(ids), MENTION.c.deleted_at.is_(None))
        .group_by(MENTION.c.cluster_id)
    )
    return {cluster: (int(size), int(first)) for cluster, size, first in conn.execute(counted)}


def _causes(
    conn: Connection, rows: Sequence[_AnyRow]
) -> dict[tuple[int, int], tuple[CauseRow, ...]]:
    """The causes that count for each row; those a person named keep the model's evidence."""
    found: defaultdict[tuple[int, int], tuple[CauseRow, ...]] = defaultdict(tuple)
    seen: dict[tuple[int, str], CauseRow] = {}
    said = _said(conn, {row.correction_id for row in rows if row.says_causes})
    by_label = {row.label_id: row for row in rows}
    links = select(CAUSE_LINK).where(CAUSE_LINK.c.label_id.in_(by_label)).order_by(CAUSE_LINK.c.id)
    for link in conn.execute(links):
        row = by_label[link.label_id]
        if any(own.cause == link.cause for own in said[row.correction_id]):
            seen[row.correction_id, link.cause] = cause_row(link)
        elif not row.has_causes:
            found[row.mention_id, row.brand_id] += (cause_row(link),)
    for row in rows:
        for own in said[row.correction_id]:
            if own.applies:
                bare = CauseRow(own.cause, own.polarity, 1.0, "", 0, 0)
                known = seen.get((row.correction_id, own.cause), bare)
                found[row.mention_id, row.brand_id] += (replace(known, probability=1.0),)
    return found


def _said(conn: Connection, ids: set[int]) -> defaultdict[int | None, list[_AnyRow]]:
    """What people said of causes, by their correction."""
    said: defaultdict[int | None, list[_AnyRow]] = defaultdict(list)
    statement = select(CORRECTION_CAUSE).where(CORRECTION_CAUSE.c.correction_id.in_(ids))
    for row in conn.execute(statement.order_by(CORRECTION_CAUSE.c.id)):
        said[row.correction_id].append(row)
    return said


def cause_row(link: _AnyRow) -> CauseRow:
    """A row of `cause_link` as others see it."""
    return CauseRow(
        cause=link.cause,
        polarity=link.polarity,
        probability=link.probability,
        evidence=link.evidence,
        start=link.evidence_start,
        end=link.evidence_end,
        stage=link.stage,
        expectation=link.expectation,
        severity=link.severity,
    )


def _intents(
    conn: Connection, rows: Sequence[_AnyRow]
) -> dict[tuple[int, int], tuple[IntentRow, ...]]:
    found: defaultdict[tuple[int, int], tuple[IntentRow, ...]] = defaultdict(tuple)
    by_label = {row.label_id: (row.mention_id, row.brand_id) for row in rows}
    links = select(INTENT_LINK).where(INTENT_LINK.c.label_id.in_(by_label))
    for link in conn.execute(links.order_by(INTENT_LINK.c.id)):
        found[by_label[link.label_id]] += (
            IntentRow(
                intent=link.intent,
                probability=link.probability,
                evidence=link.evidence,
                start=link.evidence_start,
                end=link.evidence_end,
                rival=link.rival,
            ),
        )
    return found
