"""The words of a text as the search index knows them, the same on every database.

A word is a run of letters and digits, in lower case, with `е` for `ё`. Its stem is made by the
Snowball stemmer of its script, so that one text may mix Russian and English.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version

import snowballstemmer

RULES = 1
"""Raise it when `words` or `stem` change: stores made before are then indexed anew."""

MAX_WORDS = 16_000
"""PostgreSQL numbers no more positions in a text; the words beyond are not found."""

_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-я]")
_RUSSIAN = snowballstemmer.stemmer("russian")
_ENGLISH = snowballstemmer.stemmer("english")
_LONGEST = 64


@cache
def index_version() -> str:
    """What made the words of an index; another stemmer may make others."""
    makers = " ".join(f"{name} {version(name)}" for name in ("snowballstemmer", "pystemmer"))
    return f"{RULES} {makers}"


def words(text: str) -> list[str]:
    """The words of a text in their order, as they are looked up."""
    plain = unicodedata.normalize("NFC", text).casefold().replace("ё", "е")
    return [word[:_LONGEST] for word in _WORD.findall(plain)[:MAX_WORDS]]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """What the grammatical forms of a word have in common; a word of `words`."""
    if word.isdigit():
        return word
    stemmer = _RUSSIAN if _CYRILLIC.search(word) else _ENGLISH
    return str(stemmer.stemWord(word))
