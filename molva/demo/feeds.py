"""The feeds of the stand-in server: RSS 2.0 as newspapers and WordPress write it, Atom, JSON Feed.

Formats: https://www.rssboard.org/rss-specification, RFC 4287, https://jsonfeed.org/version/1.1
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from itertools import islice

from molva.demo.days import ZONE
from molva.demo.posts import Place, WorldPost
from molva.demo.shelf import Shelf

WINDOW = 30
_FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
SITES: dict[Place, str] = {
    "city-news": "https://vetrogorsk-post.example",
    "city-news-ru": "https://vetrogorsk-segodnya.example",
    "blog": "https://crumbs.example",
    "reviews": "https://chashka.example",
}


def address(post: WorldPost) -> str:
    """Return the post's public address."""
    return post.link or f"{SITES[post.place]}/{post.slug or post.number}/"


def _claimed(post: WorldPost) -> datetime:
    return _FUTURE if post.oddity == "future" else post.published


def _window(shelf: Shelf, now: datetime) -> list[WorldPost]:
    return list(islice(shelf.newest(now), WINDOW))


def news_rss(shelf: Shelf, now: datetime) -> str:
    """An English newspaper's RSS, its dates in MSK as many Russian servers write them."""
    items = "".join(_news_item(post, now) for post in _window(shelf, now))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>Vetrogorsk Post</title><link>{SITES['city-news']}/</link>"
        f"<description>News of the town</description><language>en</language>{items}"
        "</channel></rss>\n"
    )


def _news_item(post: WorldPost, now: datetime) -> str:
    moscow = f"{_claimed(post).astimezone(ZONE):%a, %d %b %Y %H:%M:%S} MSK"
    # An editor's unescaped ampersand and unclosed tag: a strict XML parser gives up here.
    raw = post.oddity == "malformed"
    title = post.title if raw else escape(post.title)
    text = post.text_at(now) + "<b>" if raw else escape(f"<p>{escape(post.text_at(now))}</p>")
    return (
        f"<item><title>{title}</title><link>{escape(address(post))}</link>"
        f'<guid isPermaLink="false">vp-{post.number}</guid>'
        f"<pubDate>{moscow}</pubDate><description>{text}</description></item>"
    )


def blog_rss(shelf: Shelf, now: datetime) -> str:
    """A blog's RSS as WordPress writes it: `content:encoded`, `dc:creator`, comment counts."""
    items = "".join(_blog_item(post, now) for post in _window(shelf, now))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel>'
        f"<title>Crumbs on the Keyboard</title><link>{SITES['blog']}</link>"
        "<description>Eating in Vetrogorsk</description>"
        f"<generator>https://wordpress.org/?v=6.7</generator>{items}</channel></rss>\n"
    )


def _blog_item(post: WorldPost, now: datetime) -> str:
    link, text = address(post), post.text_at(now)
    known = "" if post.oddity == "no-id" else f"<link>{escape(link)}</link>"
    guid = f'<guid isPermaLink="false">{SITES["blog"]}/?p={post.number}</guid>'
    return (
        f"<item><title>{escape(post.title)}</title>{known}"
        f"<dc:creator><![CDATA[{post.author.name}]]></dc:creator>"
        f"<pubDate>{format_datetime(_claimed(post))}</pubDate>"
        f"{guid if known else ''}<description><![CDATA[{text[:90]} [&hellip;]]]></description>"
        f"<content:encoded><![CDATA[<p>{escape(text)}</p>]]></content:encoded>"
        f"<slash:comments>{post.comments}</slash:comments></item>"
    )


def news_atom(shelf: Shelf, now: datetime) -> str:
    """A Russian newspaper's Atom feed."""
    changed = shelf.changed_at(now) or now
    entries = "".join(_atom_entry(post, now) for post in _window(shelf, now))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ru">'
        f"<id>tag:{SITES['city-news-ru'][8:]},2026:feed</id><title>Ветрогорск сегодня</title>"
        f"<updated>{changed.isoformat()}</updated>{entries}</feed>\n"
    )


def _atom_entry(post: WorldPost, now: datetime) -> str:
    claimed = _claimed(post).astimezone(ZONE)
    edited = (post.edited_at(now) or claimed).astimezone(ZONE)
    return (
        f"<entry><id>tag:{SITES['city-news-ru'][8:]},2026:{post.number}</id>"
        f'<title type="text">{escape(post.title)}</title>'
        f'<link rel="alternate" href="{escape(address(post))}"/>'
        f"<published>{claimed.isoformat()}</published><updated>{edited.isoformat()}</updated>"
        f"<author><name>{escape(post.author.name)}</name></author>"
        f'<content type="html">{escape("<p>" + escape(post.text_at(now)) + "</p>")}</content>'
        "</entry>"
    )


def reviews_json(shelf: Shelf, now: datetime) -> str:
    """A review site's JSON Feed 1.1."""
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Чашка / Chashka: reviews of cafés",
            "home_page_url": SITES["reviews"],
            "items": [_json_item(post, now) for post in _window(shelf, now)],
        },
        ensure_ascii=False,
    )


def _json_item(post: WorldPost, now: datetime) -> dict[str, object]:
    item: dict[str, object] = {
        "title": post.title,
        "content_text": post.text_at(now),
        "date_published": _claimed(post).isoformat(),
        "authors": [{"name": post.author.name}],
        "language": post.lang,
        "_chashka": {"stars": post.rating},
    }
    if post.oddity != "no-id":
        item |= {"id": f"chashka-{post.number}", "url": address(post)}
    return item
