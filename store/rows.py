"""A mention as rows: what its own row holds, and what every brand's row of it repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from store.decide import author_key, content_hash, published
from store.interface import BrandMatch, NewMention
from store.reread_times import next_reread

COUNTS = ("author_followers", "likes", "comments", "shares", "views")
_AUTHOR = ("author_id", "author_handle", "author_name")
WHERE_IT_STANDS = ("url", "canonical_url", "site", "parent_id", "thread_id")
"""What not every route to a post tells of; an edit seen by one that does not keeps it."""
AUTHOR_FACTS = ("author_verified", "author_created_at", "author_location")
_COPIED = (
    *("native_id", "kind", "title", "text", "url", "canonical_url", "site", "lang"),
    *_AUTHOR,
    *AUTHOR_FACTS,
    *COUNTS,
    *("rating", "rating_scale", "parent_id", "thread_id", "edited_at"),
)
_copied = attrgetter(*_COPIED)


@dataclass(frozen=True, slots=True)
class KeptSource:
    """What a mention takes from the source it comes through.

    Attributes:
        rereads: whether its posts can be read again by their ids.
        shows: whether a post comes by the source's own walk, which makes it a sighting; who is
            asked by id may have to answer for posts that another source of the service found.
    """

    id: int
    type: str
    scope: str
    terms: str
    rereads: bool = False
    shows: bool = True


def mention_row(
    source: KeptSource, mention: NewMention, cluster: int, now: datetime
) -> dict[str, Any]:
    """A mention's row at its first revision."""
    published_at, claimed = published(mention.published_at, now)
    row = dict(zip(_COPIED, _copied(mention), strict=True))
    row.update(
        scope=source.scope,
        source_type=source.type,
        terms=source.terms,
        published_at=published_at,
        published_at_claimed=claimed,
        first_seen_at=now,
        revised_at=now,
        deleted_at=None,
        reread_at=next_reread(published_at, now, source.terms) if source.rereads else None,
        revision=1,
        content_hash=content_hash(mention.title, mention.text),
        cluster_id=cluster,
    )
    return row


def brand_row(
    source: KeptSource, mention: NewMention, mention_id: int, row: Mapping[str, Any]
) -> dict[str, Any]:
    """What every brand's row of a mention repeats of it."""
    return {
        "mention_id": mention_id,
        "published_at": row["published_at"],
        "cluster_id": row["cluster_id"],
        "author_key": author_key(source.scope, mention),
        "followers": row["author_followers"] or 0,
        "revision": row["revision"],
        "deleted": False,
        "labelled_by": 0,
    }


def match_row(match: BrandMatch) -> dict[str, Any]:
    """What a brand's row says of its own match."""
    return {
        "brand_id": match.brand_id,
        "query_version": match.query_version,
        "matched_term": match.term,
        "spans": [list(span) for span in match.spans],
        "in_title": match.in_title,
        "own": match.own,
    }
