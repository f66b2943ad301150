"""What a chat is sent: text that calls nobody by itself, in as many messages as it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

Fits = Callable[[str], bool]
"""Whether a text is short enough for one message."""

_LINK = re.compile(r"(https?://[^\s<>\"\[\]]+)")
_WAKES = re.compile(r"[@<](?!\s)|\](?=\()")
_UNSEEN: Final = "\u200b"


def harmless(text: str) -> str:
    """The text as it is read, but what calls people or hides where a link leads is plain text.

    A stranger's post is quoted in it: `@everyone`, `<!channel>`, `[bank](https://evil.example)`.
    """
    return outside_links(
        text,
        lambda words: _WAKES.sub(lambda found: found[0] + _UNSEEN, words),
        lambda link: link.replace("@", "%40"),
    )


def outside_links(
    text: str, change: Callable[[str], str], change_link: Callable[[str], str] = str
) -> str:
    """The text with one change made outside of its links and another to these."""
    pieces = _LINK.split(text)
    return "".join(
        change_link(piece) if place % 2 else change(piece) for place, piece in enumerate(pieces)
    )


def parts(text: str, fits: Fits) -> list[str]:
    """The text in parts that fit, cut between paragraphs if it can be, else lines, else words.

    A link is never cut, even one that does not fit.
    """
    found: list[str] = []
    for paragraph in re.split(r"\n{2,}", text.strip()):
        if found and fits(both := f"{found[-1]}\n\n{paragraph}"):
            found[-1] = both
        elif fits(paragraph):
            found.append(paragraph)
        else:
            lines = (piece for line in paragraph.split("\n") for piece in _by_word(line, fits))
            found += _filled(lines, "\n", fits)
    return found


def _by_word(line: str, fits: Fits) -> list[str]:
    if fits(line):
        return [line]
    words = (piece for word in line.split(" ") for piece in _chopped(word, fits))
    return _filled(words, " ", fits)


def _chopped(word: str, fits: Fits) -> list[str]:
    found = []
    while not fits(word) and not _LINK.search(word) and len(word) > 1:
        length = len(word) - 1
        while length > 1 and not fits(word[:length]):
            length = length * 3 // 4
        found.append(word[:length])
        word = word[length:]
    return [*found, word]


def _filled(pieces: Iterable[str], glue: str, fits: Fits) -> list[str]:
    """The pieces put together, as many in each as fit."""
    found: list[str] = []
    for piece in pieces:
        if found and fits(both := found[-1] + glue + piece):
            found[-1] = both
        else:
            found.append(piece)
    return found
