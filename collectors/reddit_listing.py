"""Reddit's posts in its two formats, API listings and Atom, read to one and the same post.

A post must be the same mention whichever way it came: its id is Reddit's full name (`t3_…`), its
text is read from the HTML that both formats carry, and its author is known by name alone, as the
Atom feed tells no author's id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from collectors import feeds, offload
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import Author, Engagement, Post, RetriableError, SkippableError
from collectors.items import Converted, convert, count, mapping, string
from collectors.text import clean, html_to_text

HOME: Final = "https://www.reddit.com"
SITE: Final = "reddit.com"

DEFAULT_SIZE: Final = 25
"""Items of a page where the wished-for number is ignored."""

# What Reddit leaves in place of a text or title: `[deleted]`, `[ Removed by Reddit ]`.
_GONE = re.compile(r"\[\s*(?:deleted|removed)\b[^\]]*\]", re.IGNORECASE)
# Under every text of an Atom entry; the name of the subreddit only where several are mixed.
_FOOTER = re.compile(
    r"\s*\bsubmitted by\s+/u/\S+(?:\s+to\s+/?[ru]/\S+)?\s*\[link\]\s*\[comments\]\s*\Z"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer of a search.

    Attributes:
        names: full names of the items, in order.
        times: when Reddit received them.
        after: behind which item the next page begins; empty at the end.
        deleted: of the names, what Reddit shows as gone.
    """

    converted: Converted
    names: tuple[str, ...]
    times: tuple[datetime, ...]
    after: str
    deleted: tuple[str, ...]


def of_json(answer: object, now: datetime) -> Listing:
    """The posts of an API listing asked for with `raw_json=1`.

    Raises:
        RetriableError: it is no listing.
    """
    data = mapping(mapping(answer).get("data"))
    children = data.get("children")
    if not isinstance(children, list):
        raise RetriableError("the search answered without a listing: not the API's format")
    things = [mapping(mapping(child).get("data")) for child in children]
    times = (parse_date(thing.get("created_utc"), now=now) for thing in things)
    return Listing(
        converted=convert(
            children, partial(_from_json, now=now), lambda child: mapping(child["data"]).get("name")
        ),
        names=tuple(string(thing.get("name")) for thing in things),
        times=tuple(moment for moment in times if moment),
        after=string(data.get("after")),
        deleted=tuple(string(t.get("name")) for t in things if t.get("name") and _gone(t)),
    )


async def of_atom(response: Response, size: int, now: datetime) -> Listing:
    """The posts of a search's Atom feed, which unlike a listing does not say where it goes on.

    Args:
        response: the feed.
        size: the number of entries asked for.
        now: aware; later dates are impossible.

    Raises:
        RetriableError: it is no feed.
    """
    feed = await _parsed(response, now)
    posts = [replace(post, text=_FOOTER.sub("", post.text)) for post in feed.posts]
    found = convert(posts, _from_atom, lambda post: post.native_id)
    names = tuple(post.native_id for post in posts)
    # Of a feed that was cut off only a part is here, however few its entries.
    full = feed.malformed or len(posts) + len(feed.skipped) >= min(size, DEFAULT_SIZE)
    return Listing(
        converted=Converted(found.posts, (*feed.skipped, *found.skipped)),
        names=names,
        times=tuple(post.published_at for post in posts if post.published_at),
        after=names[-1] if names and full else "",
        deleted=tuple(post.native_id for post in posts if _is_gone(post.title, post.text)),
    )


async def _parsed(response: Response, now: datetime) -> feeds.Feed:
    kind, body = response.headers.get("content-type", ""), response.body
    read, url = feeds.parse_feed, response.url
    try:
        return await offload.run(len(body), read, body, content_type=kind, url=url, now=now)
    except (feeds.NotAFeedError, offload.GaveUpError) as error:
        raise RetriableError(f"the RSS search answered no feed: {error}") from None


def _from_json(child: Mapping[str, Any], now: datetime) -> Post | None:
    thing = child["data"]
    name = _checked(string(thing["name"]))
    if _gone(thing):
        return None
    path = string(thing.get("permalink")) or f"/comments/{name.removeprefix('t3_')}/"
    html, plain = string(thing.get("selftext_html")), string(thing.get("selftext"))
    return Post(
        native_id=name,
        title=clean(string(thing.get("title"))),
        text=html_to_text(html) or clean(plain),
        url=HOME + path,
        published_at=parse_date(thing.get("created_utc"), now=now),
        # `false`, or the time of the last edit.
        edited_at=parse_date(thing.get("edited"), now=now),
        author=_author(string(thing.get("author"))),
        engagement=Engagement(
            likes=count(thing.get("score")), comments=count(thing.get("num_comments"))
        ),
        site=SITE,
    )


def _from_atom(post: Post) -> Post | None:
    _checked(post.native_id)
    if _is_gone(post.title, post.text):
        return None
    return replace(post, kind="post", author=_author(post.author.name), lang=None, site=SITE)


def _checked(name: str) -> str:
    """The full name of a post; a search may mix in subreddits (`t5_…`) and people (`t2_…`)."""
    if not name.startswith("t3_"):
        raise SkippableError("it is not a post")
    return name


def _gone(thing: Mapping[str, Any]) -> bool:
    # A post whose author left Reddit has no author any more, but is still there.
    return bool(string(thing.get("removed_by_category"))) or _is_gone(
        string(thing.get("title")), string(thing.get("selftext"))
    )


def _is_gone(title: str, text: str) -> bool:
    return any(_GONE.fullmatch(part.strip()) for part in (title, text))


def _author(name: str) -> Author:
    name = name.strip().removeprefix("/u/")
    return Author() if name in {"", "[deleted]"} else Author(id=name, handle=name)
