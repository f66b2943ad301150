from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class MastodonKit(Kit):
    type = "mastodon"
    size = "limit"
    environment: ClassVar = {"MASTODON_TOKEN": "s3cret-mastodon-token"}
    lag = timedelta(days=300)
    home = "https://kofe.example"

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        self.home = base_url
        return {
            "instance": base_url,
            "tags": ["zerno"],
            "page_size": 3,
            "token_env": "MASTODON_TOKEN",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path.startswith("/api/v1/statuses/"):
            wanted = [item for item in items if request.path.endswith(f"/{_id(item)}")]
            if wanted:
                return json_answer(status_of(wanted[0], self.home))
            return json_answer({"error": "Record not found"}, 404)
        if request.path != "/api/v1/timelines/tag/zerno":
            return Answer(404, b"<html>no such page", {"Content-Type": "text/html"})
        if request.headers.get("authorization") != "Bearer s3cret-mastodon-token":
            return json_answer({"error": "This method requires an authenticated user"}, 401)
        size, query = int(request.query["limit"]), request.query
        below, above = int(query.get("max_id", 10**9)), int(query.get("min_id", 0))
        shown = sorted((i for i in items if above < _id(i) < below), key=_id)
        page = shown[:size] if "min_id" in query else shown[-size:]
        return json_answer([status_of(item, self.home) for item in reversed(page)])


def _id(item: Item) -> int:
    return 1000 + item.number


def status_of(item: Item, home: str = "https://kofe.example") -> Any:
    if item.junk is not None:
        return item.junk
    uri = f"{home}/users/anna/statuses/{_id(item)}"
    status = {
        "id": str(_id(item)),
        "uri": uri if item.has_id else None,
        "url": uri if item.has_id else None,
        "content": None if item.text is None else f"<p>{escape(item.text)}</p>",
        "spoiler_text": "",
        "visibility": "public",
        "language": "en",
        "created_at": item.stamp() or None,
        "edited_at": None,
        "favourites_count": 1,
        "reblogs_count": 0,
        "replies_count": 2,
        "reblog": None,
        "media_attachments": [],
        "account": {
            "id": "7",
            "acct": "anna",
            "display_name": "Anna",
            "followers_count": 31,
            "uri": "https://kofe.example/users/anna",
        },
    }
    return {name: value for name, value in status.items() if value is not None}


KIT = MastodonKit()
