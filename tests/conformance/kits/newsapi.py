from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class NewsApiKit(Kit):
    type = "newsapi"
    size = "pageSize"
    environment: ClassVar = {"NEWSAPI_KEY": "s3cret-newsapi-key"}
    lag = timedelta(hours=20)
    shown = 30

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "key_env": "NEWSAPI_KEY",
            "page_size": 3,
            "reachable": self.shown,
            "pages": 500,
            "requests_a_day": 100_000,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/everything":
            return Answer(404)
        if request.headers.get("x-api-key") != "s3cret-newsapi-key":
            return json_answer({"status": "error", "code": "apiKeyInvalid"}, 401)
        query = request.query
        size, page = int(query["pageSize"]), int(query["page"])
        if size * page > self.shown:
            return json_answer({"status": "error", "code": "maximumResultsReached"}, 426)
        start, until = (
            datetime.fromisoformat(query[name]).replace(tzinfo=UTC) for name in ("from", "to")
        )
        found = [i for i in items if start <= _at(i) <= until]
        found.sort(key=lambda item: (_at(item), item.number), reverse=True)
        articles = [_article(item) for item in found[size * (page - 1) : size * page]]
        return json_answer({"status": "ok", "totalResults": len(found), "articles": articles})


def _at(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _article(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    return {
        "source": {"id": None, "name": "Kofe"},
        "author": "Anna",
        "title": "Zerno",
        "description": item.text,
        "url": f"https://news.example/zerno-{item.number}" if item.has_id else None,
        "urlToImage": None,
        "publishedAt": item.stamp() or None,
        "content": None,
    }


KIT = NewsApiKit()
