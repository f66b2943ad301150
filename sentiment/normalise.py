"""The one text clean-up that training and inference share, with its way back to the original.

A model sees what it was trained on only if both sides clean text with the same function, and a
cause can be shown to a person only if its offsets point into the text the person wrote. So
`normalise` returns the cleaned text together with a map of every position to the original.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sentiment.target import PLACEHOLDER, mention_pattern

MENTION = "@user"
"""What every ``@handle`` becomes: the training sets are masked this way."""

# Alternatives are tried left to right at each position; a bare "http" is how some training sets
# mask a link, so it goes the same way as a real one.
_URL = r"(?P<url>(?:https?://|www\.)[^\s<>\"«»]+|(?<!\w)https?(?=\s|$|…))"
_REST = (
    r"|(?P<handle>(?<![\w@./])@\w{2,40})"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});)"
    r"|(?P<escape>\\u[0-9a-fA-F]{4})"
    r"|(?P<blank>[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
    r"\ud800-\udfff]+)"
    r"|(?P<run>(?P<sign>[^\w\s])(?P=sign){3,})"
)
_PATTERN = re.compile(_URL + _REST)


@lru_cache(maxsize=512)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    mention = mention_pattern(names)
    if mention is None:
        return _PATTERN
    # Links first: a name inside an address is no mention.
    return re.compile(rf"{_URL}|(?P<target>(?i:{mention})){_REST}")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A cleaned text and the piecewise map of its characters to the original's.

    `starts` [n] are the clean positions where a piece begins, `origins` [n] the original
    positions they came from, `copied` [n] whether the piece was taken over character by
    character (then offsets advance together) or replaced (then they all map to its edges).
    """

    text: str
    starts: NDArray[np.int64]
    origins: NDArray[np.int64]
    ends: NDArray[np.int64]
    copied: NDArray[np.bool_]

    def to_original(self, spans: NDArray[np.int64]) -> NDArray[np.int64]:
        """Map character spans [n, 2] of the clean text to spans [n, 2] of the original."""
        flat = spans.reshape(-1, 2)
        begin, end = flat[:, 0], flat[:, 1]
        out = np.empty_like(flat)
        piece = np.searchsorted(self.starts, begin, side="right") - 1
        shift = np.where(self.copied[piece], begin - self.starts[piece], 0)
        out[:, 0] = self.origins[piece] + shift
        # The last character inside the span decides where it ends, so that a span that stops
        # right before a replaced piece does not swallow it.
        last = np.maximum(end - 1, 0)
        piece = np.searchsorted(self.starts, last, side="right") - 1
        stop = self.origins[piece] + (last - self.starts[piece]) + 1
        out[:, 1] = np.where(self.copied[piece], stop, self.ends[piece])
        out[:, 1] = np.where(end > begin, out[:, 1], out[:, 0])
        return out.reshape(spans.shape)


def _replacement(match: re.Match[str]) -> str:
    kind = match.lastgroup
    found = match.group()
    if kind == "handle":
        return MENTION
    if kind == "target":
        return PLACEHOLDER
    if kind == "entity":
        decoded = html.unescape(found)
        return found if decoded == found else _printable(decoded)
    if kind == "escape":
        return _printable(chr(int(found.removeprefix("\\u"), 16)))
    if match.group("run"):
        return found[:3]
    return " "


def _printable(character: str) -> str:
    return character if character.isprintable() else " "


def normalise(text: str, names: tuple[str, ...] = ()) -> Normalised:
    r"""Clean `text` for the model and keep the way back; mentions of `names` become `@brand`.

    Links and control characters (lone surrogates too) become one space, handles `@user`, HTML
    entities and literal `\uXXXX` escapes the character they stand for, and more than three
    equal signs in a row become three. Linear in the length of the text; never raises.
    """
    parts: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    clean_at = 0
    for begin, end, replacement in _pieces(text, _pattern(names)):
        part = text[begin:end] if replacement is None else replacement
        pieces.append((clean_at, begin, end, replacement is None))
        parts.append(part)
        clean_at += len(part)
    return Normalised(
        text="".join(parts),
        starts=np.array([piece[0] for piece in pieces], dtype=np.int64),
        origins=np.array([piece[1] for piece in pieces], dtype=np.int64),
        ends=np.array([piece[2] for piece in pieces], dtype=np.int64),
        copied=np.array([piece[3] for piece in pieces], dtype=np.bool_),
    )


def _pieces(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, str | None]]:
    """Spans (begin, end) of the text in order, each with what replaces it, None to keep it."""
    copied_to = 0
    for match in pattern.finditer(text):
        begin, end = match.span()
        if match.group() == " ":
            continue
        if begin > copied_to:
            yield copied_to, begin, None
        yield begin, end, _replacement(match)
        copied_to = end
    if copied_to < len(text) or not text:
        yield copied_to, len(text), None
