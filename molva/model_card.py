"""The figures of the shipped model's card, for the foot of a digest."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from reports.digest_facts import MeasuredFact
from sentiment.model_files import SHIPPED

_VERSION = re.compile(r"Version `([^`]+)`")
_LANGUAGE = re.compile(
    r"^\| language (\w+)\s*\|\s*(\d+)\s*\|.*\|\s*(\d+) / (\d+) / (\d+)\s*\|[^|]*\|\s*$",
    re.MULTILINE,
)


@cache
def shipped_measures() -> tuple[MeasuredFact, ...]:
    """What the shipped model's card says of each language."""
    return measures(SHIPPED / "README.md")


def measures(card: Path) -> tuple[MeasuredFact, ...]:
    """Recall of negative, neutral and positive texts by language, as a card's table has them.

    Nothing where there is no such card: a digest then claims nothing.
    """
    if not card.is_file():
        return ()
    text = card.read_text(encoding="utf-8")
    version = _VERSION.search(text)
    if version is None:
        return ()
    return tuple(
        MeasuredFact(version[1], lang, int(texts), *(int(share) / 100 for share in shares))
        for lang, texts, *shares in _LANGUAGE.findall(text)
    )
