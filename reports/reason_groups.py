"""Causes summed up under the wider ones they belong to, and those told outside the counts. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reports.posts import Story
from reports.reason_stories import (
    CauseStories,
    by_cause,
    cause_stories,
    elsewhere,
    of_polarity,
    reach,
    story_ids,
)


@dataclass(frozen=True, slots=True)
class WiderFact:
    """A wider cause or driver: the stories that name it or one below it, each counted once.

    Attributes:
        share: of the stories of that polarity.
        causes: those below it that are named, and its own if it is.
    """

    cause: str
    name: str
    polarity: str
    mentions: int
    share: float
    reach: int
    causes: tuple[CauseStories, ...]
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ElsewhereFact:
    """A cause of unhappiness named by stories that are not negative as a whole: not counted."""

    cause: str
    name: str
    mentions: int
    mention_ids: tuple[int, ...]


def wider(
    stories: Sequence[Story],
    polarity: str,
    parents: Mapping[str, str],
    named: Callable[[str], str],
) -> tuple[WiderFact, ...]:
    """The wider causes of a polarity that have a story, the most stories first.

    Args:
        stories: all of the period.
        polarity: `negative` for causes, `positive` for drivers.
        parents: cause -> wider cause.
        named: cause id -> what it is called.
    """
    naming = by_cause(stories, polarity)
    below: dict[str, list[str]] = defaultdict(list)
    for cause in naming:
        for group in _groups(cause, parents):
            below[group].append(cause)
    of = len(of_polarity(stories, polarity))
    found = []
    for group, causes in below.items():
        held = {cause: naming[cause] for cause in causes}
        found.append(_summed(group, polarity, held, of, named))
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.cause)))


def _summed(
    group: str,
    polarity: str,
    held: Mapping[str, Sequence[Story]],
    of: int,
    named: Callable[[str], str],
) -> WiderFact:
    # Two causes of one group in one story are one unhappy story.
    own = {s.mention.mention_id: s for stories in held.values() for s in stories}.values()
    return WiderFact(
        cause=group,
        name=named(group),
        polarity=polarity,
        mentions=len(own),
        share=len(own) / of,
        reach=reach(own),
        causes=cause_stories(held, named),
        mention_ids=story_ids(own),
    )


def _groups(cause: str, parents: Mapping[str, str]) -> Iterator[str]:
    """The wider causes of a cause, nearest first; itself, if it is one."""
    if cause in parents.values():
        yield cause
    while cause in parents:
        cause = parents[cause]
        yield cause


def elsewhere_facts(
    stories: Sequence[Story], named: Callable[[str], str]
) -> tuple[ElsewhereFact, ...]:
    """The causes of unhappiness outside the negative stories, the most stories first."""
    found = [
        ElsewhereFact(cause, named(cause), len(own), story_ids(own))
        for cause, own in elsewhere(stories, "negative").items()
    ]
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.cause)))
