from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.kits.rss import feed_of
from tests.conformance.server import Answer, Request

SHOWN = 400
_SPAN = re.compile(r"after:(\S+) before:(\S+)$")


class GoogleNewsKit(Kit):
    type = "googlenews"
    lag = timedelta(hours=20)
    truncation_is_an_error = False
    span = timedelta(days=30)
    at_scale: ClassVar = {"backfill": "40d"}

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"queries": ["zerno"], "reachable": SHOWN, "pages": 200, "base_url": base_url}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        span = _SPAN.search(request.query.get("q", ""))
        if request.path != "/rss/search" or not span:
            return Answer(404)
        first, last = (date.fromisoformat(day) for day in span.groups())
        found = [item for item in items if first <= min(_at(item), NOW).date() < last]
        return feed_of(_entry(item) for item in found[:SHOWN])


def _at(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _entry(item: Item) -> str:
    if item.junk is not None:
        return "<item><unknown>7</unknown></item>"
    date_ = ""
    if item.at is not None:
        date_ = format_datetime(item.at)
        date_ = f"<pubDate>{date_.rpartition(' ')[0] if item.naive else date_}</pubDate>"
    guid = f'<guid isPermaLink="false">CBMi{item.number}</guid>' if item.has_id else ""
    title = "" if item.text is None else f"<title>{escape(item.text)} - Kofe Daily</title>"
    source = '<source url="https://www.kofe.example">Kofe Daily</source>'
    return f"<item>{title}{guid}{date_}{source}</item>"


KIT = GoogleNewsKit()
