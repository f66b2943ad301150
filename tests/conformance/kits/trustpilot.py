from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

UNIT = "0123456789abcdef01234567"


class TrustpilotKit(Kit):
    type = "trustpilot"
    environment: ClassVar = {"TRUSTPILOT_KEY": "s3cret-trustpilot-key"}
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "businesses": ["zerno.example"],
            "key_env": "TRUSTPILOT_KEY",
            "page_size": 3,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.headers.get("apikey") != "s3cret-trustpilot-key":
            return json_answer({"reason": "Invalid API key"}, 401)
        if request.path == "/v1/business-units/find":
            return json_answer({"id": UNIT, "displayName": "Zerno"})
        if request.path == "/v1/reviews/deletions":
            return json_answer({"reviews": [], "nextToken": None})
        if request.path != f"/v1/business-units/{UNIT}/reviews":
            return json_answer({}, 404)
        size, page = int(request.query["perPage"]), int(request.query["page"])
        found = sorted(items, key=_place, reverse=True)
        reviews = [_review(item) for item in found[size * (page - 1) : size * page]]
        return json_answer({"links": [], "reviews": reviews})


def _place(item: Item) -> tuple[datetime, int]:
    return item.at or NOW - timedelta(minutes=1), item.number


def _review(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    review = {
        "id": f"5f9c1b9b810c1972{item.number:08}" if item.has_id else None,
        "stars": 4,
        "title": "" if item.text else None,
        "text": item.text,
        "language": "en",
        "createdAt": item.stamp() or None,
        "consumer": {"id": "77", "displayName": "Anna"},
    }
    return {name: value for name, value in review.items() if value is not None}


KIT = TrustpilotKit()
