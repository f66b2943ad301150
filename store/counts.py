"""Counts of one brand over time: what digests and alerts are made of.

A story (cluster) counts once in an interval, however many mentions tell it: it belongs to the
bucket of its first mention in that interval, with that mention's sentiment and causes. A reprint
therefore never makes a spike, and a story that comes back next month counts again next month.
Deleted mentions are not counted, nor are those that the brand's own accounts wrote. The sentiment
is the one that counts (`store.labels.effective`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    union,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from store.facet_tables import FACET_LINK
from store.interface import CauseCount, SourceCount, Totals
from store.labels import LOW_CONFIDENCE, SENTIMENT, effective
from store.tables import (
    BRAND_MENTION,
    CAUSE_LINK,
    CORRECTION,
    CORRECTION_CAUSE,
    INTENT_LINK,
    LABEL,
    MENTION,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
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


class _Microseconds(FunctionElement[int]):
    """A time as whole microseconds since 1970, for exact buckets."""

    type = BigInteger()
    inherit_cache = True


@compiles(_Microseconds, "sqlite")
def _microseconds_sqlite(element: _Microseconds, compiler: Any, **kw: Any) -> str:
    # Times are kept as 2026-11-21 23:59:59.123456; strftime would round the fraction up.
    time = compiler.process(element.clauses, **kw)
    return (
        f"(CAST(strftime('%s', substr({time}, 1, 19)) AS INTEGER) * 1000000"
        f" + CAST(substr({time}, 21, 6) AS INTEGER))"
    )


@compiles(_Microseconds, "postgresql")
def _microseconds_postgresql(element: _Microseconds, compiler: Any, **kw: Any) -> str:
    time = compiler.process(element.clauses, **kw)
    return f"CAST(extract(epoch FROM {time}) * 1000000 AS BIGINT)"


def totals(conn: Connection, brand_id: int, start: datetime, end: datetime) -> Totals:
    """The counts of one brand in `[start, end)`."""
    if end <= start:
        return Totals(start, end)
    return series(conn, brand_id, start, end, end - start)[0]


def series(
    conn: Connection, brand_id: int, start: datetime, end: datetime, step: timedelta
) -> list[Totals]:
    """The counts of one brand in regular buckets from `start`, the empty ones too.

    The last bucket ends at `end`, so it is shorter if `step` does not fit evenly.
    """
    edges = list(_edges(start, end, step))
    rows = conn.execute(_count(), interval_values(brand_id, start, end, step))
    found = {row.bucket: row for row in rows}
    return [_totals(*edge, found.get(index)) for index, edge in enumerate(edges)]


def cause_counts(
    conn: Connection,
    brand_id: int,
    start: datetime,
    end: datetime,
    facet_ids: Sequence[int] = (),
) -> list[CauseCount]:
    """How many stories in `[start, end)` name each cause and driver, the most frequent first.

    With facets only the mentions that speak of all of them are looked at.

    Causes are counted in negative stories, drivers in positive ones, unless a person named them.
    A story that names a cause twice counts once; `reach` sums each author's followers once.
    """
    if end <= start:
        return []
    values = interval_values(brand_id, start, end, end - start)
    values |= {_facet(place): facet_id for place, facet_id in enumerate(facet_ids)}
    rows = conn.execute(_causes(len(facet_ids)), values)
    counts = [
        CauseCount(row.cause, row.polarity, int(row.mentions), int(row.reach)) for row in rows
    ]
    return sorted(counts, key=lambda count: (-count.mentions, -count.reach, count.cause))


def cause_series(
    conn: Connection, brand_id: int, start: datetime, end: datetime, step: timedelta
) -> dict[str, list[int]]:
    """Stories that name each cause, in the buckets of `series`; causes never named are left out."""
    size = len(list(_edges(start, end, step)))
    found: dict[str, list[int]] = {}
    if size:
        for row in conn.execute(_causes(), interval_values(brand_id, start, end, step)):
            found.setdefault(row.cause, [0] * size)[row.bucket] += int(row.mentions)
    return found


def source_counts(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> list[SourceCount]:
    """Stories and their sentiments by source type in `[start, end)`, the most frequent first."""
    if end <= start:
        return []
    rows = conn.execute(_by_source(), interval_values(brand_id, start, end, end - start))
    counts = [SourceCount(row[0], *map(int, row[1:])) for row in rows]
    return sorted(counts, key=lambda count: (-count.mentions, count.source_type))


def intent_counts(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> dict[str, int]:
    """How many stories in `[start, end)` say each intent."""
    if end <= start:
        return {}
    rows = conn.execute(_intents(), interval_values(brand_id, start, end, end - start))
    return {intent: int(count) for intent, count in rows}


def _edges(start: datetime, end: datetime, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
    if step <= timedelta(0):
        raise ValueError(f"a step must be longer than nothing, not {step}")
    while start < end:
        yield start, min(start + step, end)
        start += step


def interval_values(
    brand_id: int, start: datetime, end: datetime, step: timedelta
) -> dict[str, Any]:
    """The parameters of every statement here; each statement is built once, as that is slow."""
    return {
        "brand": brand_id,
        "start": start,
        "end": end,
        "origin": (start - _EPOCH) // _MICROSECOND,
        "width": step // _MICROSECOND,
    }


def story_rows(*columns: ColumnElement[Any]) -> Select[Any]:
    """Every mention of a brand in an interval; `place` 1 is the first mention of its story.

    It offers `columns` too, as few as needed: the database sorts all of them.
    """
    mention = BRAND_MENTION.c
    place = func.row_number().over(
        partition_by=mention.cluster_id, order_by=(mention.published_at, mention.mention_id)
    )
    since_origin = _Microseconds(mention.published_at) - bindparam("origin", type_=BigInteger)
    return effective(
        (since_origin // bindparam("width", type_=BigInteger)).label("bucket"),
        place.label("place"),
        *columns,
    ).where(
        mention.brand_id == bindparam("brand"),
        mention.published_at >= bindparam("start"),
        mention.published_at < bindparam("end"),
        mention.deleted.is_(False),
        mention.own.is_(False),
    )


@cache
def _by_source() -> Select[Any]:
    stories = story_rows(BRAND_MENTION.c.mention_id, _SENTIMENT).subquery("story")
    return (
        select(
            MENTION.c.source_type,
            func.count().label("mentions"),
            sum_if(stories.c.sentiment == "negative").label("negative"),
            sum_if(stories.c.sentiment == "positive").label("positive"),
        )
        .join_from(stories, MENTION, MENTION.c.id == stories.c.mention_id)
        .where(stories.c.place == 1)
        .group_by(MENTION.c.source_type)
    )


@cache
def _count() -> Select[Any]:
    """One row a bucket: first by author, so that each author's followers are summed once."""
    row = story_rows(*_SCORED).subquery("story").c
    first = row.place == 1
    by_author = (
        select(
            row.bucket,
            (row.author_key != 0).label("is_author"),
            func.max(row.followers).label("reach"),
            func.count().label("sightings"),
            sum_if(first).label("mentions"),
            *(sum_if(and_(first, row.sentiment == name)).label(name) for name in _SENTIMENTS),
            sum_if(and_(first, row.low_confidence)).label("low_confidence"),
        )
        .group_by(row.bucket, row.author_key)
        .subquery("by_author")
    )
    summed = ("reach", "sightings", "mentions", *_SENTIMENTS, "low_confidence")
    return select(
        by_author.c.bucket,
        sum_if(by_author.c.is_author).label("authors"),
        *(func.sum(by_author.c[name]).label(name) for name in summed),
    ).group_by(by_author.c.bucket)


