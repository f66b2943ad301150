from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class ThreadsKit(Kit):
    type = "threads"
    size = "limit"
    environment: ClassVar = {"THREADS_TOKEN": "s3cret-threads-token"}
    lag = timedelta(hours=1, minutes=50)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "token_env": "THREADS_TOKEN",
            "page_size": 3,
            "pages": 200,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/keyword_search":
            return json_answer({"error": {"code": 803, "message": "Unknown path"}}, 404)
        query = request.query
        if query.get("access_token") != "s3cret-threads-token":
            return json_answer({"error": {"code": 190, "message": "Invalid token"}}, 401)
        since, until = (float(query[name]) for name in ("since", "until"))
        found = [i for i in items if since <= min(_at(i), NOW).timestamp() <= until]
        found.sort(key=lambda item: (_at(item), item.number), reverse=True)
        size, offset = int(query["limit"]), int(query.get("after", 0))
        data = [_post(item) for item in found[offset : offset + size]]
        # The last page has a cursor too; only an empty page is the end.
        return json_answer({"data": data, "paging": {"cursors": {"after": str(offset + size)}}})


def _at(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


def _post(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    post = {
        "id": str(1790 + item.number) if item.has_id else None,
        "text": item.text,
        "permalink": f"https://www.threads.net/@anna/post/{item.number}",
        "timestamp": item.stamp() or None,
        "username": "anna",
        "is_reply": False,
    }
    return {name: value for name, value in post.items() if value is not None}


KIT = ThreadsKit()
