from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class DiscourseKit(Kit):
    """A forum whose pages are small; posts are numbered as they arrive, whatever their date."""

    type = "discourse"
    environment: ClassVar = {"DISCOURSE_KEY": "s3cret-discourse-key"}
    lag = timedelta(days=300)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"url": f"{base_url}/forum", "key_env": "DISCOURSE_KEY", "key_user": "reader"}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        given = request.headers.get("api-key"), request.headers.get("api-username")
        if given != ("s3cret-discourse-key", "reader"):
            return json_answer({"errors": ["You need to log in"], "error_type": "x"}, 403)
        if request.path == "/forum/t/7.json":
            return json_answer({"id": 7, "title": "Which beans?", "posts_count": len(items)})
        if single := re.fullmatch(r"/forum/posts/(\d+)\.json", request.path):
            return _alone(int(single[1]), items)
        if request.path != "/forum/posts.json":
            return json_answer({"errors": ["No such page"], "error_type": "not_found"}, 404)
        before = int(request.query.get("before", 10**9))
        shown = sorted((i for i in items if number(i) < before), key=number, reverse=True)
        return json_answer({"latest_posts": [post(item) for item in shown[: self.page]]})


def _alone(wanted: int, items: Sequence[Item]) -> Answer:
    """A post by its number: without the title of its topic, which only lists of posts name."""
    for item in items:
        if number(item) == wanted:
            shown = post(item)
            return json_answer({key: shown[key] for key in shown if key != "topic_title"})
    return json_answer({"errors": ["No such page"], "error_type": "not_found"}, 404)


def number(item: Item) -> int:
    return 1000 + item.number


def post(item: Item) -> Any:
    """An item as the post serializer shows it."""
    if item.junk is not None:
        return item.junk
    shown = {
        "id": number(item) if item.has_id else None,
        "post_number": item.number,
        "post_type": 1,
        "topic_id": 7,
        "topic_slug": "which-beans",
        "topic_title": "Which beans?",
        "user_id": 31,
        "username": "anna",
        "name": "Anna",
        "created_at": item.stamp() or None,
        "updated_at": item.stamp() or None,
        "version": 1,
        "cooked": None if item.text is None else f"<p>{escape(item.text)}</p>",
        "reply_count": 2,
        "reads": 40,
        "actions_summary": [{"id": 2, "count": 5}],
        "hidden": False,
        "user_deleted": False,
        "deleted_at": None,
    }
    return {name: value for name, value in shown.items() if value is not None}


KIT = DiscourseKit()
