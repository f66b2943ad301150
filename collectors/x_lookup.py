"""Reading posts of X again by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from collectors.interface import Page, Post, Skipped
from collectors.items import Converted, convert, mapping, sequence, string
from collectors.rereads import reread_page
from collectors.x_api import Api, Json, authors_of, read_post

SIZE: Final = 100
"""Ids of one request."""

# Protected and suspended posts have to go like deleted ones.
_GONE: Final = ("/resource-not-found", "/not-authorized-for-resource")


async def look_up(api: Api, ids: Sequence[str], now: datetime) -> Page:
    """What these posts are now; an edited one is read, and paid for, once more.

    Raises:
        SpendCapError, FatalError, RetriableError: as the API's.
    """
    numbers = [number for number in ids if number.isascii() and number.isdecimal()]
    if not numbers:
        return Page({})
    first = await api.look_up(numbers)
    # An id stands for one version of a post; the newest has the last id of its history.
    edited = [newest for item in _items(first) if (newest := _newest(item)) != _id(item)]
    second = await api.look_up(edited) if edited else {}
    known = {_newest(item) for item in _items(second)}
    older = [item for item in _items(first) if _newest(item) not in known]
    posts: list[Post] = []
    skipped: list[Skipped] = []
    for answer, items in ((first, older), (second, _items(second))):
        authors = authors_of(answer)
        part = convert(items, lambda item, by=authors: read_post(item, by, now), _oldest)  # type: ignore[misc]
        posts += part.posts
        skipped += part.skipped
    found = Converted(tuple(posts), tuple(skipped))
    return reread_page(ids, found, gone=_gone(first), missing_are_gone=False)


def _items(answer: Json) -> list[Json]:
    return [mapping(item) for item in sequence(answer.get("data"))]


def _gone(answer: Json) -> list[str]:
    errors = [mapping(error) for error in sequence(answer.get("errors"))]
    return [
        string(error.get("resource_id")) or string(error.get("value"))
        for error in errors
        if error.get("resource_type") == "tweet" and string(error.get("type")).endswith(_GONE)
    ]


def _id(item: Json) -> str:
    return string(item.get("id"))


def _history(item: Json) -> list[Any]:
    return sequence(item.get("edit_history_tweet_ids")) or [_id(item)]


def _newest(item: Json) -> str:
    return string(_history(item)[-1])


def _oldest(item: Json) -> str:
    return string(_history(item)[0])
