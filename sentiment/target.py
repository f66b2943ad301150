"""How a text names its target: a pattern of the names, in any Russian case or spelling of spaces.

The model never reads the name of the brand it judges: mentions become `PLACEHOLDER` first. So a
label cannot depend on which brand it is, and "X is awful, moved to Y" is two different texts for
X and for Y.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

PLACEHOLDER = "@brand"
"""What stands for the target in the text the model reads."""

_ENDINGS = (
    "(?:ами|ями|ого|его|ому|ему|ыми|ими|ов|ев|ей|ой|ою|ею|ью|ом|ем|ам|ям|ах|ях|ый|ий|ая|яя|ое|ее"
    "|ым|им|ую|юю|ые|ие|ых|их|а|я|о|е|у|ю|ы|и|ь|й)?"
)
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+")
_TAIL_VOWEL = re.compile(r"(?:(?<=\w{3})(?:ая|яя|ое|ее|ый|ий|ые|ие)|[аяоеыиуюьй])$", re.IGNORECASE)
_LONGEST_NAME = 200


@lru_cache(maxsize=4096)
def mention_pattern(names: tuple[str, ...]) -> str | None:
    """A regular expression without capturing groups for mentions of any of `names`.

    Words may be inflected (Russian endings, English 's), joined by blanks, hyphens, underscores or
    nothing, and written as a handle or a hashtag. None when no name has a letter or digit.
    """
    parts = {_name(name[:_LONGEST_NAME]) for name in names} - {""}
    if not parts:
        return None
    longest_first = sorted(parts, key=lambda part: (-len(part), part))
    return rf"(?<![\w@#])[@#]?(?:{'|'.join(longest_first)})(?!\w)"


def _name(name: str) -> str:
    words = _WORDS.findall(name)
    return r"[\s_\-–&.'’]*".join(_word(word) for word in words)


def _word(word: str) -> str:
    if _CYRILLIC.search(word):
        stem = _TAIL_VOWEL.sub("", word) if len(word) > 3 else word
        return _letters(stem) + _ENDINGS
    tail = r"(?:['’]?s)?" if len(word) > 2 else r"(?:['’]s)?"
    return re.escape(word) + tail + rf"(?:['’\-]?{_ENDINGS[:-1]})?"


def _letters(stem: str) -> str:
    return re.sub("[еёЕЁ]", "[её]", re.escape(stem))


def names_in(text: str, names: Iterable[str]) -> bool:
    """Whether the text mentions any of the names."""
    pattern = mention_pattern(tuple(names))
    return bool(pattern and re.search(pattern, text, re.IGNORECASE))
