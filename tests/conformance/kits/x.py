from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import Item, Kit
from tests.conformance.server import Answer, Request, json_answer


class XKit(Kit):
    type = "x"
    size = "max_results"
    environment: ClassVar = {"X_TOKEN": "s3cret-x-token"}
    lag = timedelta(days=3)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "token_env": "X_TOKEN",
            "page_size": 10,
            "pages": 50,
            "spend_per_day": 100,
            "spend_per_month": 100,
            "rereads_per_day": 100,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.headers.get("authorization") != "Bearer s3cret-x-token":
            return json_answer({"title": "Unauthorized"}, 401)
        if request.path == "/2/tweets":
            return _looked_up(request, items)
        if request.path != "/2/tweets/search/recent":
            return json_answer({"title": "Not Found"}, 404)
        query, size = request.query, int(request.query["max_results"])
        start = datetime.fromisoformat(query.get("start_time", "2020-01-01T00:00:00Z"))
        above, below = int(query.get("since_id", 0)), int(query.get("next_token", 10**9))
        found = [i for i in items if above < _id(i) < below and (i.at is None or i.at >= start)]
        found.sort(key=_id, reverse=True)
        meta: dict[str, Any] = {"result_count": len(found[:size])}
        if self.goes_on(0, size, len(found)):
            meta["next_token"] = str(_id(found[:size][-1]))
        data = {"data": [_post(item) for item in found[:size]]} if found else {}
        return json_answer({**data, "meta": meta})


def _looked_up(request: Request, items: Sequence[Item]) -> Answer:
    known = {str(_id(item)): item for item in items}
    wanted = request.query["ids"].split(",")
    found = [_post(known[number]) for number in wanted if number in known]
    errors = [not_found(number) for number in wanted if number not in known]
    return json_answer({**({"data": found} if found else {}), "errors": errors})


def not_found(number: str, kind: str = "resource-not-found") -> dict[str, str]:
    """How X says that a post is not there; other kinds are of posts one may not see."""
    return {
        "value": number,
        "resource_id": number,
        "resource_type": "tweet",
        "parameter": "ids",
        "title": "Not Found Error",
        "type": f"https://api.twitter.com/2/problems/{kind}",
    }


def _id(item: Item) -> int:
    # An edited post gets an id of its own, newer than all before it.
    edited = 500_000 if item.text == "As corrected" else 0
    return 1000 + item.number + edited


def _post(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    post = {
        "id": str(_id(item)) if item.has_id else None,
        "edit_history_tweet_ids": [str(1000 + item.number)] if item.has_id else None,
        "text": item.text,
        "author_id": "7",
        "lang": "en",
        "created_at": item.stamp() or None,
        "conversation_id": "1000",
        "public_metrics": {"like_count": 1, "reply_count": 0, "retweet_count": 2},
    }
    return {name: value for name, value in post.items() if value is not None}


KIT = XKit()
