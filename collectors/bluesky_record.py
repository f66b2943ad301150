"""A post's record as its author's server keeps it: the same in a search and in the stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectors.items import mapping, sequence, string
from collectors.text import clean, language


def text_of(record: Mapping[str, Any]) -> str:
    """Text and image descriptions: a brand may be named in either."""
    images = sequence(mapping(record.get("embed")).get("images"))
    described = (clean(string(mapping(image).get("alt"))) for image in images)
    return "\n".join(filter(None, [clean(string(record.get("text"))), *described]))


def language_of(record: Mapping[str, Any]) -> str | None:
    """The declared language; several say nothing about which one this text is in."""
    languages = [language(tag) for tag in sequence(record.get("langs"))]
    return languages[0] if len(languages) == 1 else None
