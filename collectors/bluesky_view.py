"""A post as Bluesky's AppView shows it, in searches and lookups: the record and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.bluesky_record import language_of, text_of
from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post
from collectors.items import count, mapping, string


def to_post(view: Mapping[str, Any], now: datetime) -> Post:
    """The post of a view, as searches and lookups give it."""
    uri, record, author = string(view["uri"]), mapping(view["record"]), mapping(view["author"])
    reply = mapping(record.get("reply"))
    reposts = [count(view.get("repostCount")), count(view.get("quoteCount"))]
    did, key = string(author.get("did")), uri.rsplit("/", 1)[-1]
    return Post(
        native_id=uri,
        text=text_of(record),
        url=f"https://bsky.app/profile/{did}/post/{key}",
        published_at=parse_date(record.get("createdAt"), now=now),
        author=Author(
            id=did,
            handle=string(author.get("handle")),
            name=string(author.get("displayName")),
            followers=count(author.get("followersCount")),
            verified=_verified(author),
            created_at=parse_date(author.get("createdAt"), now=now),
        ),
        engagement=Engagement(
            likes=count(view.get("likeCount")),
            comments=count(view.get("replyCount")),
            shares=sum(filter(None, reposts)) if any(n is not None for n in reposts) else None,
        ),
        lang=language_of(record),
        parent_id=string(mapping(reply.get("parent")).get("uri")),
        thread_id=string(mapping(reply.get("root")).get("uri")),
        site="bsky.app",
    )


def _verified(author: Mapping[str, Any]) -> bool | None:
    status = string(mapping(author.get("verification")).get("verifiedStatus"))
    return status == "valid" if status else None
