"""Reading Apple's feed of customer reviews: JSON made from Atom, every value in a `label`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import Author, Engagement, Post, RetriableError
from collectors.items import count, mapping, sequence, string
from collectors.text import clean

MOST_STARS: Final = 5

_PAGE = re.compile(r"/page=(\d{1,4})/")


def feed_of(response: Response) -> Mapping[str, Any]:
    """The feed of an answer.

    Raises:
        RetriableError: it is something else.
    """
    feed = mapping(response.json()).get("feed")
    if not isinstance(feed, dict):
        raise RetriableError("Apple answered without a feed: not the reviews' format")
    return feed


def entries_of(feed: Mapping[str, Any]) -> list[Any]:
    """Its entries: a single one comes bare, not in a list, and none at all leave no `entry`."""
    entry = feed.get("entry")
    return [entry] if isinstance(entry, dict) else sequence(entry)


def last_page(feed: Mapping[str, Any]) -> int | None:
    """The page its `last` link names, if it has one."""
    for link in sequence(feed.get("link")):
        attributes = mapping(mapping(link).get("attributes"))
        found = _PAGE.search(string(attributes.get("href")))
        if attributes.get("rel") == "last" and found:
            return int(found[1])
    return None


def updated(entry: object, now: datetime) -> datetime | None:
    """When a review was written or last edited; older answers do not say."""
    return parse_date(_label(entry, "updated"), now=now)


def name_of(entry: object) -> str:
    """A review's id, as far as it has one."""
    return _label(entry, "id")


def entry_to_post(
    entry: Mapping[str, Any], *, country: str, app: str, now: datetime
) -> Post | None:
    """The review of an entry; `None` if it is the app itself, with which older feeds begin."""
    if "im:rating" not in entry and ("im:name" in entry or "im:artist" in entry):
        return None
    native_id, author = string(entry["id"]["label"]), entry.get("author")
    stars = count(_label(entry, "im:rating"))
    rated = stars is not None and 1 <= stars <= MOST_STARS
    return Post(
        native_id=native_id,
        kind="review",
        title=clean(_label(entry, "title")),
        text=clean(_label(entry, "content")),
        # Reviews have no address of their own, and one shared by all would make them one story.
        url=f"https://apps.apple.com/{country}/app/id{app}?see-all=reviews&review={native_id}",
        published_at=updated(entry, now),
        author=Author(
            id=_label(author, "uri").rpartition("/id")[2], name=clean(_label(author, "name"))
        ),
        engagement=Engagement(likes=count(_label(entry, "im:voteSum"))),
        rating=float(stars) if rated and stars else None,
        rating_scale=float(MOST_STARS) if rated else None,
        site="apps.apple.com",
    )


def _label(holder: object, name: str) -> str:
    return string(mapping(mapping(holder).get(name)).get("label"))
