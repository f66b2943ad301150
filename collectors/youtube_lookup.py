"""Reading YouTube videos and comments again by their ids; 50 cost one unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from collectors.items import Converted, convert, mapping, sequence, string
from collectors.youtube_api import Api
from collectors.youtube_items import comment_post, video_post

SIZE: Final = 50
"""Ids of one request."""

_VIDEO = re.compile(r"[\w-]{11}")
_ONE_IS_GONE: Final = "commentNotFound"


async def look_up(api: Api, ids: Sequence[str], now: datetime) -> Converted:
    """The videos and comments of these ids that are there.

    Raises:
        FatalError, RetriableError: as the API's.
    """
    videos = [native_id for native_id in ids if _VIDEO.fullmatch(native_id)]
    comments = [native_id for native_id in ids if not _VIDEO.fullmatch(native_id)]
    known = await api.videos(videos)
    hits = [{"id": {"videoId": video}} for video in known]
    found = convert(hits, lambda hit: video_post(hit, known, now), lambda hit: hit["id"]["videoId"])
    told = convert(
        await _comments(api, comments),
        lambda comment: comment_post(
            (comment, None), string(mapping(comment["snippet"]).get("videoId")), now
        ),
        lambda comment: mapping(comment).get("id"),
    )
    return Converted((*found.posts, *told.posts), (*found.skipped, *told.skipped))


async def _comments(api: Api, ids: Sequence[str]) -> list[dict[str, object]]:
    """The comments that are there; a refusal because one is not is answered by asking in halves."""
    if not ids:
        return []
    params = {"part": "snippet", "id": ",".join(ids), "textFormat": "plainText"}
    answer, refusal = await api.get("comments", params, {_ONE_IS_GONE})
    if not refusal:
        return sequence(answer["items"])
    if len(ids) == 1:
        return []
    half = len(ids) // 2
    return [*await _comments(api, ids[:half]), *await _comments(api, ids[half:])]
