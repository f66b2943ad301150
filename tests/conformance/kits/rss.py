from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from tests.conformance.kit import Item, Kit
from tests.conformance.server import Answer, Request


class RssKit(Kit):
    type = "rss"
    secrets = ("s3cret-feed-key", "pa55word")
    lag = timedelta(days=300)
    truncation_is_an_error = False

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        private = base_url.replace("http://", "http://reader:pa55word@")
        return {"url": f"{private}/feed.xml?key=s3cret-feed-key"}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        answer = feed_of(entry_of(item) for item in reversed(items))
        if request.headers.get("if-none-match") == answer.headers["ETag"]:
            return Answer(304, headers=answer.headers)
        return answer


def feed_of(entries: Iterable[str]) -> Answer:
    """An RSS document of such entries."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        "<title>City</title><link>https://news.example.com/</link>"
        f"<description>News</description>{''.join(entries)}</channel></rss>"
    )
    headers = {"Content-Type": "application/rss+xml", "ETag": f'"{hash(body)}"'}
    return Answer(200, body.encode("utf-8", "surrogatepass"), headers)


def entry_of(item: Item) -> str:
    if item.junk is not None:
        return "<item><unknown>7</unknown></item>"
    date = ""
    if item.at is not None:
        date = format_datetime(item.at)
        date = f"<pubDate>{date.rpartition(' ')[0] if item.naive else date}</pubDate>"
    guid = f"<guid isPermaLink='false'>n-{item.number}</guid>" if item.has_id else ""
    text = f"<description>{escape(item.text)}</description>" if item.text is not None else ""
    return f"<item>{guid}{date}{text}</item>"


KIT = RssKit()
