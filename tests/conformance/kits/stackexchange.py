from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

FIRST = 79_000_000


class StackExchangeKit(Kit):
    type = "stackexchange"
    size = "pagesize"
    environment: ClassVar = {"STACKEXCHANGE_KEY": "s3cret-application-key(("}
    lag = timedelta(minutes=50)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "key_env": "STACKEXCHANGE_KEY",
            "page_size": 3,
            "base_url": f"{base_url}/2.3",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        query = request.query
        if query.get("key") != self.environment["STACKEXCHANGE_KEY"]:
            return refusal(400, "bad_parameter", "`key` doesn't match a known application")
        if query["site"] != "stackoverflow":
            return refusal(400, "bad_parameter", f"No site found for name `{query['site']}`")
        method = request.path.removeprefix("/2.3/")
        if method.startswith("posts/"):
            wanted = {int(number) for number in method.removeprefix("posts/").split(";")}
            assert len(wanted) <= 100
            assert query["filter"] == "withbody"
            return wrapper([_post(item) for item in items if FIRST + item.number in wanted])
        if method.startswith("questions/"):
            wanted = {int(number) for number in method.removeprefix("questions/").split(";")}
            return wrapper([_excerpt(item) for item in items if FIRST + item.number in wanted])
        if method != "search/excerpts":
            return refusal(404, "no_method", "no method found with this name")
        return self._search(query, items)

    def _search(self, query: Any, items: Sequence[Item]) -> Answer:
        low, high = int(query["min"]), int(query["max"])
        found = [item for item in items if low <= _second(item) <= high]
        found.sort(key=lambda item: (_second(item), item.number), reverse=True)
        size = int(query["pagesize"])
        start = size * (int(query["page"]) - 1)
        shown = [_excerpt(item) for item in found[start : start + size]]
        return wrapper(shown, has_more=self.goes_on(start, size, len(found)))


def wrapper(items: list[Any], *, has_more: bool = False, **fields: Any) -> Answer:
    """The object around every answer, as the documentation of the API gives it."""
    quota = {"quota_max": 10_000, "quota_remaining": 9_000}
    return json_answer({"items": items, "has_more": has_more, **quota, **fields})


def refusal(number: int, name: str, message: str) -> Answer:
    return json_answer({"error_id": number, "error_name": name, "error_message": message}, 400)


def _second(item: Item) -> int:
    """When the site saw it last, whatever moment a post claims to be of."""
    believable = item.at is not None and item.at < NOW + timedelta(days=1)
    return int((item.at if item.at and believable else NOW - timedelta(minutes=1)).timestamp())


def _excerpt(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    number = {"question_id": FIRST + item.number} if item.has_id else {}
    return {
        "item_type": "question",
        "title": "Zerno &amp; the grinder",
        "excerpt": '&hellip; <span class="highlight">Zerno</span> &hellip;',
        "last_activity_date": _second(item),
        "answer_count": 2,
        "score": 3,
        "tags": ["coffee"],
        **number,
    }


def _post(item: Item) -> Any:
    post = {
        "post_id": FIRST + item.number,
        "post_type": "question",
        "link": f"https://stackoverflow.com/q/{FIRST + item.number}",
        "body": None if item.text is None else f"<p>{escape(item.text)}</p>\n",
        "score": 3,
        "owner": {"user_id": 7, "user_type": "registered", "display_name": "Anna", "reputation": 1},
        "creation_date": int(item.at.timestamp()) if item.at else None,
        "last_activity_date": _second(item),
        "content_license": "CC BY-SA 4.0",
    }
    return {name: value for name, value in post.items() if value is not None}


KIT = StackExchangeKit()
