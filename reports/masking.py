"""Hides personal data in what a report shows: telephone numbers, e-mail addresses, handles. Pure.

Numbers are found by `phonenumbers` (Google's libphonenumber): international ones, and those
written as in the regions below. The link to a post stays, and with it what its address tells.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from phonenumbers import Leniency, PhoneNumberMatcher

from reports.digest_facts import DigestFacts, ListedFact
from reports.interface import PostFact, Quote

HIDDEN = "•••"
_REGIONS = ("RU", "US", "GB", "DE")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HANDLE = re.compile(r"(?<![\w/])@\w[\w.-]*(?:@[\w-]+(?:\.[\w-]+)+)?")


def mask(text: str) -> str:
    """The text with every telephone number, e-mail address and handle hidden."""
    for region in _REGIONS:
        # From the end, so that the places of those before stay true.
        found = list(PhoneNumberMatcher(text, region, Leniency.POSSIBLE, 1000))
        for match in reversed([one for one in found if _is_long(one.raw_string)]):
            text = text[: match.start] + HIDDEN + text[match.end :]
    return _HANDLE.sub("@" + HIDDEN, _EMAIL.sub(HIDDEN, text))


def _is_long(raw: str) -> bool:
    """A date or a price may pass for a local number; with nine digits few things but numbers do."""
    return sum(map(str.isdigit, raw)) >= 9 or raw.startswith("+")


def masked(facts: DigestFacts) -> DigestFacts:
    """The same facts with personal data hidden wherever a post is shown; authors have no name."""
    hidden: DigestFacts = _masked(facts)
    return hidden


def _masked(value: Any) -> Any:
    """Masks the posts and quotes in a fact; what holds none is left as it is."""
    if isinstance(value, PostFact):
        return replace(value, text=mask(value.text), author="")
    if isinstance(value, Quote):
        text, evidence = mask(value.text), mask(value.evidence)
        return replace(value, text=text if evidence in text else evidence, evidence=evidence)
    if isinstance(value, ListedFact):
        return replace(value, text=mask(value.text))
    if isinstance(value, tuple):
        return tuple(map(_masked, value))
    if is_dataclass(value) and not isinstance(value, type):
        held = {item.name: getattr(value, item.name) for item in fields(value)}
        return replace(value, **{name: _masked(inner) for name, inner in held.items()})
    return value
