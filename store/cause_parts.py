"""The mentions behind counts of causes by source, product and place, as `store.counts` counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    and_,
    bindparam,
    literal,
    select,
    union_all,
)

from store.counts import cause_values, named_causes
from store.facet_tables import FACET, FACET_LINK
from store.interface import CausePart
from store.tables import BRAND_MENTION, MENTION


def cause_parts(
    conn: Connection,
    brand_id: int,
    interval: tuple[datetime, datetime],
    facet_ids: Sequence[int] = (),
    source_types: Sequence[str] = (),
) -> dict[CausePart, tuple[int, ...]]:
    """Stories in `[start, end)` by cause and source, and by cause and configured product or place.

    What is counted and looked at is as in `store.counts.cause_counts`; a story that speaks of two
    places counts for both. Each is told by the number of the mention that stands for it, in order.
    """
    values = cause_values(brand_id, interval, facet_ids, source_types)
    rows = conn.execute(_parts(len(facet_ids), bool(source_types)), values)
    found: dict[CausePart, list[int]] = defaultdict(list)
    for *part, mention_id in rows:
        found[CausePart(*part)].append(mention_id)
    return {part: tuple(sorted(ids)) for part, ids in found.items()}


@cache
def _parts(facets: int, sources: bool) -> CompoundSelect[Any]:
    named = named_causes(facets, sources=sources)
    told = (named.c.polarity, named.c.cause, named.c.mention_id)
    mention = (BRAND_MENTION.c.mention_id == named.c.mention_id) & (
        BRAND_MENTION.c.brand_id == bindparam("brand")
    )
    by_source = select(
        literal("source").label("by"), MENTION.c.source_type.label("key"), *told
    ).join_from(named, MENTION, MENTION.c.id == named.c.mention_id)
    by_facet = (
        select(FACET.c.kind, FACET.c.slug, *told)
        .join_from(named, BRAND_MENTION, mention)
        .join(FACET_LINK, _about())
        .join(FACET, and_(FACET.c.id == FACET_LINK.c.facet_id, FACET.c.active))
    )
    return union_all(by_source, by_facet)


def _about() -> ColumnElement[bool]:
    return and_(FACET_LINK.c.brand_mention_id == BRAND_MENTION.c.id, FACET_LINK.c.about)
