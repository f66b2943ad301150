"""How far a stretch of a brand's stories has spread: languages, sources, the widest reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func

from store.labels import SENTIMENT, effective, heard
from store.tables import BRAND_MENTION, LABEL, MENTION


@dataclass(frozen=True, slots=True)
class Spread:
    """Stories by language and by type of source, and the most followers of any author."""

    langs: Mapping[str, int]
    sources: Mapping[str, int]
    reach: int


def spread(
    conn: Connection, brand_id: int, start: datetime, end: datetime, *, negative_only: bool
) -> Spread:
    """The spread of the stories published in `[start, end)`."""
    lang = func.coalesce(LABEL.c.lang, MENTION.c.lang)
    counted = (
        effective(
            lang.label("lang"),
            MENTION.c.source_type,
            func.count(BRAND_MENTION.c.cluster_id.distinct()).label("stories"),
            func.max(BRAND_MENTION.c.followers).label("reach"),
        )
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(*heard(brand_id, (start, end)))
        .group_by(lang, MENTION.c.source_type)
    )
    if negative_only:
        counted = counted.where(SENTIMENT == "negative")
    langs: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    most = 0
    for code, source, stories, reach in conn.execute(counted):
        if code:
            langs[code] += int(stories)
        sources[source] += int(stories)
        most = max(most, int(reach or 0))
    return Spread(dict(langs), dict(sources), most)
