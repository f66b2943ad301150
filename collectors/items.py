"""From a source's raw items to posts, so that one bad item never loses a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from collectors.interface import Author, Post, SkippableError, Skipped
from collectors.redact import fingerprint
from collectors.text import clean

LONGEST_ID: Final = 400
LONGEST_LABEL: Final = 300
LONGEST_URL: Final = 2000

# What reading a wrongly shaped item raises; anything else is a fault of ours and must show.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

# Addresses end up as links in reports: nothing like `javascript:` gets that far.
_WEB = re.compile(r"https?://\S", re.IGNORECASE)

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Converted:
    """The posts of a page, and what could not become one."""

    posts: tuple[Post, ...]
    skipped: tuple[Skipped, ...]

    @property
    def mark(self) -> str:
        """A fingerprint by which the same page is known again; empty for one without a post."""
        return fingerprint(" ".join(post.native_id for post in self.posts)) if self.posts else ""


def convert(
    items: Iterable[ItemT],
    to_post: Callable[[ItemT], Post | None],
    name: Callable[[ItemT], object],
) -> Converted:
    """Turn each item into a post; one that cannot be is counted with its reason.

    Args:
        items: as the source sent them; nothing about their shape is trusted.
        to_post: raises `SkippableError` for an item to count as skipped, returns `None` for one
            that is no item at all (a service message).
        name: the native id to report a skipped item under, as far as there is one.
    """
    posts: list[Post] = []
    skipped: list[Skipped] = []
    for item in items:
        try:
            post = to_post(item)
            if post is not None:
                posts.append(_tidy(post))
        except SkippableError as error:
            skipped.append(Skipped(_named(item, name), str(error)))
        except _MALFORMED as error:
            reason = f"malformed item ({type(error).__name__})"
            skipped.append(Skipped(_named(item, name), reason))
    return Converted(tuple(posts), tuple(skipped))


def mapping(value: object) -> Mapping[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def sequence(value: object) -> list[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def string(value: object) -> str:
    """`value` if it is a string or a number, as a string; else empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def count(value: object) -> int | None:
    """A count of reactions; `None` where the source does not say or says nonsense."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 16:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None


def _tidy(post: Post) -> Post:
    """The post with an id of sane length and no field the store could choke on."""
    native_id = _label(post.native_id, None)
    if not native_id:
        raise SkippableError("it has no id")
    if not post.text and not post.title:
        raise SkippableError("it has no text")
    if len(native_id) > LONGEST_ID:
        native_id = f"sha256:{fingerprint(native_id)}"
    author = post.author
    return replace(
        post,
        native_id=native_id,
        title=_label(post.title, 1000),
        url=_label(post.url, LONGEST_URL) if _WEB.match(post.url) else "",
        parent_id=_label(post.parent_id, LONGEST_ID),
        thread_id=_label(post.thread_id, LONGEST_ID),
        site=_label(post.site, LONGEST_LABEL),
        author=Author(
            id=_label(author.id, LONGEST_ID),
            handle=_label(author.handle, LONGEST_LABEL),
            name=_label(author.name, LONGEST_LABEL),
            followers=author.followers,
            verified=author.verified,
            created_at=author.created_at,
            location=_label(author.location, LONGEST_LABEL),
        ),
    )


def _label(value: str, longest: int | None) -> str:
    plain = value if value.isascii() and value.isprintable() else clean(value).replace("\n", " ")
    return plain.strip()[:longest]


def _named(item: ItemT, name: Callable[[ItemT], object]) -> str:
    try:
        return _label(string(name(item)), LONGEST_ID)
    except (*_MALFORMED, SkippableError):
        return ""
