from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer

SHOWN = 30
"""Hits of a search that can be paged through; the real service shows about 500."""

TALKED_OF = "talked-of00"


class YoutubeKit(Kit):
    """Odd items are videos that the search finds, even ones comments under one known video."""

    type = "youtube"
    size = "maxResults"
    environment: ClassVar = {"YOUTUBE_KEY": "s3cret-youtube-key"}
    lag = timedelta(hours=47)
    shown = SHOWN

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {
            "queries": ["zerno"],
            "videos": [TALKED_OF],
            "key_env": "YOUTUBE_KEY",
            "reread_units_a_day": 1_000_000,
            "searches_a_day": 100_000,
            "units_a_day": 100_000,
            "pages": 60,
            "comment_pages": 60,
            "page_size": 3,
            "comment_page_size": 3,
            "reachable": self.shown,
            "base_url": f"{base_url}/youtube/v3",
        }

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.query.get("key") != "s3cret-youtube-key":
            return refusal(400, "badRequest", "API key not valid. Please pass a valid API key.")
        return self._method(request, items)

    def _method(self, request: Request, items: Sequence[Item]) -> Answer:
        shown = sorted(items, key=lambda item: (_second(item), item.number), reverse=True)
        videos = [item for item in shown if item.number % 2]
        method = request.path.removeprefix("/youtube/v3/")
        if method == "search":
            return self._searched(request, videos)
        if method == "videos":
            wanted = request.query["id"].split(",")
            found = [_video(item) for item in videos if _video_id(item) in wanted]
            return json_answer({"items": found})
        if method == "comments":
            return _looked_up(request, shown)
        if method == "commentThreads":
            comments = [item for item in shown if not item.number % 2]
            talked_of = request.query["videoId"] == TALKED_OF
            return self._paged(request, [_thread(item) for item in comments if talked_of])
        return Answer(404)

    def _searched(self, request: Request, videos: Sequence[Item]) -> Answer:
        after, until = (
            int(datetime.fromisoformat(request.query[name]).timestamp())
            for name in ("publishedAfter", "publishedBefore")
        )
        found = [item for item in videos if after <= _second(item) < until]
        return self._paged(request, [_hit(item) for item in found[: self.shown]])

    def _paged(self, request: Request, found: Sequence[object]) -> Answer:
        start, size = int(request.query.get("pageToken", 0)), int(request.query["maxResults"])
        answer: dict[str, Any] = {"items": found[start : start + size]}
        if self.goes_on(start, size, len(found)):
            answer["nextPageToken"] = str(start + size)
        return json_answer(answer)


def _looked_up(request: Request, shown: Sequence[Item]) -> Answer:
    """Comments by id."""
    wanted = request.query["id"].split(",")
    comments = [_thread(item)["snippet"]["topLevelComment"] for item in shown]
    found = [comment for comment in comments if comment["id"] in wanted]
    # The real service has answered either way to one that is gone among others.
    if not found or (len(found) < len(wanted) and len(wanted) % 2):
        return refusal(404, "commentNotFound")
    return json_answer({"items": found})


def refusal(code: int, reason: str, message: str = "No") -> Answer:
    cause = {"message": message, "domain": "youtube", "reason": reason}
    return json_answer({"error": {"code": code, "message": message, "errors": [cause]}}, code)


def _second(item: Item) -> int:
    # The service files a video under the moment it was made public, whatever is claimed.
    return int((item.at or NOW - timedelta(minutes=1)).timestamp())


def _video_id(item: Item) -> str:
    return f"zerno-{item.number:05}"


def _hit(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    native_id = {"kind": "youtube#video"} | ({"videoId": _video_id(item)} if item.has_id else {})
    snippet = {"title": "A cup", "description": (item.text or "")[:100], **_dated(item)}
    return {"kind": "youtube#searchResult", "id": native_id, "snippet": snippet}


def _video(item: Item) -> Any:
    snippet = {"title": "A cup", "channelId": "UC-anna", "channelTitle": "Anna", **_dated(item)}
    if item.text is not None:
        snippet["description"] = item.text
    numbers = {"viewCount": "120", "likeCount": "7", "commentCount": "0"}
    return {"id": _video_id(item), "snippet": snippet, "statistics": numbers}


def _thread(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    snippet = {"authorDisplayName": "@anna", "likeCount": 1, **_dated(item)}
    if item.text is not None:
        snippet["textDisplay"] = item.text
    comment = {"snippet": snippet} | ({"id": f"Ugx-{item.number}"} if item.has_id else {})
    return {"snippet": {"topLevelComment": comment, "totalReplyCount": 0}}


def _dated(item: Item) -> dict[str, str]:
    return {"publishedAt": item.stamp()} if item.at else {}


KIT = YoutubeKit()
