from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

APP = "1400000001"
ADDRESS = re.compile(rf"/us/rss/customerreviews/page=(\d+)/id={APP}/sortby=mostrecent/json")
OTHER_ADDRESS = re.compile(rf"/us/rss/customerreviews/id={APP}/page=(\d+)/sortby=mostrecent/json")


class AppStoreKit(Kit):
    type = "appstore"
    lag = timedelta(days=6)
    at_scale: ClassVar = {"last_page": 201}

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "apps": [APP],
            "countries": ["us"],
            "pages": 30,
            "last_page": 200,
            "page_size": self.page,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        found = ADDRESS.fullmatch(request.path) or OTHER_ADDRESS.fullmatch(request.path)
        if not found:
            return Answer(404, b"<html>not found", {"Content-Type": "text/html"})
        shown = sorted(items, key=lambda item: (item.at or NOW, item.number), reverse=True)
        start = self.page * (int(found[1]) - 1)
        last = max(1, -(-len(shown) // self.page))
        return json_answer(feed([entry(item) for item in shown[start : start + self.page]], last))


def feed(entries: Sequence[Any], last: int = 10) -> dict[str, Any]:
    """A document; Apple gives a single entry bare and leaves the field out where there is none."""
    page = f"https://itunes.apple.com/us/rss/customerreviews/page={last}/id={APP}/xml"
    document: dict[str, Any] = {
        "author": {"name": {"label": "iTunes Store"}},
        "updated": {"label": "2026-03-10T04:00:00-07:00"},
        "title": {"label": "iTunes Store: Customer Reviews"},
        "link": [{"attributes": {"rel": "last", "href": page}}],
    }
    # A list is not told from a list of one that is itself no object.
    bare = len(entries) == 1 and isinstance(entries[0], dict)
    if entries:
        document["entry"] = entries[0] if bare else list(entries)
    return {"feed": document}


def entry(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    fields = {
        "id": str(9_000_000_000 + item.number) if item.has_id else None,
        "title": "Order ahead",
        "content": item.text,
        "im:rating": "2",
        "im:version": "8.1",
        "im:voteSum": "4",
        "im:voteCount": "6",
        "updated": item.stamp() or None,
    }
    labelled = {name: {"label": value} for name, value in fields.items() if value is not None}
    uri = "https://itunes.apple.com/us/reviews/id700000007"
    author = {"uri": {"label": uri}, "name": {"label": "Anna"}, "label": ""}
    return {"author": author, **labelled}


KIT = AppStoreKit()
