"""An event of Bluesky's Jetstream (version 1 of its wire) to a post or a deletion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from collectors.bluesky_record import language_of, text_of
from collectors.dates import parse_date
from collectors.interface import Author, Post
from collectors.items import count, mapping, string

POSTS: Final = "app.bsky.feed.post"


def read_event(message: str) -> Any:
    """The event of a message; the message itself if it is none."""
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return message


def time_of(event: object) -> int | None:
    """When the network saw it, in microseconds since 1970."""
    return count(mapping(event).get("time_us"))


def uri_of(event: Any) -> str:
    """The permanent name of the post an event is about, the same in the search."""
    commit = mapping(event["commit"])
    return f"at://{event['did']}/{commit['collection']}/{commit['rkey']}"


def deleted_uri(event: object) -> str:
    """The name of the post an event deletes; empty if it deletes none."""
    commit = mapping(mapping(event).get("commit"))
    whole = "did" in mapping(event) and "rkey" in commit and commit.get("collection") == POSTS
    return uri_of(event) if whole and commit.get("operation") == "delete" else ""


def event_post(event: Mapping[str, Any], now: datetime) -> Post | None:
    """The post that an event brings or changes; `None` if it does neither, or has no text."""
    if event.get("kind", "commit") != "commit":
        return None
    commit = mapping(event["commit"])
    if commit["operation"] == "delete" or commit["collection"] != POSTS:
        return None
    record, uri, did = mapping(commit["record"]), uri_of(event), string(event["did"])
    text, reply = text_of(record), mapping(record.get("reply"))
    if not text:
        return None
    changed = parse_date(event.get("time_us"), now=now) if commit["operation"] == "update" else None
    return Post(
        native_id=uri,
        text=text,
        url=f"https://bsky.app/profile/{did}/post/{string(commit['rkey'])}",
        published_at=parse_date(record.get("createdAt"), now=now),
        edited_at=changed,
        author=Author(id=did),
        lang=language_of(record),
        parent_id=string(mapping(reply.get("parent")).get("uri")),
        thread_id=string(mapping(reply.get("root")).get("uri")),
        site="bsky.app",
    )
