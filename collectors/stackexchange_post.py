"""Questions and answers of Stack Exchange: a hit tells where, the post behind it what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import count, mapping, string
from collectors.text import html_to_text, site_of

# Sites where everybody writes in the language of their name.
_LOCALISED = re.compile(r"(ru|es|pt|ja)\.(?:meta\.)?stackoverflow")

Json = Mapping[str, Any]


def number_of(hit: Json) -> str:
    """The number of the post a hit is about."""
    is_answer = hit.get("item_type") == "answer"
    return string(hit.get("answer_id" if is_answer else "question_id"))


def read_post(hit: Json, posts: Mapping[str, Json], site: str, now: datetime) -> Post:
    """One question or answer.

    Args:
        hit: what the search says of it.
        posts: whole posts by their number, this one among them.
        site: where it is, in the API's words.
        now: aware; later dates are impossible.

    Raises:
        SkippableError: it is not among the posts.
    """
    number, asked = number_of(hit), string(hit["question_id"])
    question = f"{site}/{asked}" if asked else ""
    if number not in posts:
        raise SkippableError("deleted since the search saw it")
    post, is_answer = posts[number], hit.get("item_type") == "answer"
    owner, link = mapping(post.get("owner")), string(post.get("link"))
    # Deleted users keep their name and lose their number.
    user = string(owner.get("user_id"))
    return Post(
        native_id=f"{site}/{number}",
        kind="comment" if is_answer else "post",
        title="" if is_answer else html_to_text(string(hit.get("title"))),
        text=html_to_text(string(post.get("body"))),
        url=link,
        published_at=parse_date(post.get("creation_date"), now=now),
        edited_at=parse_date(post.get("last_edit_date"), now=now),
        author=Author(
            id=f"{site}/{user}" if user else "",
            name=html_to_text(string(owner.get("display_name"))),
        ),
        engagement=Engagement(
            likes=count(post.get("score")),
            comments=None if is_answer else count(hit.get("answer_count")),
        ),
        lang=localised[1] if (localised := _LOCALISED.fullmatch(site)) else None,
        parent_id=question if is_answer else "",
        thread_id=question,
        site=site_of(link),
    )
