from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

LISTS = (("feedbacks", "false"), ("feedbacks", "true"), ("questions", "false"))


class WildberriesKit(Kit):
    type = "wildberries"
    environment: ClassVar = {"WILDBERRIES_TOKEN": "s3cret-seller-token"}
    lag = timedelta(days=6)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "token_env": "WILDBERRIES_TOKEN",
            "page_size": 3,
            "base_url": f"{base_url}/api/v1",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        kind, query = request.path.removeprefix("/api/v1/"), request.query
        if kind not in {"feedbacks", "questions"}:
            return Answer(404)
        if request.headers.get("authorization") != "s3cret-seller-token":
            return json_answer({"title": "unauthorized", "status": 401}, 401)
        # Every third item is in each of three lists; nobody has answered a question yet.
        mine = [i for i in items if LISTS[i.number % 3] == (kind, query["isAnswered"])]
        # The service files an item under the moment it came, whatever that claims.
        after, before = int(query["dateFrom"]), int(query["dateTo"])
        mine = [item for item in mine if after <= _second(item) < before]
        mine.sort(key=lambda item: (_second(item), item.number), reverse=True)
        start = int(query["skip"])
        shown = [_item(kind, item) for item in mine[start : start + int(query["take"])]]
        data = {"countUnanswered": 0, "countArchive": 0, kind: shown}
        return json_answer(
            {"data": data, "error": False, "errorText": "", "additionalErrors": None}
        )


def _second(item: Item) -> int:
    return int((item.at or NOW - timedelta(minutes=1)).timestamp())


def _item(kind: str, item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    given = {
        "id": f"Zx{item.number}" if item.has_id else None,
        "text": item.text,
        "createdDate": item.stamp() or None,
        "answer": None,
        "productDetails": {
            "nmId": 100200300,
            "productName": "Coffee beans, 1 kg",
            "supplierArticle": "bean-1",
            "brandName": "Zerno",
        },
    }
    if kind == "feedbacks":
        given |= {"pros": "", "cons": "", "productValuation": 5, "userName": "Anna"}
    return {name: value for name, value in given.items() if value is not None or name == "answer"}


KIT = WildberriesKit()
