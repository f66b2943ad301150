"""What is wrong with a taxonomy file and what to write instead, in plain words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from pydantic_core import ErrorDetails

Location = tuple[str | int, ...]
"""Where in the file, as pydantic tells it: `("cause", 2, "examples", "en", 0)`."""

LIKE = 0.7
"""Names are offered for a misspelt one from this similarity on (difflib's ratio)."""


def first_problem(
    errors: Sequence[ErrorDetails], fields: Mapping[str, Collection[str]]
) -> tuple[Location, str]:
    """Where the problem to mend first is, and how to mend it.

    A name that is not known comes first: a misspelt field is also told as missing.

    Args:
        errors: what pydantic found, at least one.
        fields: the names that may stand in the file ("") and in each of its tables.
    """
    first = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    loc: Location = first["loc"]
    # The kinds of value a version may be stand in its location; no writer of a file knows them.
    return loc[:1] if loc[0] == "version" else loc, _advice(first, fields)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """`; did you mean "examples"?`, or nothing if no known name is like it."""
    like = get_close_matches(name.casefold(), known, n=1, cutoff=LIKE)
    return f'; did you mean "{like[0]}"?' if like else ""


def _advice(error: ErrorDetails, fields: Mapping[str, Collection[str]]) -> str:
    loc, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        return _unknown(loc, fields)
    if kind == "missing":
        return _missing(loc)
    if kind in {"list_type", "model_type"} and len(loc) < 3:
        if loc[0] == "cause":
            return "write [[cause]], in two brackets, on a line of its own, and its fields below it"
        return f"write [{loc[0]}] on a line of its own, and its fields below it"
    return _of_value(error)


def _of_value(error: ErrorDetails) -> str:
    kind, shown = error["type"], _shown(error["input"])
    limits = error.get("ctx", {})
    if kind == "literal_error" and error["loc"][-1] == "[key]":
        return f"unknown language {shown}; write en or ru"
    simple = {
        "literal_error": 'write "negative" (a cause of unhappiness) or "positive" (a driver of '
        f"delight), not {shown}",
        "list_type": f'write a list of texts, such as ["one", "two"], not {shown}',
        "string_pattern_mismatch": "write a letter or digit, then letters, digits, spaces and any "
        f"of _ . : / - only, not {shown}",
        "string_too_short": "the text is empty; write one, or leave it out",
        "string_too_long": "the text is too long; write at most "
        f"{limits.get('max_length', 0):,} characters",
        "string_type": f'write a text in quotes, such as "text", not {shown}',
    }
    return simple.get(kind, error["msg"])


def _unknown(loc: Location, fields: Mapping[str, Collection[str]]) -> str:
    name = str(loc[-1])
    if len(loc) > 1:
        known = fields[str(loc[0])]
        return f'unknown field "{name}"' + (did_you_mean(name, known) or f"; {_one_of(known)}")
    headers = {"cause": "[[cause]]", "background": "[background]"}
    like = get_close_matches(name.casefold(), fields[""], n=1, cutoff=LIKE)
    if like:
        return f'unknown name "{name}"; did you mean {headers.get(like[0], like[0])}?'
    return f'unknown name "{name}"; {_one_of([headers.get(own, own) for own in fields[""]])}'


def _one_of(known: Collection[str]) -> str:
    return f"there are {', '.join(known)}"


def _missing(loc: Location) -> str:
    name = str(loc[-1])
    write = {
        "version": 'version = "1" at the top of the file',
        "cause": "at least one [[cause]] with its fields below it",
        "id": 'a name of your own, such as id = "long_wait"',
        "polarity": 'polarity = "negative" or polarity = "positive"',
        "examples": 'examples.en = ["one", "two"]',
    }
    return f"it is missing; write {write.get(name, name)}"


def _shown(value: object) -> str:
    """A value as a TOML file has it, cut short."""
    if isinstance(value, str):
        told = f'"{value}"'
    elif isinstance(value, bool):
        told = str(value).lower()
    else:
        told = str(value)
    return told if len(told) <= 40 else told[:39] + "…"
