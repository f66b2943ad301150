"""Stories and comments of Hacker News, as its search and as its items tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post
from collectors.items import count, sequence, string
from collectors.text import html_to_text, markup_to_text, site_of

_ITEM_URL: Final = "https://news.ycombinator.com/item?id="
_SITE: Final = "news.ycombinator.com"


def hit_post(hit: Mapping[str, Any], now: datetime) -> Post:
    """The post of a hit of the search."""
    native_id = string(hit["objectID"])
    is_comment = bool(hit.get("comment_text")) or "comment" in sequence(hit.get("_tags"))
    link = "" if is_comment else string(hit.get("url"))
    author = string(hit.get("author"))
    return Post(
        native_id=native_id,
        kind="comment" if is_comment else "post",
        title="" if is_comment else markup_to_text(string(hit.get("title"))),
        text=html_to_text(string(hit.get("comment_text")) or string(hit.get("story_text"))),
        url=_ITEM_URL + native_id,
        published_at=parse_date(hit.get("created_at_i"), now=now),
        author=Author(id=author, handle=author),
        engagement=Engagement(
            likes=count(hit.get("points")), comments=count(hit.get("num_comments"))
        ),
        parent_id=string(hit.get("parent_id")),
        thread_id=string(hit.get("story_id")),
        site=site_of(link) or _SITE,
    )


def item_post(item: Mapping[str, Any], now: datetime) -> Post:
    """The post of an item, which does not tell the story a comment is in."""
    native_id, is_comment = string(item["id"]), item.get("type") == "comment"
    link, author = string(item.get("url")), string(item.get("by"))
    return Post(
        native_id=native_id,
        kind="comment" if is_comment else "post",
        title="" if is_comment else markup_to_text(string(item.get("title"))),
        text=html_to_text(string(item.get("text"))),
        url=_ITEM_URL + native_id,
        published_at=parse_date(item.get("time"), now=now),
        author=Author(id=author, handle=author),
        engagement=Engagement(
            likes=count(item.get("score")), comments=count(item.get("descendants"))
        ),
        parent_id=string(item.get("parent")),
        thread_id="" if is_comment else native_id,
        site=site_of(link) or _SITE,
    )
