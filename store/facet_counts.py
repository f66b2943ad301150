"""How many stories speak of each product and place of a brand, counted as `store.counts` does."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, select

from store.counts import interval_values, story_rows, sum_if
from store.facet_rows import FacetCount
from store.facet_tables import FACET, FACET_LINK
from store.labels import SENTIMENT
from store.tables import BRAND_MENTION


def facet_counts(
    conn: Connection, brand_id: int, start: datetime, end: datetime
) -> list[FacetCount]:
    """Stories in `[start, end)` by each configured facet they speak of, the most frequent first.

    A story speaks of what its first mention in the interval names, perhaps of several.
    """
    rows = conn.execute(_counted(), interval_values(brand_id, start, end))
    counts = [FacetCount(row[0], row[1], *map(int, row[2:])) for row in rows]
    return sorted(counts, key=lambda count: (-count.mentions, count.kind, count.slug))


@cache
def _counted() -> Select[Any]:
    told = story_rows(BRAND_MENTION.c.id, SENTIMENT.label("sentiment")).subquery("story")
    return (
        select(
            FACET.c.kind,
            FACET.c.slug,
            func.count(),
            sum_if(told.c.sentiment == "negative"),
            sum_if(told.c.sentiment == "positive"),
        )
        .join_from(told, FACET_LINK, FACET_LINK.c.brand_mention_id == told.c.id)
        .join(FACET, FACET.c.id == FACET_LINK.c.facet_id)
        .where(told.c.place == 1, FACET_LINK.c.about, FACET.c.active)
        .group_by(FACET.c.kind, FACET.c.slug)
    )