@cache
def _causes(facets: int = 0) -> Select[Any]:
    """One row a bucket and cause; a person's causes stand in place of the model's.

    Of the model's only those that agree with the story's sentiment: what explains the negative
    stories is a part of them, and a complaint found in praise or in plain news is mostly a mistake.
    """
    # Read by both halves of the union: as a CTE it is counted once.
    stories = story_rows(*_EXPLAINED).where(*map(_speaks_of, range(facets))).cte("story")
    story = stories.c
    columns = (story.bucket, story.mention_id, story.author_key, story.followers)
    by_model = (
        select(*columns, CAUSE_LINK.c.cause, CAUSE_LINK.c.polarity)
        .join_from(stories, CAUSE_LINK, CAUSE_LINK.c.label_id == story.label_id)
        .where(
            story.place == 1,
            story.has_causes.is_(False),
            CAUSE_LINK.c.polarity == story.sentiment,
        )
    )
    by_person = (
        select(*columns, CORRECTION_CAUSE.c.cause, CORRECTION_CAUSE.c.polarity)
        .join_from(
            stories, CORRECTION_CAUSE, CORRECTION_CAUSE.c.correction_id == story.correction_id
        )
        .where(story.place == 1, story.has_causes)
    )
    named = union(by_model, by_person).subquery("named")
    keys = (named.c.bucket, named.c.cause, named.c.polarity)
    by_author = (
        select(*keys, func.count().label("mentions"), func.max(named.c.followers).label("reach"))
        .group_by(*keys, named.c.author_key)
        .subquery("by_author")
    )
    keys = (by_author.c.bucket, by_author.c.cause, by_author.c.polarity)
    return select(
        *keys,
        func.sum(by_author.c.mentions).label("mentions"),
        func.sum(by_author.c.reach).label("reach"),
    ).group_by(*keys)


@cache
def _intents() -> Select[Any]:
    stories = story_rows(LABEL.c.id.label("label_id")).subquery("story")
    return (
        select(INTENT_LINK.c.intent, func.count(INTENT_LINK.c.label_id.distinct()))
        .join_from(stories, INTENT_LINK, INTENT_LINK.c.label_id == stories.c.label_id)
        .where(stories.c.place == 1)
        .group_by(INTENT_LINK.c.intent)
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


def _totals(start: datetime, end: datetime, row: Row[*tuple[Any, ...]] | None) -> Totals:
    if row is None:
        return Totals(start, end)
    counts = {name: int(value) for name, value in row._mapping.items() if name != "bucket"}
    return Totals(start, end, **counts)
