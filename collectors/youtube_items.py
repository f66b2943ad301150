"""Videos and comments of the YouTube Data API, as posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import count, mapping, sequence, string
from collectors.text import clean, language

WATCH_URL = "https://www.youtube.com/watch?v="
SITE = "youtube.com"

Remark = tuple[Any, int | None]
"""A comment as it was sent, and how many replies it has if that is known."""


def video_id(hit: Mapping[str, Any]) -> str:
    """The id in a hit of the search."""
    return string(hit["id"]["videoId"])


def published(item: object, now: datetime) -> datetime | None:
    """When YouTube says that a hit or a video appeared."""
    return parse_date(mapping(mapping(item).get("snippet")).get("publishedAt"), now=now)


def video_post(
    hit: Mapping[str, Any], videos: Mapping[str, Mapping[str, Any]], now: datetime
) -> Post:
    """The post of a hit; a hit itself holds only the beginning of the description.

    Args:
        hit: of the search.
        videos: by id, as `videos.list` tells of them.
        now: later dates are impossible.

    Raises:
        SkippableError: the video is gone, though the search still finds it.
    """
    native_id = video_id(hit)
    video = mapping(videos.get(native_id))
    if not video:
        raise SkippableError("the video is gone or private")
    snippet, numbers = mapping(video["snippet"]), mapping(video.get("statistics"))
    spoken = language(snippet.get("defaultAudioLanguage"))
    return Post(
        native_id=native_id,
        kind="video",
        title=clean(string(snippet.get("title"))),
        text=clean(string(snippet.get("description"))),
        url=WATCH_URL + native_id,
        published_at=published(video, now),
        author=Author(
            id=string(snippet.get("channelId")), name=string(snippet.get("channelTitle"))
        ),
        engagement=Engagement(
            likes=count(numbers.get("likeCount")),
            comments=count(numbers.get("commentCount")),
            views=count(numbers.get("viewCount")),
        ),
        lang=spoken or language(snippet.get("defaultLanguage")),
        site=SITE,
    )


def remarks(threads: Iterable[object]) -> Iterator[Remark]:
    """The first comment of each thread and the replies that came with it."""
    for thread in threads:
        snippet = mapping(mapping(thread).get("snippet"))
        # One without a first comment is passed on whole, to be counted as malformed.
        yield snippet.get("topLevelComment") or thread, count(snippet.get("totalReplyCount"))
        replies = mapping(mapping(thread).get("replies"))
        yield from ((reply, None) for reply in sequence(replies.get("comments")))


def comment_post(remark: Remark, video: str, now: datetime) -> Post:
    """The post of a comment or a reply under `video`, asked for as plain text.

    A lookup by id does not tell the video: then it is empty.
    """
    comment, replies = remark
    native_id, snippet = string(comment["id"]), mapping(comment["snippet"])
    name = string(snippet.get("authorDisplayName"))
    created, updated = snippet.get("publishedAt"), snippet.get("updatedAt")
    return Post(
        native_id=native_id,
        kind="comment",
        text=clean(string(snippet.get("textOriginal")) or string(snippet.get("textDisplay"))),
        url=f"{WATCH_URL}{video}&lc={native_id}" if video else "",
        published_at=parse_date(created, now=now),
        edited_at=parse_date(updated, now=now) if updated != created else None,
        author=Author(
            id=string(mapping(snippet.get("authorChannelId")).get("value")),
            handle=name if name.startswith("@") else "",
            name=name,
        ),
        engagement=Engagement(likes=count(snippet.get("likeCount")), comments=replies),
        parent_id=string(snippet.get("parentId")) or video,
        thread_id=video,
        site=SITE,
    )
