"""Reading posts of a Discourse forum again, one by one: there is no lookup of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from collectors.discourse_api import Forum
from collectors.discourse_post import Reading, converted, deleted
from collectors.interface import Clock, Page
from collectors.items import Converted, count, string
from collectors.rereads import GONE, reread_page, side_by_side


async def look_up(forum: Forum, ids: Sequence[str], clock: Clock) -> Page:
    """What these posts are now; those the forum does not know any more are deleted.

    Args:
        forum: where they are.
        ids: their numbers.
        clock: tells the current time.

    Raises:
        FatalError, RetriableError: the forum cannot be asked.
    """
    answers = await side_by_side(_single(forum, number, clock) for number in ids)
    found = [answer for answer in answers if isinstance(answer, Converted)]
    posts = tuple(post for each in found for post in each.posts)
    skipped = tuple(item for each in found for item in each.skipped)
    gone = [i for i, answer in zip(ids, answers, strict=True) if answer is GONE]
    return reread_page(ids, Converted(posts, skipped), gone=gone, missing_are_gone=False)


async def _single(forum: Forum, number: str, clock: Clock) -> object:
    """The post of a number, `GONE`, or `None` if that cannot be told."""
    if not number.isdecimal():
        return None
    item = await forum.known(number)
    if item is None or deleted([item]):
        return GONE
    if string(item.get("id")) != number:
        return None
    topics = await _title(forum, item)
    return None if topics is None else converted([item], Reading(forum.base, clock(), topics))


async def _title(forum: Forum, item: Mapping[str, Any]) -> Mapping[int, str] | None:
    """The title of the topic that a post begins, which a post alone does not name.

    `None` if the forum does not tell it: without its title the post would look edited.
    """
    topic = count(item.get("topic_id"))
    begins = (count(item.get("post_number")) or 1) == 1
    if not begins or not topic or item.get("topic_title"):
        return {}
    title = await forum.title(topic)
    return {topic: title} if title else None
