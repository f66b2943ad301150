"""The customer's journey in a digest: the stages of its stories, with what is felt there. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from reports.posts import Story
from reports.reason_stories import counted, story_ids
from store.interface import CauseRow


@dataclass(frozen=True, slots=True)
class StageFact:
    """A stage of the customer's journey: stories with a cause, and with a driver, there."""

    stage: str
    negative: int
    positive: int
    causes: tuple[tuple[str, int], ...]
    mention_ids: tuple[int, ...]


def journey(stories: Sequence[Story]) -> tuple[StageFact, ...]:
    """Stages in the order of the most trouble; evidence without a stage is in none."""
    at: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for stage in {cause.stage for cause in _felt(story) if cause.stage}:
            at[stage].append(story)
    found = []
    for stage, own in at.items():
        signs = Counter(story.mention.sentiment for story in own)
        causes = Counter(
            cause.cause for story in own for cause in _felt(story) if cause.stage == stage
        )
        found.append(
            StageFact(
                stage,
                signs["negative"],
                signs["positive"],
                tuple(causes.most_common(3)),
                story_ids(own),
            )
        )
    return tuple(sorted(found, key=lambda fact: (-fact.negative, -fact.positive, fact.stage)))


def _felt(story: Story) -> tuple[CauseRow, ...]:
    """The causes that agree with the sentiment, by which a stage is told as good or bad."""
    return counted(story, story.mention.sentiment)
