"""Finding a person's words in what was made of them: sentences, quotes, pages. Pure.

Words count, not their case, punctuation or markup: a quote may be cut, escaped or wrapped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable
from typing import Any

RUN = 5
"""So many words of a text in a row are a quote of it."""

SHORTEST = 3
"""A text or passage of fewer words is looked for only where its mention is named."""

_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[^>]*>")


class Traces:
    """What may be left of a person elsewhere.

    Args:
        texts: what they said, whole and in passages.
        names: ids, handles, names and addresses; found as they are, between other words.
        mention_ids: their mentions.
        common: words that name somebody else, too: brands and sources.
    """

    def __init__(
        self,
        texts: Iterable[str],
        names: Iterable[str],
        mention_ids: Collection[int],
        common: Collection[str] = (),
    ) -> None:
        self._ids = frozenset(mention_ids)
        self._runs: set[tuple[str, ...]] = set()
        self._short: set[str] = set()
        for text in texts:
            words = _words(text)
            if len(words) >= RUN:
                self._runs.update(_runs(words))
            elif len(words) >= SHORTEST:
                self._short.add(f" {' '.join(words)} ")
        known = {word.casefold() for word in common}
        kept = {n for n in names if len(n) > 1 and n.casefold() not in known and not n.isdigit()}
        pattern = "|".join(map(re.escape, sorted(kept, key=len, reverse=True)))
        self._name = re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE) if kept else None

    def in_text(self, text: str) -> bool:
        """Whether a sentence or a page holds any of it."""
        plain = html.unescape(text)
        if self._name and (self._name.search(plain) or self._name.search(text)):
            return True
        words = _words(_TAG.sub(" ", plain))
        if not self._runs.isdisjoint(_runs(words)):
            return True
        joined = f" {' '.join(words)} "
        return any(short in joined for short in self._short)

    def in_value(self, value: Any) -> bool:
        """Whether anything inside a JSON value holds any of it, or names a mention of theirs."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, dict):
            return value.get("mention_id") in self._ids or any(map(self.in_value, value.values()))
        if isinstance(value, list):
            return any(map(self.in_value, value))
        return False

    def without(self, value: Any, *, theirs: bool = False) -> Any:
        """A JSON value with every string that holds any of it emptied; numbers stay.

        Of a record that names one of their mentions, every string goes.
        """
        if isinstance(value, str):
            return "" if theirs or self.in_text(value) else value
        if isinstance(value, dict):
            mine = theirs or value.get("mention_id") in self._ids
            return {key: self.without(item, theirs=mine) for key, item in value.items()}
        if isinstance(value, list):
            return [self.without(item, theirs=theirs) for item in value]
        return value


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str]) -> Iterable[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(RUN)), strict=False)
