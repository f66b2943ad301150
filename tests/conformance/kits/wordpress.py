from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.kits.rss import entry_of, feed_of
from tests.conformance.server import Answer, Request


class WordPressKit(Kit):
    type = "wordpress"
    lag = timedelta(hours=20)
    page = 4

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"site": base_url, "queries": ["zerno"], "pages": 200}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        query = request.query
        asked = query.get("s"), query.get("feed"), query.get("orderby")
        if (request.path, asked) != ("/", ("zerno", "rss2", "date")):
            return Answer(404)
        offset = self.page * (int(query.get("paged", 1)) - 1)
        shown = sorted(items, key=_place, reverse=True)[offset : offset + self.page]
        if offset and not shown:
            return Answer(404, b"<html>Not found", {"Content-Type": "text/html"})
        return feed_of(map(entry_of, shown))


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


KIT = WordPressKit()
