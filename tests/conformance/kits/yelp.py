from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class YelpKit(Kit):
    """A plan that shows all reviews, with leave to keep them."""

    type = "yelp"
    size = "limit"
    environment: ClassVar = {"YELP_KEY": "s3cret-yelp-key"}
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "businesses": ["zerno-coffee"],
            "key_env": "YELP_KEY",
            "excerpts": True,
            "page_size": 3,
            "pages": 50,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/businesses/zerno-coffee/reviews":
            return json_answer({"error": {"code": "BUSINESS_NOT_FOUND"}}, 404)
        if request.headers.get("authorization") != "Bearer s3cret-yelp-key":
            return json_answer({"error": {"code": "TOKEN_INVALID"}}, 401)
        size, offset = int(request.query["limit"]), int(request.query["offset"])
        found = sorted(items, key=_place, reverse=True)
        reviews = [_review(item) for item in found[offset : offset + size]]
        return json_answer({"reviews": reviews, "total": len(items)})


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    review = {
        "id": f"yelp-{item.number}" if item.has_id else None,
        "rating": 4,
        "text": item.text,
        "time_created": item.stamp().replace("T", " ") or None,
        "url": f"https://www.yelp.com/biz/zerno-coffee?hrid={item.number}",
        "user": {"id": "77", "name": "Anna"},
    }
    return {name: value for name, value in review.items() if value is not None}


KIT = YelpKit()
