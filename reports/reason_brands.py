"""The names a configured brand goes by: its own, and those that its query looks for. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from store.interface import BrandRow

_TOKEN = re.compile(r'[()]|=?\s*(?:"[^"]*"|«[^»]*»|[“„][^”“]*[”“])|[^\s()"«»“”„]+')
_FIELD = re.compile(r"[^\W\d]\w*:(?!//)")
_JOINING = re.compile(r"AND|NEAR/\d+")
_MARKS = '=#@*"«»“”„ '


@dataclass(frozen=True, slots=True)
class KnownBrand:
    """A configured brand: its id, what it is called, and every name it goes by."""

    slug: str
    name: str
    names: tuple[str, ...]


def known_brands(rows: Iterable[BrandRow]) -> tuple[KnownBrand, ...]:
    """The brands with the names that people may call them by."""
    return tuple(
        KnownBrand(row.slug, row.name, tuple(dict.fromkeys((row.name, *query_names(row.query)))))
        for row in rows
    )


def query_names(query: str) -> tuple[str, ...]:
    """What a query looks for, without what must, or must not, stand beside it.

    Of terms that must all be met the first is the name: in `Снегирь AND (кофе OR латте)` the others
    tell the firm from the bird. Where a query has such terms, a word in small letters is no name.
    """
    found: list[str] = []
    outer: list[tuple[bool, bool]] = []
    wanted, first, skipped = True, True, False
    parts = _TOKEN.findall(query)
    for part in parts:
        if part == "OR":
            first = True
        elif part == ")":
            wanted, first = outer.pop() if outer else (True, False)
        elif part == "NOT" or (_FIELD.match(part) and part.endswith(":")):
            skipped = True
        elif not (_JOINING.fullmatch(part) or _FIELD.match(part)):
            named = wanted and first and not skipped
            first = first and skipped
            if part == "(":
                outer.append((wanted, first))
                wanted, first = named, True
            elif named:
                found.append(part)
            skipped = False
    if any(map(_JOINING.fullmatch, parts)):
        found = [own for own in found if not own.islower()]
    return tuple(dict.fromkeys(filter(None, (own.strip(_MARKS) for own in found))))
