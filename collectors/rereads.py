"""Reading posts again by their ids: what a source may offer beside its walk.

It tells of edits and deletions and of how likes and comments have grown. Not every service has
such a lookup; those that do get their deletions noticed, as their terms ask.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, Final, TypeVar

from collectors.interface import Collector, Page
from collectors.items import Converted

T = TypeVar("T")

GONE: Final = object()
"""A service's word that a post is there no more, as the answer of a lookup of one."""


class Rereads(ABC):
    """A collector that can read posts again; it is one beside `Collector`.

    Attributes:
        reread_size: how many ids are asked for at once.
    """

    reread_size: int = 50

    @property
    def can_reread(self) -> bool:
        """Whether it can as it is configured; some lookups need credentials."""
        return True

    @abstractmethod
    async def reread(self, ids: Sequence[str]) -> Page:
        """What the posts of these native ids are now; the page's cursor means nothing.

        Args:
            ids: at most `reread_size`, of posts this collector's scope has brought.

        Returns:
            The posts that are there, the same as a poll would show them; in `deleted` the ids
            that the source says are gone, which an error never is. An id in neither is unknown.

        Raises:
            FatalError: configuration or credentials are wrong.
            RetriableError: the source cannot be read now.
        """


def rereader(collector: Collector[Any]) -> Rereads | None:
    """The collector as one that can read posts again now, or `None`."""
    return collector if isinstance(collector, Rereads) and collector.can_reread else None


async def side_by_side(lookups: Iterable[Awaitable[T]]) -> list[T]:
    """The answers of lookups made at the same time; if one fails, its error, once all have ended.

    Raises:
        CollectorError: of the first that failed.
    """
    answers: list[T] = []
    for answer in await asyncio.gather(*lookups, return_exceptions=True):
        if isinstance(answer, BaseException):
            raise answer
        answers.append(answer)
    return answers


def reread_page(
    asked: Sequence[str], found: Converted, *, gone: Iterable[str] = (), missing_are_gone: bool
) -> Page:
    """The page of a lookup that answered.

    Args:
        asked: native ids.
        found: what came; a skipped item is there, it only cannot be a post.
        gone: ids the answer itself calls deleted.
        missing_are_gone: whether the service leaves out only what is deleted.
    """
    there = {post.native_id for post in found.posts} | {item.native_id for item in found.skipped}
    named = set(gone)
    # An item skipped without a name could be any of them.
    whole = missing_are_gone and all(item.native_id for item in found.skipped)
    # An id too long to be kept as it was cannot be asked for.
    whole_ids = (i for i in asked if not i.startswith("sha256:"))
    deleted = (i for i in whole_ids if i in named or (whole and i not in there))
    return Page({}, found.posts, found.skipped, tuple(deleted))
