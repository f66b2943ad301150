from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class HackerNewsKit(Kit):
    type = "hackernews"
    size = "hitsPerPage"
    lag = timedelta(hours=5)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "page_size": 3,
            "base_url": f"{base_url}/api/v1",
            "items_url": f"{base_url}/v0",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path.startswith("/v0/item/"):
            return _single(request.path.removeprefix("/v0/item/").removesuffix(".json"), items)
        if request.path != "/api/v1/search_by_date":
            return Answer(404)
        after, until = (
            int(n) for n in re.findall(r"created_at_i[<>]=(\d+)", request.query["numericFilters"])
        )
        size = int(request.query["hitsPerPage"])
        # The service files a post under the moment it was made, whatever a post claims.
        found = [(_second(item), item) for item in items]
        found = [pair for pair in found if after <= pair[0] <= until]
        found.sort(key=lambda pair: (pair[0], pair[1].number), reverse=True)
        start = size * int(request.query["page"])
        hits = [_hit(second, item) for second, item in found[start : start + size]]
        pages = -(-len(found) // size) + self.empty_tail
        return json_answer({"hits": hits, "nbHits": len(found), "page": 0, "nbPages": pages})


def _single(wanted: str, items: Sequence[Item]) -> Answer:
    """An item as Hacker News itself gives it."""
    for item in items:
        hit = _hit(_second(item), item)
        if hit.get("objectID") == wanted:
            told = {"by": hit["author"], "text": hit["comment_text"], "time": hit["created_at_i"]}
            return json_answer(
                {"id": int(wanted), "type": "comment", "parent": 40_000_000, "kids": [], **told}
            )
    return json_answer({"id": int(wanted), "type": "comment", "deleted": True})


def _second(item: Item) -> int:
    return int((item.at or NOW - timedelta(minutes=1)).timestamp())


def _hit(second: int, item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    hit = {
        "objectID": str(40_000_000 + item.number) if item.has_id else None,
        "comment_text": item.text,
        "author": "anna",
        "created_at_i": second if item.at else None,
        "created_at": item.stamp(),
        "points": None,
        "story_id": 40_000_000,
        "parent_id": 40_000_000,
        "_tags": ["comment", "author_anna", "story_40000000"],
    }
    return {name: value for name, value in hit.items() if value is not None or name == "points"}


KIT = HackerNewsKit()
