"""Posts while the world is being written: no numbers yet, fields still changing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from molva.demo.posts import Edit, Mood, Oddity, Place, WorldAuthor, WorldPost


@dataclass(slots=True)
class Draft:
    """A `WorldPost` without its number; the fields mean the same."""

    place: Place
    published: datetime
    lang: str
    text: str
    author: WorldAuthor
    title: str = ""
    brands: tuple[str, ...] = ()
    mood: Mood = "none"
    cause: str = ""
    appears: datetime | None = None
    edits: list[Edit] = field(default_factory=list)
    deleted_at: datetime | None = None
    rating: int | None = None
    likes: int = 0
    comments: int = 0
    shares: int = 0
    story: str = ""
    slug: str = ""
    link: str = ""
    reply: bool = False
    oddity: Oddity = ""
    tags: tuple[str, ...] = ()

    @property
    def shown(self) -> datetime:
        """When its place first shows it."""
        return self.appears or self.published

    def finished(self, number: int) -> WorldPost:
        """Return the post with its number."""
        return WorldPost(
            place=self.place,
            number=number,
            published=self.published,
            appears=self.shown,
            lang=self.lang,
            text=self.text,
            author=self.author,
            title=self.title,
            brands=self.brands,
            mood=self.mood,
            cause=self.cause,
            edits=tuple(self.edits),
            deleted_at=self.deleted_at,
            rating=self.rating,
            likes=self.likes,
            comments=self.comments,
            shares=self.shares,
            story=self.story,
            slug=self.slug,
            link=self.link,
            reply=self.reply,
            oddity=self.oddity,
            tags=self.tags,
        )


def finish(drafts: Iterable[Draft]) -> tuple[WorldPost, ...]:
    """Number the drafts of each place in the order in which it shows them."""
    numbers: dict[Place, int] = defaultdict(int)
    posts = []
    for draft in sorted(drafts, key=lambda one: (one.shown, one.published, one.text)):
        numbers[draft.place] += 1
        posts.append(draft.finished(numbers[draft.place]))
    return tuple(posts)
