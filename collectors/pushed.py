"""The JSON of a pushed post, checked by the receiver to answer and by the source to keep."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Kind, Post, SkippableError
from collectors.redact import fingerprint
from collectors.text import clean, language, site_of

MOST_POSTS: Final = 1000
"""Posts in one delivery."""

_Count = Field(default=None, ge=0, lt=2**53)


class PushedAuthor(BaseModel):
    """Who wrote a pushed post."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: str = ""
    handle: str = ""
    name: str = ""
    followers: int | None = _Count


class PushedPost(BaseModel):
    """A post as senders write it; a field we do not know is refused, for it may be misspelt."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    id: str = Field(default="", description="Your own id of it: stable and unique.")
    text: str = ""
    title: str = ""
    url: str = ""
    published_at: datetime | None = Field(default=None, description="ISO 8601 or epoch; else UTC.")
    edited_at: datetime | None = None
    author: PushedAuthor | str = ""
    kind: Kind = "post"
    lang: str = ""
    rating: float | None = Field(default=None, allow_inf_nan=False)
    rating_scale: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    likes: int | None = _Count
    comments: int | None = _Count
    shares: int | None = _Count
    views: int | None = _Count
    parent_id: str = ""
    thread_id: str = ""
    site: str = ""
    deleted: bool = Field(default=False, description="The post of this id is gone: forget it.")

    @model_validator(mode="after")
    def _says_something(self) -> PushedPost:
        if self.deleted and not self.id:
            raise ValueError("a deleted post needs its id")
        if not self.deleted and not self.text.strip() and not self.title.strip():
            raise ValueError("it has no text")
        return self


def items_of(body: bytes) -> list[Any]:
    """The posts of a delivery, unchecked: a list of objects, or one object.

    Raises:
        ValueError: it is no such JSON.
    """
    try:
        value = json.loads(body)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("the body is not JSON") from None
    items = [value] if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise ValueError("write a post as a JSON object, or a list of them")  # noqa: TRY004
    if len(items) > MOST_POSTS:
        raise ValueError(f"a delivery may hold {MOST_POSTS} posts, not {len(items)}")
    return items


def checked(item: object) -> PushedPost:
    """A post of a delivery.

    Raises:
        SkippableError: it is not one; the message names the field.
    """
    if not isinstance(item, dict):
        raise SkippableError("not a JSON object")
    try:
        return PushedPost.model_validate(_whole(item))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        message = problem["msg"].removeprefix("Value error, ")
        raise SkippableError(f"{field}: {message}" if field else message) from None


def pushed_to_post(pushed: PushedPost, now: datetime) -> Post:
    """The post of a pushed one; without an id its words are one."""
    text, title = clean(pushed.text), clean(pushed.title)
    author = pushed.author
    if isinstance(author, str):
        author = PushedAuthor(name=author)
    said = "\x1f".join((author.id or author.handle or author.name, pushed.url, title, text))
    return Post(
        native_id=pushed.id.strip() or f"sha256:{fingerprint(said)}",
        kind=pushed.kind,
        title=title,
        text=text,
        url=pushed.url,
        published_at=parse_date(pushed.published_at, now=now, zone=UTC),
        edited_at=parse_date(pushed.edited_at, now=now, zone=UTC),
        author=Author(author.id, author.handle, clean(author.name), author.followers),
        engagement=Engagement(pushed.likes, pushed.comments, pushed.shares, pushed.views),
        lang=language(pushed.lang),
        rating=pushed.rating,
        rating_scale=pushed.rating_scale,
        parent_id=pushed.parent_id,
        thread_id=pushed.thread_id,
        site=clean(pushed.site) or site_of(pushed.url),
    )


def _whole(value: Any) -> Any:
    """The JSON value without lone surrogates: the escapes of JSON can name half a character."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {name: _whole(item) if not isinstance(item, list) else item
                for name, item in value.items()}  # fmt: skip
    return value
