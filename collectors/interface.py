"""The contract between a source and everything that reads it.

A collector turns one configured source into *pages* of posts. Each page carries the cursor that
covers it, so whoever stores the page and the cursor in one transaction can be killed at any
moment and go on from there. Collectors never filter by date: a cursor only limits how far back
to look.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from collectors.http import HttpClient

Clock = Callable[[], datetime]
"""Returns the current time as an aware UTC datetime."""

Kind = Literal["post", "comment", "review", "article", "issue", "video", "message"]

Cursor = Mapping[str, Any]
"""Where a source's walk stands: JSON-serialisable, opaque to everyone but its collector."""


class Terms(StrEnum):
    """What a source's terms allow to keep; drives retention and export."""

    OPEN = "open"
    EXCERPT = "excerpt"
    DELETE_ON_REQUEST = "delete-on-request"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as far as the source says."""

    id: str = ""
    handle: str = ""
    name: str = ""
    followers: int | None = None
    verified: bool | None = None
    """Whether the source vouches for who it is; `None` where it does not say."""
    created_at: datetime | None = None
    """When the account was made."""
    location: str = ""
    """As the author wrote it, not a place we looked up."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """How many people reacted; `None` is unknown, 0 is a known zero."""

    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One item of a source, cleaned: plain text, aware UTC times, an opaque string id.

    Attributes:
        native_id: stable and unique inside the collector's `scope`.
        text: plain text without markup, null bytes or lone surrogates; never only the title.
        published_at: the author's claim; `None` when the source gives none or an impossible one.
        lang: the language the author or source declared (ISO 639-1), not a guess of ours.
        rating: stars or points as given, with `rating_scale` as their maximum.
    """

    native_id: str
    text: str
    kind: Kind = "post"
    title: str = ""
    url: str = ""
    published_at: datetime | None = None
    edited_at: datetime | None = None
    author: Author = field(default_factory=Author)
    engagement: Engagement = field(default_factory=Engagement)
    lang: str | None = None
    rating: float | None = None
    rating_scale: float | None = None
    parent_id: str = ""
    thread_id: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not become a post, and why: counted, never lost silently."""

    native_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch the walk could not cover (a page cap, a feed that overflowed)."""

    reason: str
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Posts in the source's order, and the cursor that covers them.

    Attributes:
        cursor: to be stored in the same transaction as the posts. Between pages it holds the old
            watermark and where to resume; only the last page's cursor moves the watermark.
        deleted: native ids the source now says are gone.
        poll_after: how long the source asked us to wait before the next poll, if it did.
        note: why the page is empty or short, in a few words for a person.
        goes_on: the poll stops here at its page cap, with more to read: the next is due soon.
    """

    cursor: Cursor
    posts: tuple[Post, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    deleted: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    poll_after: timedelta | None = None
    note: str = ""
    goes_on: bool = False


class CollectorError(Exception):
    """A source could not be read; the class says what the scheduler should do.

    Args:
        message: what happened and what to do about it, without secrets.
        source: the configured name of the source.
    """

    def __init__(self, message: str, *, source: str = "") -> None:
        super().__init__(f"{source}: {message}" if source else message)
        self.source = source


class FatalError(CollectorError):
    """Configuration or credentials are wrong: polling again will not help."""


class RetriableError(CollectorError):
    """The network, a rate limit or a server failure: poll again later.

    Args:
        retry_after: how long the server asked us to wait, if it said so.
        throttled: whether it was a limit that was reached; whoever asks to wait means one.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str = "",
        retry_after: timedelta | None = None,
        throttled: bool = False,
    ) -> None:
        super().__init__(message, source=source)
        self.retry_after = retry_after
        self.throttled = throttled or retry_after is not None


class SkippableError(CollectorError):
    """One item is unusable: the collector counts it as skipped and goes on."""


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def _duration(value: object) -> object:
    match = re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time as people write it: `30s`, `15m`, `6h`, `7d`, `2w`."""


class SourceSettings(BaseModel):
    """What every `[[source]]` table may hold; each collector adds its own fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, description="A name of your own, unique.")
    type: str = Field(description="Which collector reads it, e.g. rss, hackernews, mastodon.")
    interval: Duration = Field(
        default=timedelta(minutes=15),
        ge=timedelta(seconds=10),
        le=timedelta(days=7),
        description="How often to poll it.",
    )
    enabled: bool = Field(default=True, description="false keeps it in the file but unpolled.")

    @property
    def missing_variables(self) -> tuple[str, ...]:
        """The environment variables that its `…_env` fields name and that hold nothing."""
        named = (getattr(self, field) for field in type(self).model_fields if _names_one(field))
        return tuple(name for name in named if name and not os.environ.get(str(name), "").strip())


def _names_one(field: str) -> bool:
    return field.endswith("_env")


SettingsT = TypeVar("SettingsT", bound=SourceSettings)
# Inside Collector the name `type` is the source's, so the built-in is spelled out here.
SettingsType = type[SourceSettings]


class Collector(ABC, Generic[SettingsT]):
    """Reads one configured source. Subclasses live in `collectors/sources/`, one file each.

    Class attributes:
        type: the name used in `[[source]] type = "…"`.
        Settings: the pydantic model of its configuration table.
        terms: what its terms of use allow to keep.
        overlap: how far before the watermark every poll looks again, at least the source's worst
            indexing delay.
    """

    type: ClassVar[str]
    Settings: ClassVar[SettingsType]
    terms: ClassVar[Terms] = Terms.OPEN
    overlap: ClassVar[timedelta] = timedelta(0)

    def __init__(self, settings: SettingsT, http: HttpClient, clock: Clock) -> None:
        self.settings = settings
        self.http = http
        self.clock = clock

    @property
    def scope(self) -> str:
        """Inside what a `native_id` is unique; with it, the identity of a mention."""
        return self.type

    def afresh(self, cursor: Cursor) -> Cursor:
        """The cursor of a first run that still remembers what an earlier walk used up today."""
        return {}

    async def limits_left(self, cursor: Cursor) -> str:
        """What is left of limits that no header tells of, for a person; empty if there are none."""
        return ""

    @abstractmethod
    def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield pages until the source has nothing newer; an empty cursor is the first run.

        Raises:
            FatalError: configuration or credentials are wrong.
            RetriableError: the source cannot be read now.
        """
