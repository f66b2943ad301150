"""The social APIs of the stand-in server: Hacker News search, Mastodon, Telegram's preview.

Formats: https://hn.algolia.com/api, https://docs.joinmastodon.org/methods/timelines/#tag and the
HTML that t.me serves for public channels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import islice

from molva.demo.posts import WorldPost
from molva.demo.shelf import Shelf

Params = Mapping[str, Sequence[str]]
INSTANCE = "https://vetro.example"
TELEGRAM_PAGE = 20
_MASTODON_BASE = 114_000_000_000_000_000
_HN_BASE = 43_000_000
_NUMERIC = re.compile(r"created_at_i\s*(>=|<=|>|<|=)\s*(\d+)")
_HASHTAG = re.compile(r"#(\w+)")


def first(params: Params, name: str, default: str = "") -> str:
    """Return a parameter's first value."""
    return params.get(name, [default])[0]


def limited(params: Params, name: str, default: int, most: int) -> int:
    """Return a numeric parameter between 1 and `most`."""
    given = first(params, name, str(default))
    return max(1, min(most, int(given))) if given.isdigit() else default


def mentions(query: str, text: str) -> bool:
    """Whether a text holds every word of a query, endings aside, as full-text search would."""
    folded = text.casefold()
    words = re.findall(r"[\w]+", query.casefold())
    return all(word[: max(4, len(word) - 1)] in folded for word in words if word != "or")


