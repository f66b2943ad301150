"""A post or comment of Lemmy's API to a post of ours, in either version of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post
from collectors.items import count, mapping, string
from collectors.lemmy_api import Site, Sort
from collectors.markdown import markdown_to_text
from collectors.text import clean, site_of


def views_of(answer: object, sort: Sort) -> list[Any] | None:
    """The list of posts or comments in an answer; `None` if it has none: not the API's format.

    Version 4 has named it `items` and `search` too while it was being made.
    """
    named = (mapping(answer).get(key) for key in (f"{sort}s", "items", "search"))
    return next((value for value in named if isinstance(value, list)), None)


def written_at(view: object, sort: Sort, now: datetime) -> datetime | None:
    """When the item says it was written; `None` for a pinned post, which stands out of order."""
    item = mapping(mapping(view).get(sort))
    if item.get("featured_community") or item.get("featured_local"):
        return None
    return parse_date(item.get("published_at") or item.get("published"), now=now)


def gone(views: Iterable[object], sort: Sort) -> tuple[str, ...]:
    """The ids of what its author deleted or a moderator removed."""
    items = (mapping(mapping(view).get(sort)) for view in views)
    return tuple(string(item["ap_id"]) for item in items if _is_gone(item) and item.get("ap_id"))


def view_to_post(view: Mapping[str, Any], sort: Sort, site: Site, now: datetime) -> Post | None:
    """The post of a view, named by its address on the server it was written on.

    That address is the same wherever it is shown, so two servers give one mention. `None` if it
    is gone.
    """
    item, thread = mapping(view[sort]), mapping(view.get("post"))
    if _is_gone(item):
        return None
    counts = {**item, **mapping(view.get("counts"))}
    native_id, thread_id = string(item["ap_id"]), string(thread.get("ap_id"))
    is_comment = sort == "comment"
    return Post(
        native_id=native_id,
        kind=sort,
        title="" if is_comment else clean(string(item.get("name"))),
        text=markdown_to_text(string(item.get("content"))) if is_comment else _post_text(item),
        url=native_id,
        published_at=parse_date(item.get("published_at") or item.get("published"), now=now),
        edited_at=parse_date(item.get("updated_at") or item.get("updated"), now=now),
        author=_author(mapping(view.get("creator")), now),
        engagement=Engagement(
            likes=count(counts.get("upvotes")),
            comments=count(counts.get("child_count" if is_comment else "comments")),
        ),
        lang=site.languages.get(count(item.get("language_id")) or 0),
        # Of the comment it answers only this server's number is told, not the id.
        parent_id=thread_id if is_comment and string(item.get("path")).count(".") == 1 else "",
        thread_id=thread_id,
        site=site_of(native_id),
    )


def _is_gone(item: Mapping[str, Any]) -> bool:
    return bool(item.get("deleted") or item.get("removed"))


def _post_text(post: Mapping[str, Any]) -> str:
    """Text, image description and link: a brand may be named in any of them."""
    texts = [
        markdown_to_text(string(post.get("body"))),
        clean(string(post.get("alt_text"))),
        clean(string(post.get("url"))),
    ]
    return "\n".join(filter(None, texts))


def _author(creator: Mapping[str, Any], now: datetime) -> Author:
    address, name = string(creator.get("ap_id") or creator.get("actor_id")), creator.get("name")
    host = site_of(address)
    return Author(
        id=address,
        handle=f"{name}@{host}" if name and host else string(name),
        name=string(creator.get("display_name")),
        created_at=parse_date(creator.get("published_at") or creator.get("published"), now=now),
    )
