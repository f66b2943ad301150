"""Counts of one brand in an interval: what digests and alerts are made of.

A story (cluster) counts once in an interval, however many mentions tell it, with the sentiment and
the causes of its first mention in that interval; one that comes back next month counts again next
month. Deleted mentions are not counted, nor are those that the brand's own accounts wrote. The
sentiment is the one that counts (`store.labels.effective`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    union,
)

from store.facet_tables import FACET_LINK
from store.interface import CauseCount, Totals
from store.labels import LOW_CONFIDENCE, SENTIMENT, effective, spoken_of
from store.tables import (
    BRAND_MENTION,
    CAUSE_LINK,
    CORRECTION,
    CORRECTION_CAUSE,
    INTENT_LINK,
    LABEL,
    MENTION,
)

_SOURCES = "source_types"
_SENTIMENTS = ("negative", "neutral", "positive", "unscored")
_SENTIMENT = SENTIMENT.label("sentiment")
_AUTHOR = (BRAND_MENTION.c.author_key, BRAND_MENTION.c.followers)
_SCORED = (*_AUTHOR, _SENTIMENT, LOW_CONFIDENCE.label("low_confidence"))
_EXPLAINED = (
    *_AUTHOR,
    BRAND_MENTION.c.mention_id,
    _SENTIMENT,
    LABEL.c.id.label("label_id"),
    CORRECTION.c.id.label("correction_id"),
    func.coalesce(CORRECTION.c.has_causes, literal(False)).label("has_causes"),
)


def totals(conn: Connection, brand_id: int, start: datetime, end: datetime) -> Totals:
    """The counts of one brand in `[start, end)`."""
    row = conn.execute(_count(), interval_values(brand_id, start, end)).one()
    return Totals(start, end, **{name: int(count or 0) for name, count in row._mapping.items()})


def cause_counts(
    conn: Connection,
    brand_id: int,
    start: datetime,
    end: datetime,
    facet_ids: Sequence[int] = (),
    source_types: Sequence[str] = (),
) -> list[CauseCount]:
    """How many stories in `[start, end)` name each cause and driver, the most frequent first.

    With facets only the mentions that speak of all of them are looked at, with types of sources
    only those from one of these.

    Causes are counted in negative stories, drivers in positive ones, unless a person named them.
    A story that names a cause twice counts once; `reach` sums each author's followers once.
    """
    values = cause_values(brand_id, (start, end), facet_ids, source_types)
    rows = conn.execute(_causes(len(facet_ids), bool(source_types)), values)
    counts = [
        CauseCount(row.cause, row.polarity, int(row.mentions), int(row.reach)) for row in rows
    ]
    return sorted(counts, key=lambda count: (-count.mentions, -count.reach, count.cause))


def intent_counts(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> dict[str, int]:
    """How many stories in `[start, end)` say each intent."""
    rows = conn.execute(_intents(), interval_values(brand_id, start, end))
    return {intent: int(count) for intent, count in rows}


def interval_values(brand_id: int, start: datetime, end: datetime) -> dict[str, Any]:
    """The parameters of every statement here; each statement is built once, as that is slow."""
    return {"brand": brand_id, "start": start, "end": end}


def cause_values(
    brand_id: int,
    interval: tuple[datetime, datetime],
    facet_ids: Sequence[int],
    source_types: Sequence[str],
) -> dict[str, Any]:
    """The parameters of a statement built on `named_causes`."""
    values = interval_values(brand_id, *interval)
    values |= {_facet(place): facet_id for place, facet_id in enumerate(facet_ids)}
    return values | ({_SOURCES: list(source_types)} if source_types else {})


def story_rows(*columns: ColumnElement[Any]) -> Select[Any]:
    """Every mention of a brand in an interval; `place` 1 is the first mention of its story.

    It offers `columns` too, as few as needed: the database sorts all of them.
    """
    mention = BRAND_MENTION.c
    place = func.row_number().over(
        partition_by=mention.cluster_id, order_by=(mention.published_at, mention.mention_id)
    )
    return effective(place.label("place"), *columns).where(
        mention.brand_id == bindparam("brand"),
        mention.published_at >= bindparam("start"),
        mention.published_at < bindparam("end"),
        mention.deleted.is_(False),
        mention.own.is_(False),
    )


@cache
def _count() -> Select[Any]:
    """One row: first by author, so that each author's followers are summed once."""
    row = story_rows(*_SCORED).subquery("story").c
    first = row.place == 1
    by_author = (
        select(
            (row.author_key != 0).label("is_author"),
            func.max(row.followers).label("reach"),
            func.count().label("sightings"),
            sum_if(first).label("mentions"),
            *(sum_if(and_(first, row.sentiment == name)).label(name) for name in _SENTIMENTS),
            sum_if(and_(first, row.low_confidence)).label("low_confidence"),
        )
        .group_by(row.author_key)
        .subquery("by_author")
    )
    summed = ("reach", "sightings", "mentions", *_SENTIMENTS, "low_confidence")
    authors = sum_if(by_author.c.is_author).label("authors")
    return select(*[authors, *(func.sum(by_author.c[name]).label(name) for name in summed)])


