"""Versions of labels side by side: which there are, and where two of them differ."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Alias, ColumnElement, Connection, Subquery, and_, case, func, select

from store.model_rows import ChangedLabel, Comparison, VersionRow
from store.tables import BRAND, BRAND_MENTION, CORRECTION, LABEL, MENTION, MODEL_VERSION


def versions(conn: Connection) -> list[VersionRow]:
    """Every version that has made labels or was in use, oldest first."""
    labels = (
        select(LABEL.c.version_id, func.count().label("labels"))
        .group_by(LABEL.c.version_id)
        .subquery("counted")
    )
    statement = (
        select(
            MODEL_VERSION.c.id,
            MODEL_VERSION.c.model,
            MODEL_VERSION.c.taxonomy,
            MODEL_VERSION.c.current,
            MODEL_VERSION.c.created_at,
            func.coalesce(labels.c.labels, 0),
        )
        .outerjoin(labels, labels.c.version_id == MODEL_VERSION.c.id)
        .order_by(MODEL_VERSION.c.id)
    )
    return [VersionRow(*row) for row in conn.execute(statement)]


def compare_versions(
    conn: Connection,
    first: int,
    second: int,
    *,
    brand_id: int | None = None,
    since: datetime | None = None,
    examples: int = 5,
) -> Comparison:
    """What two versions say of the same texts; deleted mentions are left out.

    Args:
        conn: any connection.
        first: the id of a version.
        second: the id of another.
        brand_id: only towards this brand.
        since: only what was published from then on.
        examples: how many texts to give of each kind of change (negative to neutral, say).
    """
    told = _told(first, second, brand_id, since)
    one, two, said = told.c.first, told.c.second, told.c.corrected
    right = func.sum(case((said == one, 1), else_=0)), func.sum(case((said == two, 1), else_=0))
    asked = select(one, two, func.count(), func.count(said), *right).group_by(one, two)
    rows = conn.execute(asked).all()
    pairs = {(row[0], row[1]): int(row[2]) for row in rows if row[0] and row[1]}
    corrected = [sum(int(row[at]) for row in rows if row[0] and row[1]) for at in (3, 4, 5)]
    return Comparison(
        pairs=pairs,
        only_first=sum(int(row[2]) for row in rows if row[0] and not row[1]),
        only_second=sum(int(row[2]) for row in rows if row[1] and not row[0]),
        corrected=(corrected[0], corrected[1], corrected[2]),
        examples=tuple(
            example
            for pair in sorted(pairs)
            if pair[0] != pair[1]
            for example in _examples(conn, told, pair, examples)
        ),
    )


def _told(first: int, second: int, brand_id: int | None, since: datetime | None) -> Subquery:
    """Every living brand mention with what both versions and a person say of it, or NULL."""
    one, two = LABEL.alias("one"), LABEL.alias("two")
    statement = (
        select(
            BRAND_MENTION.c.id,
            one.c.sentiment.label("first"),
            two.c.sentiment.label("second"),
            CORRECTION.c.sentiment.label("corrected"),
        )
        .outerjoin_from(BRAND_MENTION, one, _labels(one, first))  # type: ignore[arg-type]
        .outerjoin(two, _labels(two, second))  # type: ignore[arg-type]
        .outerjoin(
            CORRECTION,
            and_(
                CORRECTION.c.mention_id == BRAND_MENTION.c.mention_id,
                CORRECTION.c.brand_id == BRAND_MENTION.c.brand_id,
            ),
        )
        .where(BRAND_MENTION.c.deleted.is_(False))
    )
    if brand_id is not None:
        statement = statement.where(BRAND_MENTION.c.brand_id == brand_id)
    if since is not None:
        statement = statement.where(BRAND_MENTION.c.published_at >= since)
    return statement.subquery("told")


def _labels(label: Alias, version: int) -> ColumnElement[bool]:
    return and_(
        label.c.version_id == version,
        label.c.brand_id == BRAND_MENTION.c.brand_id,
        label.c.mention_id == BRAND_MENTION.c.mention_id,
        label.c.revision == BRAND_MENTION.c.revision,
    )


def _examples(
    conn: Connection, told: Subquery, pair: tuple[str, str], limit: int
) -> list[ChangedLabel]:
    """The newest texts that changed in one way."""
    statement = (
        select(
            MENTION.c.id,
            BRAND.c.slug,
            MENTION.c.text,
            MENTION.c.url,
            told.c.first,
            told.c.second,
            told.c.corrected,
        )
        .join_from(told, BRAND_MENTION, BRAND_MENTION.c.id == told.c.id)
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .where(told.c.first == pair[0], told.c.second == pair[1])
        .order_by(BRAND_MENTION.c.published_at.desc(), BRAND_MENTION.c.id.desc())
        .limit(limit)
    )
    return [ChangedLabel(*row) for row in conn.execute(statement)]
