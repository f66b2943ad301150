from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class YandexMarketKit(Kit):
    type = "yandexmarket"
    size = "limit"
    environment: ClassVar = {"MARKET_TOKEN": "s3cret-market-token"}
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "business_id": "1234567",
            "token_env": "MARKET_TOKEN",
            "page_size": 3,
            "pages": 200,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/v2/businesses/1234567/goods-feedback":
            return json_answer({"status": "ERROR"}, 404)
        if request.headers.get("api-key") != "s3cret-market-token":
            return json_answer({"status": "ERROR"}, 401)
        asked, query = request.json(), request.query
        start, end = (datetime.fromisoformat(asked[n]) for n in ("dateTimeFrom", "dateTimeTo"))
        found = sorted((i for i in items if start < min(_at(i), NOW) < end), key=_at)
        size, offset = int(query["limit"]), int(query.get("pageToken", 0))
        further = str(offset + size) if self.goes_on(offset, size, len(found)) else None
        feedbacks = [_review(item) for item in found[offset : offset + size]]
        paging = {"nextPageToken": further} if further else {}
        return json_answer({"status": "OK", "result": {"feedbacks": feedbacks, "paging": paging}})


def _at(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    return {
        "feedbackId": 5000 + item.number if item.has_id else None,
        "createdAt": item.stamp() or None,
        "author": "Анна",
        "description": {"comment": item.text},
        "statistics": {"rating": 4, "commentsCount": 0},
        "identifiers": {"orderId": 1, "offerId": "SKU-1"},
        "needReaction": True,
    }


KIT = YandexMarketKit()
