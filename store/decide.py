"""What to do with a copy of a mention the store may know already: pure decisions.

Two routes to one post (two feeds, a stream and a search) may show different ages of it, so a copy
only becomes a revision if it is news: `is_news` makes sure that two routes never take turns.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from store.interface import NewMention

HASH_VERSION = "1"
"""Raise it when `content_hash` changes: a hash of another version is never compared."""

MAX_UNDATED_REVISIONS = 24
"""A text that changes by itself (a clock, a counter) is revised no more often than this."""

OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_CLOCK_SKEW = timedelta(days=1)
MAX_ID = 512
"""Longer ids are cut and hashed: PostgreSQL refuses to index a key above 2704 bytes."""

SHORTEST_STORY = 40
"""Equal texts shorter than this are a coincidence, not one story ("Great coffee!")."""

_LARGEST = 2**63 - 1
_STRINGS = tuple(field.name for field in fields(NewMention) if field.type == "str")
_NUMBERS = ("author_followers", "likes", "comments", "shares", "views")
_strings = attrgetter(*_STRINGS)
_numbers = attrgetter(*_NUMBERS)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SPACE = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class KnownMention:
    """What the store knows of a mention before a copy of it is looked at."""

    id: int
    revision: int
    content_hash: str
    edited_at: datetime | None
    deleted_at: datetime | None
    earlier_hashes: frozenset[str] = frozenset()


def is_news(known: KnownMention, copy: NewMention, copy_hash: str) -> bool:
    """Whether this copy says something newer than what is stored.

    A copy that says when it was edited wins by being later. One that does not is taken for the
    original if an edit is stored, and else for news if this text was never seen.
    A tombstone comes back only if the source edited the post after its deletion was seen: an
    older route may go on showing a deleted post for weeks.
    """
    if known.deleted_at is not None:
        return copy.edited_at is not None and copy.edited_at > known.deleted_at
    if copy_hash == known.content_hash:
        return False
    if known.edited_at is not None:
        return copy.edited_at is not None and copy.edited_at > known.edited_at
    if copy.edited_at is not None:
        return True
    if not known.content_hash.startswith(HASH_VERSION + ":"):
        return False
    return copy_hash not in known.earlier_hashes and known.revision < MAX_UNDATED_REVISIONS


def content_hash(title: str, text: str) -> str:
    """A hash of what a person reads; engagement and times are no part of it."""
    digest = hashlib.blake2b(f"{title}\0{text}".encode(), digest_size=16)
    return f"{HASH_VERSION}:{digest.hexdigest()}"


def author_key(scope: str, mention: NewMention) -> int:
    """A number for an author inside a scope, the same for ever; 0 if the author is unknown.

    Where a source gives no id, those of one name at one site are taken for one author.
    """
    known = mention.author_id or mention.author_handle
    if not known and mention.author_name:
        known = f"{mention.site}\0{mention.author_name}"
    return _number(f"{scope}\0{known}") if known else 0


def story_keys(scope: str, mention: NewMention) -> tuple[str, ...]:
    """What makes two mentions the same story: they share any of these keys.

    The address they point to, or the same text if it is long enough to be no coincidence; the
    words count, not their case and punctuation.
    """
    keys = []
    if mention.canonical_url:
        keys.append("url:" + _hex(mention.canonical_url))
    body = _plain(mention.text)
    if len(body) < SHORTEST_STORY:
        body = _plain(f"{mention.title} {mention.text}")
    if len(body) >= SHORTEST_STORY:
        keys.append("text:" + _hex(body))
    return tuple(keys) or ("id:" + _hex(f"{scope}\0{mention.native_id}"),)


def published(claim: datetime | None, now: datetime) -> tuple[datetime, bool]:
    """When a post was published, and whether that is the author's claim or only our first sight."""
    if claim is None or not OLDEST <= claim <= now + MAX_CLOCK_SKEW:
        return now, False
    return claim, True


def storable_id(native_id: str) -> str:
    """An id that every database can index; short ones stay as they are."""
    clean = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", native_id)
    return clean if len(clean) <= MAX_ID else f"{clean[: MAX_ID - 33]}#{_hex(native_id)}"


def storable(mention: NewMention) -> NewMention:
    """The mention without what a database refuses: null bytes, lone surrogates, huge numbers."""
    changes: dict[str, Any] = {}
    # Joined, so that the usual case is one look at one string.
    if _UNSTORABLE.search("".join(_strings(mention))):
        for name in _STRINGS:
            changes[name] = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", getattr(mention, name))
    for name, count in zip(_NUMBERS, _numbers(mention), strict=True):
        if count is not None and not 0 <= count <= _LARGEST:
            changes[name] = None
    if len(mention.native_id) > MAX_ID:
        changes["native_id"] = storable_id(mention.native_id)
    return replace(mention, **changes) if changes else mention


def rounds(mentions: Iterable[NewMention]) -> list[list[NewMention]]:
    """Split a page so that no part names an id twice; the order of an id's copies is kept."""
    parts: list[list[NewMention]] = []
    times: dict[str, int] = {}
    for mention in mentions:
        place = times.get(mention.native_id, 0)
        times[mention.native_id] = place + 1
        if place == len(parts):
            parts.append([])
        parts[place].append(mention)
    return parts


def group(keys_of_each: Sequence[Sequence[str]]) -> list[set[int]]:
    """Which of these share a key, directly or through others: indices, by their first."""
    owner: dict[str, int] = {}
    groups: dict[int, set[int]] = {}
    home: dict[int, int] = {}
    for index, keys in enumerate(keys_of_each):
        groups[index], home[index] = {index}, index
        for key in keys:
            other = home[owner.setdefault(key, index)]
            here = home[index]
            if other == here:
                continue
            low, high = sorted((other, here))
            groups[low] |= groups[high]
            home.update(dict.fromkeys(groups.pop(high), low))
    return [groups[index] for index in sorted(groups)]


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text.casefold()).strip()


def _hex(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _number(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1 or 1
