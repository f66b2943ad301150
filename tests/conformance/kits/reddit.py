from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

TOKEN = "s3cret-reddit-token"
BASIC = base64.b64encode(b"s3cret-reddit-id:s3cret-reddit-secret").decode()


class RedditKit(Kit):
    type = "reddit"
    size = "limit"
    environment: ClassVar = {
        "REDDIT_ID": "s3cret-reddit-id",
        "REDDIT_SECRET": "s3cret-reddit-secret",
    }
    secrets = (TOKEN, BASIC)
    lag = timedelta(hours=1, minutes=50)
    most = 1000

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "client_id_env": "REDDIT_ID",
            "client_secret_env": "REDDIT_SECRET",
            "page_size": 3,
            "api_url": base_url,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path == "/api/v1/access_token":
            return _token(request)
        if request.path not in {"/search", "/api/info"}:
            return json_answer({"message": "Not Found", "error": 404}, 404)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_answer({"message": "Unauthorized", "error": 401}, 401)
        if request.path == "/api/info":
            wanted = request.query["id"].split(",")
            found = [_child(item) for item in items if name_of(item) in wanted]
            return json_answer({"kind": "Listing", "data": {"children": found, "after": None}})
        page, more = self.page_of(request, items)
        after = name_of(page[-1]) if page and more else None
        children = [_child(item) for item in page]
        return json_answer({"kind": "Listing", "data": {"children": children, "after": after}})

    def page_of(self, request: Request, items: Sequence[Item]) -> tuple[list[Item], bool]:
        """The items a page shows, newest first, and whether it says that there are more."""
        found = sorted(items, key=lambda item: (item.at or NOW, item.number), reverse=True)
        found = found[: self.most]
        anchor = request.query.get("after")
        names = [name_of(item) for item in found]
        # Behind a post that is no longer there Reddit shows nothing.
        start = (names.index(anchor) + 1 if anchor in names else len(found)) if anchor else 0
        size = int(request.query["limit"])
        return found[start : start + size], self.goes_on(start, size, len(found))


def name_of(item: Item) -> str:
    return f"t3_z{item.number:03}"


def body_of(text: str) -> str:
    """A text as Reddit renders it, in both formats."""
    return f'<!-- SC_OFF --><div class="md"><p>{escape(text)}</p>\n</div><!-- SC_ON -->'


def path_of(item: Item) -> str:
    return f"/r/coffee/comments/{name_of(item).removeprefix('t3_')}/zerno/"


def _token(request: Request) -> Answer:
    if request.headers.get("authorization") != f"Basic {BASIC}":
        return json_answer({"message": "Unauthorized", "error": 401}, 401)
    if request.form().get("grant_type") != "client_credentials":
        return json_answer({"error": "unsupported_grant_type"})
    answer = {"token_type": "bearer", "expires_in": 86400, "scope": "*"}
    return json_answer({"access_token": TOKEN, **answer})


def _child(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    thing = {
        "name": name_of(item) if item.has_id else None,
        "title": "Zerno",
        "selftext": item.text,
        "selftext_html": None if item.text is None else body_of(item.text),
        "author": "anna",
        "author_fullname": "t2_anna",
        "created_utc": item.at.timestamp() if item.at else None,
        "edited": False,
        "permalink": path_of(item),
        "score": 12,
        "num_comments": 3,
        "subreddit": "coffee",
        "over_18": False,
        "removed_by_category": None,
    }
    kept = {name: value for name, value in thing.items() if value is not None}
    return {"kind": "t3", "data": kept}


KIT = RedditKit()
