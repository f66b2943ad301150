from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

XRPC = "/xrpc/"


class BlueskyKit(Kit):
    type = "bluesky"
    size = "limit"
    environment: ClassVar = {"BLUESKY_PASSWORD": "s3cret-app-password"}
    secrets = ("s3cret-access-jwt", "s3cret-refresh-jwt")

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "identifier": "molva.example",
            "password_env": "BLUESKY_PASSWORD",
            "page_size": 3,
            "base_url": base_url,
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        method = request.path.removeprefix(XRPC)
        if method == "com.atproto.server.createSession":
            return self._session(request)
        answers = {
            "app.bsky.feed.searchPosts": self._found,
            "app.bsky.feed.getPosts": _posts,
            "com.atproto.repo.getRecord": _record,
        }
        if method not in answers:
            return json_answer({"error": "MethodNotImplemented"}, 501)
        if request.headers.get("authorization") != "Bearer s3cret-access-jwt":
            return json_answer({"error": "AuthMissing"}, 401)
        return answers[method](request, items)

    def _session(self, request: Request) -> Answer:
        if request.json() != {"identifier": "molva.example", "password": "s3cret-app-password"}:
            return json_answer({"error": "AuthenticationRequired"}, 401)
        tokens = {"accessJwt": "s3cret-access-jwt", "refreshJwt": "s3cret-refresh-jwt"}
        return json_answer({**tokens, "did": "did:plc:molva", "handle": "molva.example"})

    def _found(self, request: Request, items: Sequence[Item]) -> Answer:
        since = datetime.fromisoformat(request.query["since"])
        found = sorted((i for i in items if _sorted_at(i) >= since), key=_sorted_at, reverse=True)
        start, size = int(request.query.get("cursor", 0)), int(request.query["limit"])
        answer: dict[str, Any] = {"posts": [_view(item) for item in found[start : start + size]]}
        if self.goes_on(start, size, len(found)):
            answer["cursor"] = str(start + size)
        return json_answer(answer)


def _posts(request: Request, items: Sequence[Item]) -> Answer:
    wanted = request.every["uris"]
    assert len(wanted) <= 25
    views = [_view(item) for item in items]
    return json_answer({"posts": [view for view in views if view.get("uri") in wanted]})


def _record(request: Request, items: Sequence[Item]) -> Answer:
    asked = request.query
    uri = f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}"
    for view in map(_view, items):
        if view.get("uri") == uri:
            return json_answer({"uri": uri, "cid": view["cid"], "value": view["record"]})
    message = f"Could not locate record: {uri}"
    return json_answer({"error": "RecordNotFound", "message": message}, 400)


def _indexed(item: Item) -> datetime:
    if item.arrived is not None:
        return item.arrived
    return min(item.at or NOW, NOW) if item.at else NOW - timedelta(minutes=1)


def _sorted_at(item: Item) -> datetime:
    return min(item.at, _indexed(item)) if item.at else _indexed(item)


def _view(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    record: dict[str, Any] = {"$type": "app.bsky.feed.post", "langs": ["en"]}
    if item.text is not None:
        record["text"] = item.text
    if item.at is not None:
        record["createdAt"] = item.stamp()
    view = {
        "cid": f"cid-{item.number}",
        "author": {"did": "did:plc:anna", "handle": "anna.example", "displayName": "Anna"},
        "record": record,
        "likeCount": 2,
        "repostCount": 0,
        "quoteCount": 1,
        "replyCount": 0,
        "indexedAt": _indexed(item).isoformat(),
    }
    if item.has_id:
        view["uri"] = f"at://did:plc:anna/app.bsky.feed.post/{item.number}"
    return view


KIT = BlueskyKit()
