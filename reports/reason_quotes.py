"""Evidence too short to be quoted alone, with its sentence: «нет.» says nothing by itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from reports.posts import QUOTE_LENGTH, Story
from store.interface import CauseRow, IntentRow

LEAST_WORDS = 3
"""Evidence of fewer words is quoted with what stands around it."""
_WORD = re.compile(r"\S*\w\S*")
_END = re.compile(
    r"(?:(?<![.!?…])[.!?…]++[»\"”)\]]*+(?=\s++[^a-zа-яё])|(?<=\w{4})[.!?](?=\s)|\n)\s*+"
)
"""Where a sentence ends; before a small letter only after a word that is no abbreviation."""

_Link = TypeVar("_Link", CauseRow, IntentRow)


def quotable(story: Story) -> Story:
    """The story with evidence that can be quoted: for reports that show nothing but it."""
    mention = story.mention
    causes = tuple(_widened(own, mention.text) for own in mention.causes)
    intents = tuple(_widened(own, mention.text) for own in mention.intents)
    if (causes, intents) == (mention.causes, mention.intents):
        return story
    return replace(story, mention=replace(mention, causes=causes, intents=intents))


def _widened(link: _Link, text: str) -> _Link:
    if not link.evidence or _enough(link.evidence):
        return link
    start = link.start
    if text[start : link.end] != link.evidence:
        # An edit has moved it; of several places it may be any.
        if text.count(link.evidence) != 1:
            return link
        start = text.index(link.evidence)
    at, end = _around(text, start, start + len(link.evidence))
    cut = max(at, start - QUOTE_LENGTH // 2)
    while at < cut < start and not text[cut - 1].isspace():
        cut += 1
    said = text[cut:end].rstrip()
    shown = f"…{said}" if at < cut else said
    return replace(link, evidence=shown, start=cut, end=cut + len(said))


def _around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence of a passage; with the one before it, or else after it, if it is as short."""
    sentences = list(_sentences(text))
    first = max(n for n, (at, _) in enumerate(sentences) if at <= start)
    last = min(n for n, (_, to) in enumerate(sentences) if to >= end)
    while not _enough(text[sentences[first][0] : sentences[last][1]]):
        if first > 0:
            first -= 1
        elif last + 1 < len(sentences):
            last += 1
        else:
            break
    return sentences[first][0], sentences[last][1]


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for ending in _END.finditer(text):
        yield begin, ending.end()
        begin = ending.end()
    yield begin, len(text)


def _enough(text: str) -> bool:
    return len(_WORD.findall(text)) >= LEAST_WORDS
