"""Whom people go to instead: each rival named, with the mentions that name it. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.posts import Story
from reports.reason_brands import KnownBrand
from reports.reason_rival_names import RivalName, rival_names
from reports.reason_stories import story_ids


@dataclass(frozen=True, slots=True)
class RivalFact:
    """A rival that stories of an intent name; `switched` names whom their writers went to.

    Attributes:
        rival: what it is called: its brand's name, if it is a configured one.
        brand: the id of that brand.
        written: how the texts name it, the commonest first.
    """

    intent: str
    rival: str
    brand: str | None
    written: tuple[str, ...]
    mentions: int
    mention_ids: tuple[int, ...]


def rivals(stories: Sequence[Story], brands: Sequence[KnownBrand] = ()) -> tuple[RivalFact, ...]:
    """All rivals named, the most stories first; a story that names one twice counts once.

    Args:
        stories: of the period.
        brands: the configured ones, to tell them by their names.
    """
    told = [{(o.intent, o.rival) for o in s.mention.intents if o.rival} for s in stories]
    names = rival_names(Counter(name for own in told for name in {n for _, n in own}), brands)
    naming: dict[tuple[str, RivalName], list[Story]] = defaultdict(list)
    for story, own in zip(stories, told, strict=True):
        for named in {(intent, names[name]) for intent, name in own}:
            naming[named].append(story)
    found = [
        RivalFact(intent, own.name, own.brand, own.written, len(naming_it), story_ids(naming_it))
        for (intent, own), naming_it in naming.items()
    ]
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.intent, fact.rival)))