def search_hacker_news(shelf: Shelf, now: datetime, params: Params) -> str:
    """Answer `search_by_date`, newest first."""
    bounds = _NUMERIC.findall(",".join(params.get("numericFilters", ())))
    query, tags = first(params, "query"), first(params, "tags")
    page = int(first(params, "page", "0") or 0)
    size = limited(params, "hitsPerPage", 20, 1000)
    found = [
        post
        for post in shelf.newest(now)
        if mentions(query, f"{post.title} {post.text_at(now)}")
        and all(_holds(int(post.published.timestamp()), *bound) for bound in bounds)
        and (not re.search(r"story|comment", tags) or _hn_kind(post) in tags)
    ]
    found.sort(key=lambda post: post.published, reverse=True)
    return json.dumps(
        {
            "hits": [_hit(post, now) for post in found[page * size : (page + 1) * size]],
            "nbHits": len(found),
            "page": page,
            "nbPages": -(-len(found) // size),
            "hitsPerPage": size,
            "exhaustiveNbHits": True,
            "query": query,
        },
        ensure_ascii=False,
    )


def _holds(value: int, sign: str, bound: str) -> bool:
    limit = int(bound)
    return {
        ">": value > limit,
        ">=": value >= limit,
        "<": value < limit,
        "<=": value <= limit,
        "=": value == limit,
    }[sign]


def _hn_kind(post: WorldPost) -> str:
    return "story" if post.title else "comment"


def _hit(post: WorldPost, now: datetime) -> dict[str, object]:
    number, kind = str(_HN_BASE + post.number), _hn_kind(post)
    body = "<p>".join(escape(part) for part in post.text_at(now).split("\n\n"))
    story = kind == "story"
    return {
        "objectID": number,
        "title": post.title or None,
        "url": None,
        "story_text": body if story else None,
        "comment_text": None if story else body,
        "author": post.author.handle,
        "created_at": post.published.isoformat().replace("+00:00", "Z"),
        "created_at_i": int(post.published.timestamp()),
        "points": post.likes if story else None,
        "num_comments": post.comments if story else None,
        "story_id": int(number) if story else _HN_BASE,
        "parent_id": None if story else _HN_BASE,
        "story_title": None if story else "Ask HN: what runs your local café?",
        "_tags": [kind, f"author_{post.author.handle}", f"story_{number}"],
        "updated_at": post.appears.isoformat(),
    }


def mastodon_id(post: WorldPost) -> str:
    """Return the status's id; ids grow in the order of insertion."""
    return str(_MASTODON_BASE + post.number * 1000)


def mastodon_timeline(shelf: Shelf, now: datetime, params: Params) -> tuple[str, str]:
    """Answer a tag timeline; return the body and the `rel` links' query strings, if any."""
    size = limited(params, "limit", 20, 40)
    low = first(params, "min_id") or first(params, "since_id")
    high = first(params, "max_id")
    shown = []
    for post in shelf.newest(now):
        if low and int(mastodon_id(post)) <= int(low):
            break
        if not high or int(mastodon_id(post)) < int(high):
            shown.append(post)
        # Only `min_id` needs the items next to the id; the others end at a full page.
        if len(shown) == size and not first(params, "min_id"):
            break
    page = shown[-size:] if first(params, "min_id") else shown
    links = f"{mastodon_id(page[-1])} {mastodon_id(page[0])}" if page else ""
    return json.dumps([status(post, now) for post in page], ensure_ascii=False), links


def status(post: WorldPost, now: datetime) -> dict[str, object]:
    """Return a post as Mastodon's Status entity."""
    number, author = mastodon_id(post), post.author
    edited = post.edited_at(now)
    return {
        "id": number,
        "uri": f"{INSTANCE}/users/{author.handle}/statuses/{number}",
        "url": f"{INSTANCE}/@{author.handle}/{number}",
        "created_at": _zulu(post.published),
        "edited_at": _zulu(edited) if edited else None,
        "content": _mastodon_html(post.text_at(now)),
        "spoiler_text": "",
        "visibility": "public",
        "language": post.lang,
        "sensitive": False,
        "reblog": None,
        "in_reply_to_id": str(_MASTODON_BASE) if post.reply else None,
        "favourites_count": post.likes,
        "reblogs_count": post.shares,
        "replies_count": post.comments,
        "media_attachments": [],
        "tags": [{"name": tag, "url": f"{INSTANCE}/tags/{tag}"} for tag in post.tags],
        "account": {
            "id": str(author.number),
            "acct": author.handle,
            "username": author.handle,
            "display_name": author.name,
            "url": f"{INSTANCE}/@{author.handle}",
            "note": "",
            "bot": False,
            "followers_count": author.followers,
            "indexable": True,
            "noindex": False,
        },
    }


def _zulu(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _mastodon_html(text: str) -> str:
    linked = _HASHTAG.sub(
        lambda tag: (
            f'<a href="{INSTANCE}/tags/{tag[1]}" class="mention hashtag" rel="tag">'
            f"#<span>{tag[1]}</span></a>"
        ),
        escape(text, quote=False),
    )
    parts = (part.replace("\n", "<br />") for part in linked.split("\n\n"))
    return "".join(f"<p>{part}</p>" for part in parts)


def telegram_page(shelf: Shelf, now: datetime, channel: str, params: Params) -> str:
    """Answer `/s/<channel>`: twenty posts, the newest at the bottom."""
    before, after = first(params, "before"), first(params, "after")
    posts = (post for post in shelf.newest(now) if not before or post.number < int(before))
    if after:
        page = [post for post in posts if post.number > int(after)][-TELEGRAM_PAGE:]
    else:
        page = list(islice(posts, TELEGRAM_PAGE))
    messages = "\n".join(_message(post, now, channel) for post in reversed(page))
    return (
        "<!DOCTYPE html><html><head><title>Кофейный Ветрогорск – Telegram</title></head><body>"
        '<div class="tgme_channel_info"><div class="tgme_channel_info_counters">'
        '<div class="tgme_channel_info_counter"><span class="counter_value">12.4K</span> '
        '<span class="counter_type">subscribers</span></div></div></div>'
        f'<section class="tgme_channel_history js-message_history">{messages}</section>'
        "</body></html>"
    )


def _message(post: WorldPost, now: datetime, channel: str) -> str:
    text = escape(post.text_at(now), quote=False).replace("\n", "<br/>")
    edited = "edited " if post.edited_at(now) else ""
    views = f"{post.likes * 37 + 240}"
    signature = f'<span class="tgme_widget_message_from_author">{escape(post.author.name)}</span>'
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        '<div class="tgme_widget_message text_not_supported_wrap js-widget_message" '
        f'data-post="{channel}/{post.number}">'
        '<div class="tgme_widget_message_bubble"><div class="tgme_widget_message_author">'
        f'<a class="tgme_widget_message_owner_name" href="https://t.me/{channel}">'
        "<span>Кофейный Ветрогорск</span></a></div>"
        f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
        '<div class="tgme_widget_message_footer"><div class="tgme_widget_message_info">'
        f'<span class="tgme_widget_message_views">{views}</span>'
        f'<span class="tgme_widget_message_meta">{edited}{signature}'
        f'<a class="tgme_widget_message_date" href="https://t.me/{channel}/{post.number}">'
        f'<time datetime="{post.appears.isoformat()}" class="time">{post.appears:%H:%M}</time></a>'
        "</span></div></div></div></div></div>"
    )
