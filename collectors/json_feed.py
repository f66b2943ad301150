"""JSON Feed 1.0 and 1.1 documents to posts; feedparser does not read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from collectors.dates import parse_date
from collectors.interface import Author, Post, SkippableError
from collectors.items import Converted, convert, mapping, sequence, string
from collectors.redact import fingerprint
from collectors.text import clean, html_to_text, language, markup_to_text, site_of


def looks_like(body: bytes, content_type: str) -> bool:
    """Whether a document is JSON rather than XML, by its first character, whatever it claims."""
    start = body[:100].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") or ("json" in content_type and not start.startswith(b"<"))


def parse(body: bytes, *, url: str, now: datetime) -> Converted | None:
    """The posts of a JSON Feed, or `None` if the document is none.

    Args:
        body: UTF-8, as the format demands; UTF-16 and 32 are read too.
        url: its address, against which relative links are resolved.
        now: aware; dates more than a day later are impossible.
    """
    try:
        feed = json.loads(body.lstrip(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed, dict) or not isinstance(feed.get("items", []), list):
        return None
    if "items" not in feed and "jsonfeed.org" not in string(feed.get("version")):
        return None
    reader = _Reader(url, now, feed)
    return convert(sequence(feed.get("items")), reader.post, lambda item: mapping(item).get("id"))


class _Reader:
    def __init__(self, url: str, now: datetime, feed: Mapping[str, Any]) -> None:
        self.url, self.now, self.feed = url, now, feed

    def post(self, item: Mapping[str, Any]) -> Post:
        link = string(item.get("url")) or string(item.get("external_url"))
        url = urljoin(self.url, link) if link else ""
        url = url if url.lower().startswith(("http://", "https://")) else ""
        title = markup_to_text(string(item.get("title")))
        text = _text(item)
        date = string(item.get("date_published"))
        published = parse_date(date, now=self.now)
        modified = parse_date(item.get("date_modified"), now=self.now)
        published = published or modified
        return Post(
            native_id=string(item.get("id")) or link or _hash(title, date),
            kind="article",
            title=title,
            text=text,
            url=url,
            published_at=published,
            edited_at=modified if modified and published and modified > published else None,
            author=Author(name=self._author(item)),
            lang=language(item.get("language")) or language(self.feed.get("language")),
            site=site_of(url or self.url),
        )

    def _author(self, item: Mapping[str, Any]) -> str:
        for holder in (item, self.feed):
            authors = sequence(holder.get("authors")) or [holder.get("author")]
            names = [clean(string(mapping(author).get("name"))) for author in authors]
            if any(names):
                return ", ".join(filter(None, names))
        return ""


def _text(item: Mapping[str, Any]) -> str:
    if html := string(item.get("content_html")):
        return html_to_text(html)
    return clean(string(item.get("content_text")) or string(item.get("summary")))


def _hash(title: str, date: str) -> str:
    if not title:
        raise SkippableError("it has no id, link or title")
    return f"sha256:{fingerprint(title + date)}"
