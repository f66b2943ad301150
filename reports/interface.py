"""The values that enter and leave the reports room.

Reports read the store and write messages; what they say in words comes from the catalogues in
`messages/`, and every number they show is in the *facts* beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from math import isfinite
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

Lang = Literal["en", "ru"]
"""A language reports are written in."""

CauseNames = Mapping[str, Mapping[str, str]]
"""Cause id -> language -> what the cause is called."""

LANGS: tuple[Lang, ...] = ("en", "ru")


class ReportError(Exception):
    """A report cannot be made; the message says which and what to do."""


class ChannelError(Exception):
    """A message could not be sent; says why, without secrets.

    Args:
        message: what happened and what to do.
        permanent: sending the same again cannot help.
        retry_after: how long the service asked us to wait, if it did.
    """

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after


def identity(key: str, created_at: datetime) -> str:
    """What a message of that key, written then, is told apart from all others by."""
    return f"{key} {created_at.isoformat()}"


@dataclass(frozen=True, slots=True)
class Message:
    """What one channel receives, once.

    Attributes:
        key: what is announced, e.g. `alert:12:1`; with the channel it makes sending happen once.
        kind: `alert` or `digest`.
        facts: the JSON-serialisable numbers behind the text.
        title: a short file-name-safe hint for channels that write files.
        mail: the HTML part of an e-mail, where it is not `html`.
        pictures: what the mail shows, content id -> PNG in base64.
        brief: the text for chats, where there is little room; empty: `text`.
        recipients: whom an e-mail goes to in place of the channel's own.
        replies_to: the identities of sent messages that it continues; known when it is sent.
    """

    key: str
    kind: str
    subject: str
    text: str
    html: str
    facts: Mapping[str, Any]
    created_at: datetime
    title: str = ""
    mail: str = ""
    pictures: Mapping[str, str] = field(default_factory=dict)
    brief: str = ""
    recipients: tuple[str, ...] = ()
    replies_to: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """The same whenever it is sent again, and no other message's, be it of another store."""
        return identity(self.key, self.created_at)

    @property
    def file_name(self) -> str:
        """A name from the message's title and key alone, safe in any folder; without ending."""
        readable = re.sub(r"[^\w.-]+", "-", self.title or self.key).strip("-.")[:80]
        return f"{readable}-{sha256(self.key.encode()).hexdigest()[:8]}"

    def page_at(self, pages: str) -> str:
        """Where the page is served, if the folder of a file channel is served at `pages`."""
        return f"{pages.rstrip('/')}/{quote(self.file_name)}.html" if pages else ""

    def with_mail(self, mail: str, pictures: Mapping[str, str]) -> Message:
        """The same message with an HTML part of its own for e-mail."""
        return replace(self, mail=mail, pictures=pictures)

    def as_payload(self) -> dict[str, Any]:
        """What the outbox keeps."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "facts": dict(self.facts),
            "title": self.title,
            "mail": self.mail,
            "pictures": dict(self.pictures),
            "brief": self.brief,
            "recipients": list(self.recipients),
        }


@dataclass(frozen=True, slots=True)
class PostFact:
    """A post as a report shows it.

    Attributes:
        confidence: the calibrated probability of the sentiment; none if a person said it.
    """

    mention_id: int
    text: str
    url: str
    author: str
    followers: int | None
    source: str
    site: str
    published_at: datetime
    lang: str
    sentiment: str
    low_confidence: bool
    reach: int
    sightings: int
    causes: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A cause's evidence in the words around it, in the original language, with the way there.

    Attributes:
        text: the whole post if it is short, else the passage around the evidence.
        evidence: the part of `text` that names the cause.
    """

    text: str
    evidence: str
    url: str
    source: str
    mention_id: int


@dataclass(frozen=True, slots=True)
class CauseFact:
    """A cause (or driver) in an interval, against its baseline.

    Attributes:
        share: of the stories of that polarity in the interval, with its 95 % interval (Wilson)
            `share_low`-`share_high`.
        lift: how many times the usual rate, with its 95 % interval `low`-`high`; `None` bounds
            are unknown or unlimited.
        notable: the rise stands after Benjamini-Hochberg over all causes at 5 %.
    """

    cause: str
    name: str
    mentions: int
    share: float
    usual: float | None
    previous: int | None
    lift: float | None
    low: float | None
    high: float | None
    notable: bool
    quotes: tuple[Quote, ...] = field(default=())
    share_low: float | None = None
    share_high: float | None = None


def as_json(value: Any) -> Any:
    """Dataclasses, times and infinities as plain JSON values (an infinity becomes null)."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Route:
    """Which alerts a channel takes; see `reports.routing`.

    Attributes:
        brands: ids of brands; empty: all.
        causes: ids of causes; empty: any alert. Alerts that name none of them are kept out.
        minimum_severity: 1-10.
        escalate_after: only alerts that nobody acknowledged for so long.
    """

    brands: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    minimum_severity: int = 1
    escalate_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """Who reads: in what language and zone, through which channels, what causes are called.

    Attributes:
        routes: what each channel takes of the alerts; one that is not named takes all.
        links: how an alert is answered, given its id and the time: by action a signed link or a
            command, and its `number`.
    """

    lang: Lang
    zone: ZoneInfo
    channels: tuple[str, ...] = ()
    cause_names: CauseNames = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    links: Callable[[int, datetime], Mapping[str, str]] | None = None
