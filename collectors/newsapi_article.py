"""An article as NewsAPI tells of it, most of it cut off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Post
from collectors.items import mapping, string
from collectors.text import canonical_url, clean, markup_to_text, site_of

_MORE = re.compile(r"…?\s*\[\+\d+ chars\]\s*$")


def published(article: Mapping[str, Any], now: datetime) -> datetime | None:
    """When it appeared, by its publisher's word."""
    return parse_date(article.get("publishedAt"), now=now)


def read_article(article: Mapping[str, Any], now: datetime, lang: str | None) -> Post:
    """Its headline and what is shown of its text.

    Args:
        article: as the search sent it.
        now: aware; later dates are impossible.
        lang: the language asked for, as the answer names none.
    """
    url = string(article["url"])
    texts = [markup_to_text(string(article.get("description")))]
    beginning = markup_to_text(_MORE.sub("", string(article.get("content"))))
    if beginning and beginning not in texts[0]:
        texts.append(beginning)
    return Post(
        native_id=canonical_url(url) or url,
        kind="article",
        title=markup_to_text(string(article.get("title"))),
        text=clean("\n".join(filter(None, texts))),
        url=url,
        published_at=published(article, now),
        author=Author(name=string(article.get("author"))),
        lang=lang,
        site=site_of(url) or string(mapping(article.get("source")).get("name")),
    )
