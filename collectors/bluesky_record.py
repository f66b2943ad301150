"""A post's record as its author's server keeps it: the same in a search and in the stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.items import mapping, sequence, string
from collectors.text import clean, language


def text_of(record: Mapping[str, Any]) -> str:
    """Text and descriptions of images and videos: a brand may be named in either."""
    embed = mapping(record.get("embed"))
    # A quote has its pictures one level down.
    media = mapping(embed.get("media")) or embed
    shown = [*sequence(media.get("images")), media]
    described = (clean(string(mapping(one).get("alt"))) for one in shown)
    return "\n".join(filter(None, [clean(string(record.get("text"))), *described]))


def language_of(record: Mapping[str, Any]) -> str | None:
    """The declared language; several say nothing about which one this text is in."""
    languages = [language(tag) for tag in sequence(record.get("langs"))]
    return languages[0] if len(languages) == 1 else None
