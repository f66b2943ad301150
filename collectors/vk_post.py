"""A wall post of VK's API, as a post."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import count, mapping, sequence, string
from collectors.text import clean

# `[id1|Anna]`, `[club7|Zerno]`, `[https://vk.com/zerno|Zerno]`: a reader sees the name.
_LINK: Final = re.compile(
    r"\[(?:(?:id|club|public|event)\d+[^|\]\s]*|https?://[^|\]\s]+)\|([^\]]+)\]"
)


def wall_id(item: Mapping[str, Any]) -> str:
    """The id of a post, unique in VK; a community's owner id is negative."""
    owner, number = string(item["owner_id"]), string(item["id"])
    if not owner or not number:
        raise SkippableError("it has no id")
    return f"{owner}_{number}"


def wall_post(item: Mapping[str, Any], authors: Mapping[str, Author], now: datetime) -> Post:
    """The post that `item` is.

    Args:
        item: as VK sent it.
        authors: of `authors_of`; one who is not there has an id only.
        now: later dates are impossible.

    Raises:
        SkippableError: it is deleted, or has no id.
    """
    native_id = wall_id(item)
    if item.get("is_deleted"):
        raise SkippableError("it is deleted")
    author = string(item.get("from_id")) or string(item["owner_id"])
    return Post(
        native_id=native_id,
        text=_text(item),
        url=f"https://vk.com/wall{native_id}",
        published_at=parse_date(item.get("date"), now=now),
        edited_at=parse_date(item.get("edited"), now=now),
        author=authors.get(author, Author(id=author)),
        engagement=Engagement(
            likes=_reactions(item, "likes"),
            comments=_reactions(item, "comments"),
            shares=_reactions(item, "reposts"),
            views=_reactions(item, "views"),
        ),
        site="vk.com",
    )


def authors_of(answer: Mapping[str, Any]) -> dict[str, Author]:
    """Everyone an answer of `extended=1` tells about, by the id their posts give."""
    found = [_author(mapping(person), "") for person in sequence(answer.get("profiles"))]
    found += [_author(mapping(group), "-") for group in sequence(answer.get("groups"))]
    return {author.id: author for author in found}


def _author(told: Mapping[str, Any], sign: str) -> Author:
    names = [string(told.get(part)) for part in ("name", "first_name", "last_name")]
    places = [clean(string(mapping(told.get(part)).get("title"))) for part in ("city", "country")]
    followers = told.get("members_count") if sign else told.get("followers_count")
    return Author(
        id=sign + string(told.get("id")),
        handle=string(told.get("screen_name")),
        name=" ".join(filter(None, names)),
        followers=count(followers),
        verified=bool(told["verified"]) if told.get("verified") in {0, 1} else None,
        location=", ".join(filter(None, places)),
    )


def _reactions(item: Mapping[str, Any], name: str) -> int | None:
    return count(mapping(item.get(name)).get("count"))


def _text(item: Mapping[str, Any]) -> str:
    """What a reader sees: of a repost often only the reposted names the brand."""
    shown = [item, *map(mapping, sequence(item.get("copy_history")))]
    parts = [part for one in shown for part in (string(one.get("text")), *_attached(one))]
    # The same link may be attached to a post and to its repost.
    return clean("\n".join(dict.fromkeys(_LINK.sub(r"\1", part) for part in parts if part)))


def _attached(item: Mapping[str, Any]) -> Iterator[str]:
    for attachment in map(mapping, sequence(item.get("attachments"))):
        kind = string(attachment.get("type"))
        if kind in {"article", "link", "market", "video"}:
            yield string(mapping(attachment.get(kind)).get("title"))
        elif kind == "poll":
            yield string(mapping(attachment.get(kind)).get("question"))
