"""Texts that no report should put before a reader: obscene words, in English and Russian. Pure.

A short list of roots, not a judgement of tone: an abusive post is still counted and listed, it
is only never quoted.
"""

from __future__ import annotations

import re

_ENGLISH = (
    r"(?:mother)?fuck\w*|(?:bull)?shit\w*|cunts?|assholes?|bitch\w*|wank\w*|dickheads?|twats?"
)
_RUSSIAN = (
    r"(?:на|по|о|до|за|ни|от)?ху[йеёяию]\w*|\w*пизд\w*|(?:за|вы|до|на|от|по|про|съ|у|разъ)?"
    r"[её]б(?:а|л|у|ё|е[тшн]|ин|ы)\w*|бля(?:[тд]\w*)?|муда[кч]\w*|мудил\w*|гандон\w*|пидор\w*"
    r"|сук[аио]|сучар\w*|сучк\w*|долбо[её]б\w*|залуп\w*"
)
_OBSCENE = re.compile(rf"\b(?:{_ENGLISH}|{_RUSSIAN})\b", re.IGNORECASE)


def is_abusive(text: str) -> bool:
    """Whether the text holds an obscene word."""
    return _OBSCENE.search(text) is not None
