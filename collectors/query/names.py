"""A brand's query out of its names, for those who have not written one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from collectors.query.fold import fold_word
from collectors.query.parse import parse

_ONE_WORD = re.compile(r"[^\W_]\w*")
_MARKED = re.compile(r"[#@]\w+")
_RESERVED = {"AND", "OR", "NOT", "NEAR", "and", "or", "not", "near"}
_UNSAFE = re.compile(r"[\"«»“”„*\s]+")


def query_from_names(names: Sequence[str], exclude: Sequence[str] = ()) -> str:
    """Write the query of a brand known by any of `names` and meant by none of `exclude`.

    Names of several words or with punctuation become phrases, `#tag` and `@handle` stay what they
    are; repeated and blank ones are left out.

    Raises:
        ValueError: there is no name, or one has no letter, digit or symbol to look for.
    """
    wanted = _terms(names)
    if not wanted:
        raise ValueError("a brand needs at least one name")
    unwanted = _terms(exclude)
    query = " OR ".join(wanted)
    if not unwanted:
        return query
    return f"{_group(wanted)} NOT {_group(unwanted)}"


def _terms(names: Iterable[str]) -> list[str]:
    terms: dict[str, str] = {}
    for name in names:
        cleaned = _UNSAFE.sub(" ", name).strip()
        if cleaned:
            terms.setdefault(fold_word(cleaned), _term(cleaned))
    return list(terms.values())


def _term(name: str) -> str:
    bare = _MARKED.fullmatch(name) or (_ONE_WORD.fullmatch(name) and name not in _RESERVED)
    term = name if bare else f'"{name}"'
    parse(term)  # a name without a letter, digit or symbol is refused here
    return term


def _group(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})" if len(terms) > 1 else terms[0]
