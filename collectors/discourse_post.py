"""A post of Discourse's API to a post of ours: the author's own words, without what is quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import Converted, convert, count, mapping, string
from collectors.text import MAX_CHARS, clean, html_to_text, markup_to_text, site_of

LIKE: Final = 2
"""The number of the action "like"."""

_WRITTEN: Final = frozenset({1, 2})
"""Post types that people write; others tell that a topic was closed, or are whispers of staff."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How posts are read.

    Attributes:
        base: the forum's address, without a slash at its end.
        topics: titles of topics, for answers whose posts do not name theirs.
    """

    base: str
    now: datetime
    topics: Mapping[int, str] = field(default_factory=dict)


def created(item: object, now: datetime) -> datetime | None:
    """When an item was written."""
    return parse_date(mapping(item).get("created_at"), now=now)


def deleted(items: Iterable[object]) -> list[str]:
    """The ids of what its author or a moderator has deleted."""
    return [string(item.get("id")) for item in map(mapping, items) if _is_deleted(item)]


def converted(items: Iterable[Any], reading: Reading) -> Converted:
    """The posts of a page."""
    return convert(items, lambda item: read_post(item, reading), lambda item: item["id"])


def read_post(item: Mapping[str, Any], reading: Reading) -> Post | None:
    """The post of an item; `None` if it is deleted, or not written by a person.

    Raises:
        SkippableError: the forum has hidden it.
    """
    if _is_deleted(item) or (count(item.get("post_type")) or 1) not in _WRITTEN:
        return None
    if item.get("hidden"):
        raise SkippableError("it was flagged and is hidden")
    number, topic = count(item.get("post_number")) or 1, string(item.get("topic_id"))
    is_first = number == 1
    title = item.get("topic_title") or reading.topics.get(count(item.get("topic_id")) or 0)
    edited = (count(item.get("version")) or 1) > 1
    slug = string(item.get("topic_slug")) or "-"
    return Post(
        native_id=string(item["id"]),
        kind="post" if is_first else "comment",
        title=markup_to_text(string(title)) if is_first else "",
        text=own_words(string(item.get("cooked"))) or clean(string(item.get("raw"))),
        url=f"{reading.base}/t/{slug}/{topic}/{number}" if topic else "",
        published_at=parse_date(item.get("created_at"), now=reading.now),
        # Likes and moves change `updated_at` too; only an edit makes a new version.
        edited_at=parse_date(item.get("updated_at"), now=reading.now) if edited else None,
        author=Author(
            id=string(item.get("user_id")),
            handle=string(item.get("username")),
            name=string(item.get("name")),
        ),
        engagement=Engagement(
            likes=_likes(item.get("actions_summary")),
            comments=count(item.get("reply_count")),
            views=count(item.get("reads")),
        ),
        # A topic has no post's id; what a post answers is told by its number in the topic alone.
        thread_id=f"t/{topic}" if topic else "",
        site=site_of(reading.base),
    )


def _is_deleted(item: Mapping[str, Any]) -> bool:
    return bool(item.get("deleted_at") or item.get("user_deleted"))


def own_words(cooked: str) -> str:
    """The text of a post without quotes of others and notes on images; emoji by their names."""
    if not any(mark in cooked for mark in ("<aside", "emoji", 'class="meta"')):
        return html_to_text(cooked)
    html = cooked[: MAX_CHARS * 8].encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    tree = LexborHTMLParser(html)
    for node in tree.css("aside.quote, .lightbox .meta"):
        node.decompose()
    for node in tree.css("img.emoji"):
        node.replace_with(node.attributes.get("alt") or "")
    return html_to_text(tree.body.html or "") if tree.body else ""


def _likes(summary: object) -> int | None:
    """Likes among the actions; an action nobody took is left out of the list."""
    if not isinstance(summary, list):
        return None
    actions = map(mapping, summary)
    return next((count(a.get("count")) for a in actions if a.get("id") == LIKE), 0)
