"""Stories by what they name; a cause counts where it agrees with the sentiment. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from reports.posts import Story
from store.interface import CauseRow


def own_causes(story: Story) -> tuple[CauseRow, ...]:
    """The causes that agree with the story's sentiment: those that are counted."""
    return tuple(c for c in story.mention.causes if c.polarity == story.mention.sentiment)


def story_ids(stories: Iterable[Story]) -> tuple[int, ...]:
    """The numbers of the mentions that stand for them."""
    return tuple(story.mention.mention_id for story in stories)


def by_cause(stories: Iterable[Story]) -> dict[str, list[Story]]:
    """Stories by the causes they name."""
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for cause in {own.cause for own in own_causes(story)}:
            found[cause].append(story)
    return found
