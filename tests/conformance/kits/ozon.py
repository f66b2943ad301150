from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class OzonKit(Kit):
    type = "ozon"
    size = "limit"
    environment: ClassVar = {"OZON_API_KEY": "s3cret-ozon-key"}
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "client_id": "123456",
            "api_key_env": "OZON_API_KEY",
            "page_size": 3,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if (request.method, request.path) != ("POST", "/v1/review/list"):
            return Answer(404)
        sent = request.headers.get("client-id"), request.headers.get("api-key")
        if sent != ("123456", "s3cret-ozon-key"):
            return json_answer({"code": 16, "message": "Client-Id and Api-Key are wrong"}, 401)
        asked = request.json()
        found = sorted(items, key=_place, reverse=True)
        if asked["last_id"]:
            last = next((i for i in items if f"uuid-{i.number}" == asked["last_id"]), None)
            if last is None:
                return json_answer({"code": 3, "message": "unknown last_id"}, 400)
            found = [item for item in found if _place(item) < _place(last)]
        shown = found[: asked["limit"]]
        return json_answer(
            {
                "reviews": [_review(item) for item in shown],
                "has_next": self.goes_on(0, len(shown), len(found)),
                "last_id": f"uuid-{shown[-1].number}" if shown else "",
            }
        )


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    review = {
        "id": f"uuid-{item.number}" if item.has_id else None,
        "text": item.text,
        "rating": 5,
        "published_at": item.stamp() or None,
        "sku": 987654321,
        "status": "UNPROCESSED",
        "comments_amount": 0,
    }
    return {name: value for name, value in review.items() if value is not None}


KIT = OzonKit()
