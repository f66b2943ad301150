"""Stories by what they name; which causes count is said by `reports.posts.counted_causes`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.posts import Story, counted_causes
from store.interface import CauseRow

LEAVING = frozenset({"leaving", "switched"})


@dataclass(frozen=True, slots=True)
class CauseStories:
    """A cause or driver and how many stories name it, as a part of another figure."""

    cause: str
    name: str
    mentions: int
    mention_ids: tuple[int, ...]


def cause_stories(
    naming: Mapping[str, Sequence[Story]], named: Callable[[str], str]
) -> tuple[CauseStories, ...]:
    """Causes with their stories, the most first; `named` says what a cause is called."""
    found = [
        CauseStories(cause, named(cause), len(own), story_ids(own)) for cause, own in naming.items()
    ]
    return tuple(sorted(found, key=lambda own: (-own.mentions, own.cause)))


def counted(story: Story, polarity: str) -> tuple[CauseRow, ...]:
    """The causes (`negative`) or drivers (`positive`) that a story is counted under."""
    return tuple(c for c in counted_causes(story.mention) if c.polarity == polarity)


def of_polarity(stories: Iterable[Story], polarity: str) -> list[Story]:
    """The stories of that sentiment, and those in which a person named a cause of it.

    Those that name a cause are thus always a part of these, whatever was corrected.
    """
    return [own for own in stories if own.mention.sentiment == polarity or counted(own, polarity)]


def story_ids(stories: Iterable[Story]) -> tuple[int, ...]:
    """The numbers of the mentions that stand for them."""
    return tuple(story.mention.mention_id for story in stories)


def by_cause(stories: Iterable[Story], polarity: str) -> dict[str, list[Story]]:
    """Stories by the causes of a polarity that they are counted under."""
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for cause in {own.cause for own in counted(story, polarity)}:
            found[cause].append(story)
    return found


def elsewhere(stories: Iterable[Story], polarity: str) -> dict[str, list[Story]]:
    """Stories by the causes that they name but, being of another sentiment, are not counted under.

    Unlike the counts, an export of a cause holds them too.
    """
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        held = {own.cause for own in counted(story, polarity)}
        named = {own.cause for own in story.mention.causes if own.polarity == polarity}
        for cause in named - held:
            found[cause].append(story)
    return found


def leaves(story: Story) -> bool:
    """Whether its writer says to leave, or to have switched."""
    return any(intent.intent in LEAVING for intent in story.mention.intents)


def reach(stories: Iterable[Story]) -> int:
    """Summed reach, each known author once."""
    best: dict[str, int] = {}
    for story in stories:
        mention = story.mention
        author = f"{mention.scope}/{mention.author_id}" if mention.author_id else mention.url
        best[author] = max(best.get(author, 0), mention.reach)
    return sum(best.values())
