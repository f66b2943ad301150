"""Whole words and phrases as one pattern, for clauses made `plain`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sentiment.denial import plain


def term_pattern(terms: Sequence[str]) -> re.Pattern[str]:
    """One pattern for whole terms, in any letter case; "*" at the end stands for any ending."""
    return re.compile(r"(?<!\w)(?:" + "|".join(_alternatives(terms)) + r")(?!\w)")


def _alternatives(terms: Sequence[str]) -> Iterator[str]:
    for term in terms:
        words = r"\s+".join(re.escape(word) for word in plain(term.rstrip("*")).split())
        yield words + (r"\w*" if term.endswith("*") else "")
