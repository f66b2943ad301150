from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

PROFILES = [{"id": 7, "first_name": "Anna", "last_name": "Ivanova"}]

SHOWN = 30
"""Hits of a search that can be paged through; the real service shows 1,000."""


class VkKit(Kit):
    type = "vk"
    size = "count"
    environment: ClassVar = {"VK_TOKEN": "s3cret-vk-service-key"}
    lag = timedelta(minutes=110)
    shown = SHOWN

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "token_env": "VK_TOKEN",
            "page_size": 3,
            "reachable": self.shown,
            "too_fast_wait": 0.01,
            "base_url": f"{base_url}/method",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path not in {"/method/newsfeed.search", "/method/wall.getById"}:
            return json_answer({"error": {"error_code": 3, "error_msg": "Unknown method passed"}})
        query = request.query
        if query.get("access_token") != "s3cret-vk-service-key":
            return json_answer({"error": {"error_code": 5, "error_msg": "Authorization failed"}})
        if "posts" in query:
            wanted = query["posts"].split(",")
            posts = [_post(item) for item in items if f"7_{500 + item.number}" in wanted]
            return json_answer({"response": {"items": posts, "profiles": PROFILES, "groups": []}})
        after, until = int(query["start_time"]), int(query["end_time"])
        found = [item for item in items if after <= _second(item) <= until]
        found.sort(key=lambda item: (_second(item), item.number), reverse=True)
        start, size = int(query.get("start_from", 0)), int(query["count"])
        page = found[: self.shown][start : start + size]
        response = {
            "items": [_post(item) for item in page],
            "count": len(page),
            "total_count": len(found),
            "profiles": PROFILES,
            "groups": [],
        }
        if self.goes_on(start, size, min(len(found), self.shown)):
            response["next_from"] = str(start + size)
        return json_answer({"response": response})


def _second(item: Item) -> int:
    # The service files a post under the moment it was made, whatever a post claims.
    return int((item.at or NOW - timedelta(minutes=1)).timestamp())


def _post(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    post = {
        "id": 500 + item.number if item.has_id else None,
        "owner_id": 7,
        "from_id": 7,
        "date": _second(item) if item.at else None,
        "text": item.text,
        "post_type": "post",
        "likes": {"count": 2},
        "comments": {"count": 0},
        "reposts": {"count": 1},
    }
    return {name: value for name, value in post.items() if value is not None}


KIT = VkKit()
