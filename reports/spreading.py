"""What makes an open alert worth telling again, besides its count: where it has spread to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from store.spread import Spread

News = tuple[str, str]
"""Why an alert is told again, and a detail of it."""
IN_ORDER: Final = (
    *("big_author", "new_cause", "new_language", "new_source", "new_outlets"),
    "doubled",
)
"""The most important first."""
LEAST_STORIES: Final = 3
"""A language or a source is news from so many stories on."""
MORE_OUTLETS: Final = 3
"""Sites are news if so many more have it, and at least twice as many as were told."""
BIG_REACH: Final = 10_000
BIGGER: Final = 5
"""An author is news who reaches so many times more people than any the last message told of."""


def news_of(told: Mapping[str, Any], now: Spread) -> list[News]:
    """Why an alert is told again and of what: `("new_language", "de")`; none where nothing is new.

    Args:
        told: the facts of the thread's last message.
        now: the spread of all its stories so far.
    """
    found = []
    before = int(told.get("widest_reach") or 0)
    if told.get("kind") != "silence" and now.reach >= max(BIG_REACH, BIGGER * before):
        found.append(("big_author", str(now.reach)))
    lang = _fresh(told.get("languages"), now.langs)
    if lang:
        found.append(("new_language", lang))
    source, sites = _fresh_sources(told.get("sources"), now)
    if source:
        found.append(("new_source", source))
    if sites:
        found.append(("new_outlets", ", ".join(sites)))
    return found


def _fresh_sources(told: object, now: Spread) -> tuple[str, list[str]]:
    """The most frequent new type of source, else many new sites, the most frequent first."""
    known = _known(told)
    sites = now.outlets & known
    types = {name: n for name, n in now.sources.items() if name not in now.outlets or not sites}
    found = _fresh(told, types)
    if found or not known:
        return found, []
    new = sorted(now.outlets - known, key=lambda site: (-now.sources[site], site))
    wide = len(new) >= max(MORE_OUTLETS, len(sites))
    return "", new if wide else []


def _known(told: object) -> set[str]:
    return {str(pair[0]) for pair in told} if isinstance(told, Sequence) else set()


def _fresh(told: object, counts: Mapping[str, int]) -> str:
    """The most frequent of the new ones; a message that told none at all is no reason."""
    known = _known(told)
    if not known:
        return ""
    new = {key: n for key, n in counts.items() if key not in known and n >= LEAST_STORIES}
    return max(new, key=lambda key: (new[key], key), default="")
