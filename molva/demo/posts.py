"""The values of the demo's world: what somebody wrote, when it showed up, how it changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Place = Literal[
    "bluesky", "mastodon", "telegram", "reviews", "blog", "city-news", "city-news-ru", "hackernews"
]
Mood = Literal["negative", "neutral", "positive", "mixed", "none"]
Oddity = Literal["", "malformed", "no-id", "future"]

PLACES: tuple[Place, ...] = (
    "bluesky",
    "mastodon",
    "telegram",
    "reviews",
    "blog",
    "city-news",
    "city-news-ru",
    "hackernews",
)


@dataclass(frozen=True, slots=True)
class WorldAuthor:
    """Somebody who writes; `number` is unique and makes the ids of every place."""

    number: int
    handle: str
    name: str
    followers: int


@dataclass(frozen=True, slots=True)
class Edit:
    """What a post says from `at` on."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class WorldPost:
    """One post, with the truth about it that no collector sees.

    Attributes:
        number: position in the order in which its place showed it, from 1.
        published: the author's claim (aware UTC).
        appears: from when its place shows it; later than `published` for a late arrival.
        brands: the chains it names, by id; empty for a namesake and for town life.
        mood: how it was meant; `none` where no brand is named.
        cause: what it is about, in the words of the texts' files; empty if nothing clear.
        story: the same for every telling of one story.
        link: an address other than its place's own (a reprint's original).
    """

    place: Place
    number: int
    published: datetime
    appears: datetime
    lang: str
    text: str
    author: WorldAuthor
    title: str = ""
    brands: tuple[str, ...] = ()
    mood: Mood = "none"
    cause: str = ""
    edits: tuple[Edit, ...] = ()
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
    tags: tuple[str, ...] = field(default=())

    def revision(self, now: datetime) -> int:
        """How many edits had been made by `now`."""
        return sum(edit.at <= now for edit in self.edits)

    def text_at(self, now: datetime) -> str:
        """What the post says at `now`."""
        done = self.revision(now)
        return self.edits[done - 1].text if done else self.text

    def edited_at(self, now: datetime) -> datetime | None:
        """When it was last edited before `now`."""
        done = self.revision(now)
        return self.edits[done - 1].at if done else None

    def visible(self, now: datetime) -> bool:
        """Whether its place shows it at `now`."""
        return self.appears <= now and (self.deleted_at is None or now < self.deleted_at)
