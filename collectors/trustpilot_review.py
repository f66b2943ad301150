"""Trustpilot's reviews as posts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post
from collectors.items import count, mapping, string
from collectors.text import clean, language


def review_post(review: Mapping[str, Any], company: str, now: datetime) -> Post:
    """A review as a post.

    Args:
        review: as the API gives it.
        company: whose it is.
        now: aware; later dates are impossible.
    """
    native_id, consumer = string(review["id"]), mapping(review.get("consumer"))
    stars = count(review.get("stars")) or None
    replied = bool(mapping(review.get("companyReply")).get("text"))
    return Post(
        native_id=native_id,
        kind="review",
        title=clean(string(review.get("title"))),
        text=clean(string(review.get("text"))),
        url=f"https://www.trustpilot.com/reviews/{native_id}" if native_id else "",
        published_at=parse_date(review.get("createdAt"), now=now),
        edited_at=parse_date(review.get("updatedAt"), now=now),
        author=Author(string(consumer.get("id")), name=string(consumer.get("displayName"))),
        engagement=Engagement(count(review.get("numberOfLikes")), comments=int(replied)),
        lang=language(review.get("language")),
        rating=stars,
        rating_scale=5 if stars else None,
        thread_id=company,
        site="trustpilot.com",
    )
