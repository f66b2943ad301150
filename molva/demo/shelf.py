"""One place's posts, ready to be asked what it shows at any moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from molva.demo.posts import WorldPost


class Shelf:
    """Posts in the order of appearance, with the moments at which anything changes.

    Args:
        posts: in the order of appearance.
    """

    def __init__(self, posts: Sequence[WorldPost]) -> None:
        self._posts = tuple(posts)
        self._appear = [post.appears for post in self._posts]
        changes = [post.appears for post in self._posts]
        changes += [edit.at for post in self._posts for edit in post.edits]
        changes += [post.deleted_at for post in self._posts if post.deleted_at]
        self._changes = sorted(changes)

    def version(self, now: datetime) -> int:
        """How many changes there have been; the same number means the same content."""
        return bisect_right(self._changes, now)

    def changed_at(self, now: datetime) -> datetime | None:
        """When the content last changed."""
        version = self.version(now)
        return self._changes[version - 1] if version else None

    def newest(self, now: datetime) -> Iterator[WorldPost]:
        """Yield what is shown at `now`, the last to appear first."""
        for place in range(bisect_right(self._appear, now) - 1, -1, -1):
            if self._posts[place].visible(now):
                yield self._posts[place]

    def only(self, wanted: Callable[[WorldPost], bool]) -> Shelf:
        """Return a shelf with the posts that are wanted."""
        return Shelf([post for post in self._posts if wanted(post)])

    def by_date(self) -> list[WorldPost]:
        """Return all posts by the date their authors claim, the oldest first."""
        return sorted(self._posts, key=lambda post: (post.published, post.number))