@cache
def _causes(facets: int, sources: bool) -> Select[Any]:
    """One row a cause."""
    named = named_causes(facets, sources=sources)
    keys = (named.c.cause, named.c.polarity)
    by_author = (
        select(*keys, func.count().label("mentions"), func.max(named.c.followers).label("reach"))
        .group_by(*keys, named.c.author_key)
        .subquery("by_author")
    )
    keys = (by_author.c.cause, by_author.c.polarity)
    return select(
        *keys,
        func.sum(by_author.c.mentions).label("mentions"),
        func.sum(by_author.c.reach).label("reach"),
    ).group_by(*keys)


def named_causes(facets: int, *, sources: bool) -> Subquery:
    """One row a story and cause; what a person said of causes stands in place of the model's word.

    Of the model's only those that agree with the story's sentiment: what explains the negative
    stories is a part of them, and a complaint found in praise or in plain news is mostly a mistake.

    Args:
        facets: by how many products and places the mentions are chosen.
        sources: whether by the types of their sources.
    """
    # Read by both halves of the union: as a CTE it is counted once.
    looked_at = [*map(_speaks_of, range(facets)), *([_comes_from()] if sources else [])]
    stories = story_rows(*_EXPLAINED).where(*looked_at).cte("story")
    story = stories.c
    columns = (story.mention_id, story.author_key, story.followers)
    by_model = (
        select(*columns, CAUSE_LINK.c.cause, CAUSE_LINK.c.polarity)
        .join_from(stories, CAUSE_LINK, CAUSE_LINK.c.label_id == story.label_id)
        .where(
            story.place == 1,
            story.has_causes.is_(False),
            ~spoken_of(story.correction_id, CAUSE_LINK.c.cause),
            CAUSE_LINK.c.polarity == story.sentiment,
        )
    )
    by_person = (
        select(*columns, CORRECTION_CAUSE.c.cause, CORRECTION_CAUSE.c.polarity)
        .join_from(
            stories, CORRECTION_CAUSE, CORRECTION_CAUSE.c.correction_id == story.correction_id
        )
        .where(story.place == 1, CORRECTION_CAUSE.c.applies)
    )
    return union(by_model, by_person).subquery("named")


@cache
def _intents() -> Select[Any]:
    stories = story_rows(LABEL.c.id.label("label_id")).subquery("story")
    return (
        select(INTENT_LINK.c.intent, func.count(INTENT_LINK.c.label_id.distinct()))
        .join_from(stories, INTENT_LINK, INTENT_LINK.c.label_id == stories.c.label_id)
        .where(stories.c.place == 1)
        .group_by(INTENT_LINK.c.intent)
    )


def _comes_from() -> ColumnElement[bool]:
    return exists().where(
        MENTION.c.id == BRAND_MENTION.c.mention_id,
        MENTION.c.source_type.in_(bindparam(_SOURCES, expanding=True)),
    )


def _facet(place: int) -> str:
    return f"facet_{place}"


def _speaks_of(place: int) -> ColumnElement[bool]:
    return exists().where(
        FACET_LINK.c.brand_mention_id == BRAND_MENTION.c.id,
        FACET_LINK.c.about,
        FACET_LINK.c.facet_id == bindparam(_facet(place)),
    )


def sum_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """How many rows of a group a condition holds for."""
    return func.sum(case((condition, 1), else_=0), type_=Integer)
