"""Whether two texts tell the same story though they are not equal: pure decisions.

A template filled in twice ("order #123 is late", "order #456 is lost"; a price list; a horoscope;
an advert for another city) is nearly equal as a text and another story. So likeness of the whole
only picks what is worth comparing, and then the rule is strict: sentence by sentence one text must
be contained in the other, word for word, and what the longer adds must be whole sentences of
little weight. Case, punctuation, links, emoji and `ё` do not count. A difference *inside* a
sentence, or on both sides, makes two stories. That misses re-edited articles, and never counts two
complaints as one.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import Final

from rensa import RMinHash

FEWEST_WORDS: Final = 20
"""Shorter texts are alike by coincidence."""

MOST_ADDED: Final = 0.2
"""Share of the longer text's words that the shorter may lack."""

SHINGLE: Final = 3
BANDS: Final = 16
ROWS: Final = 7
"""16 bands of 7: a pair with 80 % of its word triples in common is found in 98 of 100 cases, one
with 50 % in 12."""

_SEED: Final = 20_260_310
_MOST_WORDS: Final = 5_000
_ALGORITHM = f"rensa-r{RMinHash.ALGORITHM_VERSION}/{SHINGLE}/{BANDS}x{ROWS}/{_SEED}"

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_FORWARDED = re.compile(r"^\s*(?:rt|via)\s+@\w+\s*:?\s*", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s|$)|\n+")
_WORD = re.compile(r"\w+(?:[.,:/-]\w+)*[%+]?|[#№$€₽£-]\d+")


def bands(text: str) -> list[int]:
    """Numbers of which two alike texts share at least one; none for a short text.

    They are 63-bit, the same in every process and on every machine while the algorithm is the same.
    """
    words = [word for sentence in _sentences(text) for word in sentence][:_MOST_WORDS]
    if len(words) < FEWEST_WORDS:
        return []
    sketch = RMinHash(num_perm=BANDS * ROWS, seed=_SEED)
    sketch.update(
        sorted({" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)})
    )
    digest = sketch.digest()
    return [_band(place, digest[place * ROWS : (place + 1) * ROWS]) for place in range(BANDS)]


def same_story(one: str, other: str) -> bool:
    """Whether one of two texts is the other, with at most a few whole sentences added."""
    shorter, longer = sorted((_sentences(one), _sentences(other)), key=_size)
    have, want = Counter(longer), Counter(shorter)
    if want - have or _size(shorter) < FEWEST_WORDS:
        return False
    added = sum(len(sentence) * times for sentence, times in (have - want).items())
    return added <= MOST_ADDED * _size(longer)


def _sentences(text: str) -> list[tuple[str, ...]]:
    """The words of each sentence, as far as they count."""
    plain = _LINK.sub(" ", _FORWARDED.sub("", text.casefold().replace("ё", "е")))
    found = (tuple(_WORD.findall(part)) for part in _SENTENCE_END.split(plain))
    return [words for words in found if words]


def _size(sentences: list[tuple[str, ...]]) -> int:
    return sum(map(len, sentences))


def _band(place: int, values: list[int]) -> int:
    named = f"{_ALGORITHM}/{place}/{values}".encode()
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), "big") >> 1
