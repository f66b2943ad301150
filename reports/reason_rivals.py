"""Whom people go to instead: each rival named, with the mentions that name it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.posts import Story
from reports.reason_stories import story_ids


@dataclass(frozen=True, slots=True)
class RivalFact:
    """A rival that stories of an intent name; `switched` names whom their writers went to."""

    intent: str
    rival: str
    mentions: int
    mention_ids: tuple[int, ...]


def rivals(stories: Sequence[Story]) -> tuple[RivalFact, ...]:
    """All rivals named, the most stories first; a story that names one twice counts once."""
    naming: dict[tuple[str, str], list[Story]] = defaultdict(list)
    for story in stories:
        for named in {(own.intent, own.rival) for own in story.mention.intents if own.rival}:
            naming[named].append(story)
    found = [
        RivalFact(intent, rival, len(own), story_ids(own))
        for (intent, rival), own in naming.items()
    ]
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.intent, fact.rival)))
