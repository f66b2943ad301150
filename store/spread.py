"""How far a stretch of a brand's stories has spread: languages, sources, the widest reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func

from store.labels import SENTIMENT, effective, heard
from store.tables import BRAND_MENTION, LABEL, MENTION, SIGHTING

OUTLETS: Final = (
    *("rss", "googlealerts", "googlenews", "gdelt", "newsapi", "wordpress"),
    *("webhook", "file", "folder"),
)
"""Types of sources that bring the posts of many sites, of which each is a source to a reader."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Stories by language and by source, and the most followers of any author.

    Attributes:
        sources: by site where many come through one type of source, else by that type.
        outlets: those of the sources that are sites.
    """

    langs: Mapping[str, int]
    sources: Mapping[str, int]
    reach: int
    outlets: frozenset[str] = frozenset()


def spread(
    conn: Connection, brand_id: int, start: datetime, end: datetime, *, negative_only: bool
) -> Spread:
    """The spread of the stories published in `[start, end)`."""
    lang = func.coalesce(LABEL.c.lang, MENTION.c.lang)
    outlet = and_(MENTION.c.source_type.in_(OUTLETS), MENTION.c.site != "")
    source = case((outlet, MENTION.c.site), else_=MENTION.c.source_type)
    langs, sources, outlets, most = {}, {}, set(), 0
    for code, stories, reach in conn.execute(
        _counted(brand_id, start, end, lang, negative_only=negative_only)
    ):
        if code:
            langs[code] = int(stories)
        most = max(most, int(reach or 0))
    for name, is_outlet, stories, _ in conn.execute(
        _counted(brand_id, start, end, source, outlet, negative_only=negative_only)
    ):
        sources[name] = int(stories)
        if is_outlet:
            outlets.add(name)
    return Spread(langs, sources, most, frozenset(outlets))


def _counted(
    brand_id: int,
    start: datetime,
    end: datetime,
    *keys: ColumnElement[Any],
    negative_only: bool,
) -> Select[Any]:
    """Stories and the widest reach by these keys."""
    counted = (
        effective(
            *(key.label(f"key{place}") for place, key in enumerate(keys)),
            func.count(BRAND_MENTION.c.cluster_id.distinct()),
            func.max(BRAND_MENTION.c.followers),
        )
        .join(MENTION, MENTION.c.id == BRAND_MENTION.c.mention_id)
        .where(*heard(brand_id, (start, end)))
        .group_by(*keys)
    )
    return counted.where(SENTIMENT == "negative") if negative_only else counted


def heard_through(
    conn: Connection, brand_id: int, start: datetime, end: datetime, *, negative_only: bool
) -> frozenset[int]:
    """The ids of the sources through which the mentions of `[start, end)` were seen."""
    seen = (
        effective(SIGHTING.c.source_id)
        .join(SIGHTING, SIGHTING.c.mention_id == BRAND_MENTION.c.mention_id)
        .where(*heard(brand_id, (start, end)))
        .distinct()
    )
    if negative_only:
        seen = seen.where(SENTIMENT == "negative")
    return frozenset(conn.execute(seen).scalars())
