from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.kits.mastodon import status_of
from tests.conformance.server import Answer, Request, json_answer

TOKEN = "s3cret-mastodon-user-token"


class MastodonSearchKit(Kit):
    type = "mastodon_search"
    environment: ClassVar = {"MASTODON_USER_TOKEN": TOKEN}
    lag = timedelta(hours=23)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "instance": base_url,
            "queries": ["zerno"],
            "page_size": 3,
            "pages": 200,
            "token_env": "MASTODON_USER_TOKEN",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/api/v2/search":
            return json_answer({"error": "Record not found"}, 404)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": "This method requires an authenticated user"}, 401)
        query = request.query
        day = datetime.fromisoformat(query["q"].partition("after:")[2]).date()
        size, offset = int(query["limit"]), int(query["offset"])
        found = sorted((i for i in items if _at(i).date() > day), key=_at, reverse=True)
        statuses = [status_of(item) for item in found[offset : offset + size]]
        return json_answer({"accounts": [], "statuses": statuses, "hashtags": []})


def _at(item: Item) -> datetime:
    return item.at or NOW - timedelta(minutes=1)


KIT = MastodonSearchKit()
