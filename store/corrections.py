"""What people corrected, as a model can learn from it, and what they left alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select

from store.interface import CorrectedCauses, CorrectedText, MentionBrand, TextToLabel
from store.labels import SAYS_CAUSES, TEXT_COLUMNS, text_row, with_others
from store.tables import BRAND, BRAND_MENTION, CORRECTION, CORRECTION_CAUSE, MENTION


def corrected_texts(conn: Connection) -> list[CorrectedText]:
    """Every text whose sentiment a person has said, as it reads now, in the order of correction.

    Deleted mentions are left out, and those edited since: the word was about another text.
    """
    statement = (
        _texts(
            CORRECTION.c.sentiment,
            CORRECTION.c.author,
            CORRECTION.c.corrected_at,
            BRAND_MENTION.c.cluster_id,
        )
        .join(CORRECTION, _corrects())
        .where(CORRECTION.c.sentiment.is_not(None), ~_edited_since())
        .order_by(CORRECTION.c.corrected_at, CORRECTION.c.id)
    )
    return [
        CorrectedText(text_row(row), row.sentiment, row.author, row.corrected_at, row.cluster_id)
        for row in conn.execute(statement)
    ]


def corrected_causes(conn: Connection) -> list[CorrectedCauses]:
    """Every text of whose causes a person spoke, as it reads now, in the order of correction.

    Deleted mentions are left out, and those edited since: the word was about another text.
    """
    statement = (
        _texts(
            CORRECTION.c.id.label("correction_id"),
            CORRECTION.c.has_causes,
            BRAND_MENTION.c.cluster_id,
        )
        .join(CORRECTION, _corrects())
        .where(SAYS_CAUSES, ~_edited_since())
        .order_by(CORRECTION.c.corrected_at, CORRECTION.c.id)
    )
    rows = conn.execute(statement).all()
    named: dict[tuple[int, bool], list[str]] = defaultdict(list)
    said = select(CORRECTION_CAUSE).where(
        CORRECTION_CAUSE.c.correction_id.in_([row.correction_id for row in rows])
    )
    for cause in conn.execute(said.order_by(CORRECTION_CAUSE.c.id)):
        named[cause.correction_id, cause.applies].append(cause.cause)
    texts = with_others(conn, [text_row(row) for row in rows])
    return [
        CorrectedCauses(
            text,
            tuple(named[row.correction_id, True]),
            None if row.has_causes else tuple(named[row.correction_id, False]),
            row.cluster_id,
        )
        for text, row in zip(texts, rows, strict=True)
    ]


def count_edited_since(conn: Connection) -> int:
    """How many corrections `corrected_texts` leaves out because their text was edited since."""
    counted = (
        select(func.count())
        .select_from(BRAND_MENTION)
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(CORRECTION, _corrects())
        .where(
            BRAND_MENTION.c.deleted.is_(False), CORRECTION.c.sentiment.is_not(None), _edited_since()
        )
    )
    return int(conn.execute(counted).scalar_one())


def uncorrected_texts(conn: Connection, limit: int) -> list[TextToLabel]:
    """The newest texts that nobody has corrected towards their brand, one a story."""
    newest = (
        select(func.max(BRAND_MENTION.c.id).label("id"))
        .where(BRAND_MENTION.c.deleted.is_(False), ~exists().where(_corrects()))
        .group_by(BRAND_MENTION.c.cluster_id, BRAND_MENTION.c.brand_id)
        .order_by(func.max(BRAND_MENTION.c.published_at).desc())
        .limit(limit)
        .subquery("newest")
    )
    statement = _texts().join(newest, newest.c.id == BRAND_MENTION.c.id)
    order = (BRAND_MENTION.c.published_at.desc(), BRAND_MENTION.c.id.desc())
    return [text_row(row) for row in conn.execute(statement.order_by(*order))]


def find_mentions(conn: Connection, place: str) -> list[MentionBrand]:
    """The mentions of a number or an address, each with every brand it speaks of.

    Args:
        conn: any connection.
        place: what an export calls `mention_id`, or the post's URL.
    """
    if not place:
        return []
    by_url = or_(MENTION.c.url == place, MENTION.c.canonical_url == place)
    # A number larger than the database's is nobody's id, and PostgreSQL would refuse to compare.
    by_number = MENTION.c.id == int(place) if _is_number(place) else by_url
    statement = (
        select(BRAND_MENTION.c.mention_id, BRAND_MENTION.c.brand_id, BRAND.c.slug, MENTION.c.url)
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .where(by_number, BRAND_MENTION.c.deleted.is_(False))
        .order_by(BRAND_MENTION.c.mention_id, BRAND.c.slug)
    )
    return [MentionBrand(*row) for row in conn.execute(statement)]


def _is_number(place: str) -> bool:
    return place.isascii() and place.isdigit() and len(place) <= 18


def _corrects() -> ColumnElement[bool]:
    return and_(
        CORRECTION.c.mention_id == BRAND_MENTION.c.mention_id,
        CORRECTION.c.brand_id == BRAND_MENTION.c.brand_id,
    )


def _edited_since() -> ColumnElement[bool]:
    return and_(MENTION.c.revision > 1, MENTION.c.revised_at > CORRECTION.c.corrected_at)


def _texts(*columns: ColumnElement[Any]) -> Select[Any]:
    return (
        select(*TEXT_COLUMNS, *columns)
        .join_from(BRAND_MENTION, MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .where(BRAND_MENTION.c.deleted.is_(False))
    )
