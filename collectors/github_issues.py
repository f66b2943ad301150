"""Issues, pull requests and their comments, as GitHub's REST and GraphQL APIs tell of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.github_text import plain
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import count, mapping, string
from collectors.text import clean, site_of

Json = Mapping[str, Any]


def node_of(item: Json) -> str:
    """Its id, the same in both APIs."""
    return string(mapping(item).get("node_id"))


def issue_post(item: Json, thread: str = "", *, now: datetime, skip_bots: bool) -> Post:
    """An issue or a pull request; a comment if it belongs to a thread.

    Raises:
        SkippableError: a bot wrote it, and those are to be skipped.
    """
    native_id, user = string(item["node_id"]), mapping(item.get("user"))
    if skip_bots and user.get("type") == "Bot":
        raise SkippableError("a bot wrote it")
    created, updated = item.get("created_at"), item.get("updated_at")
    url = string(item.get("html_url"))
    return Post(
        native_id=native_id,
        kind="comment" if thread else "issue",
        title=clean(string(item.get("title"))),
        text=plain(string(item.get("body"))),
        url=url,
        published_at=parse_date(created, now=now),
        # Anything that happens to an issue updates it; a comment can only be edited.
        edited_at=parse_date(updated, now=now) if thread and updated != created else None,
        author=Author(
            id=string(user.get("id")),
            handle=string(user.get("login")),
            created_at=parse_date(user.get("created_at"), now=now),
            location=clean(string(user.get("location"))),
        ),
        engagement=Engagement(
            likes=count(mapping(item.get("reactions")).get("+1")),
            comments=None if thread else count(item.get("comments")),
        ),
        parent_id=thread,
        thread_id=thread or native_id,
        site=site_of(url),
    )


def as_rest(node: Json) -> dict[str, Any]:
    """A node of the GraphQL API in the words of the REST API, and the issue a comment is under."""
    author = mapping(node.get("author"))
    return {
        "node_id": node.get("id"),
        "title": node.get("title"),
        "body": node.get("body"),
        "html_url": node.get("url"),
        "created_at": node.get("createdAt"),
        "updated_at": node.get("updatedAt"),
        "user": {
            "id": author.get("databaseId"),
            "login": author.get("login"),
            "type": author.get("__typename"),
            "created_at": author.get("createdAt"),
            "location": author.get("location"),
        },
        "comments": mapping(node.get("comments")).get("totalCount"),
        "reactions": {"+1": mapping(node.get("reactions")).get("totalCount")},
        "thread": string(mapping(node.get("issue")).get("id")),
    }
