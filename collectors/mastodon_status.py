"""A status of the Mastodon API to a post, whichever server software sent it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.dates import parse_date
from collectors.interface import Author, Engagement, Post, SkippableError
from collectors.items import count, mapping, sequence, string
from collectors.text import clean, html_to_text, language, site_of

_PLACES = frozenset({"location", "based in", "city", "город", "откуда", "место"})
_OPTED_OUT = re.compile(r"#(?:nobot|noindex|nosearch)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """How statuses are read.

    Attributes:
        instance: the address of the server that sent them.
        unlisted: keep unlisted ones too.
        skip_opted_out: skip authors who ask not to be indexed.
    """

    instance: str
    now: datetime
    unlisted: bool = False
    skip_opted_out: bool = True


def status_to_post(status: Mapping[str, Any], reading: Reading) -> Post:
    """The post of a status; of a boost, the boosted one.

    Its id is the `uri`, the same on every server that shows it.

    Raises:
        SkippableError: it is not public, or its author opted out.
    """
    status = mapping(status.get("reblog")) or status
    account = mapping(status["account"])
    _refuse_private(status, account, reading)
    uri = string(status.get("uri")) or string(status.get("url"))
    return Post(
        native_id=uri,
        text=_text(status),
        url=string(status.get("url")) or uri,
        published_at=parse_date(status.get("created_at"), now=reading.now),
        edited_at=parse_date(status.get("edited_at"), now=reading.now),
        author=_author(account, site_of(reading.instance), reading.now),
        engagement=Engagement(
            likes=count(status.get("favourites_count")),
            comments=count(status.get("replies_count")),
            shares=count(status.get("reblogs_count")),
        ),
        lang=language(status.get("language")),
        site=site_of(uri) or site_of(reading.instance),
    )


def _text(status: Mapping[str, Any]) -> str:
    """Content warning, text and image descriptions: a brand may be named in any of them."""
    media = [mapping(item) for item in sequence(status.get("media_attachments"))]
    texts = [
        clean(string(status.get("spoiler_text"))),
        html_to_text(string(status.get("content"))),
        *(clean(string(item.get("description"))) for item in media),
    ]
    return "\n".join(filter(None, texts))


def _author(account: Mapping[str, Any], host: str, now: datetime) -> Author:
    handle = string(account.get("acct"))
    return Author(
        id=string(account.get("uri")) or string(account.get("url")) or handle,
        handle=handle if "@" in handle or not handle else f"{handle}@{host}",
        name=string(account.get("display_name")),
        followers=count(account.get("followers_count")),
        created_at=parse_date(account.get("created_at"), now=now),
        location=_location(account),
    )


def _location(account: Mapping[str, Any]) -> str:
    """What the author wrote under such a heading of their own: the profile has no field for it."""
    for line in map(mapping, sequence(account.get("fields"))):
        if string(line.get("name")).strip(" :").casefold() in _PLACES:
            return html_to_text(string(line.get("value")))
    return ""


def _refuse_private(
    status: Mapping[str, Any], account: Mapping[str, Any], reading: Reading
) -> None:
    visibility = string(status.get("visibility")) or "public"
    if visibility != "public" and not (visibility == "unlisted" and reading.unlisted):
        raise SkippableError(f"its author made it {visibility[:20]}, not public")
    # Not `indexable`: false unless an author turns full-text search on, while a hashtag is
    # written to be found.
    opted_out = account.get("noindex") or _OPTED_OUT.search(html_to_text(_note(account)))
    if reading.skip_opted_out and opted_out:
        raise SkippableError("its author asks not to be indexed")


def _note(account: Mapping[str, Any]) -> str:
    note = string(account.get("note"))
    return note if "#" in note else ""
