"""What was expected: promises broken, defaults unmet, and what was better than hoped for. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from reports.interface import Quote
from reports.posts import Story, counted_causes, quotes
from reports.reason_stories import CauseStories, cause_stories

QUOTES = 2


@dataclass(frozen=True, slots=True)
class ExpectationFact:
    """An expectation (broken_promise, unmet_default, wow), and by what it was met or not.

    Attributes:
        mentions: stories, each once; `causes`, those whose evidence tells of it, may share some.
    """

    expectation: str
    mentions: int
    causes: tuple[CauseStories, ...]
    quotes: tuple[Quote, ...]
    mention_ids: tuple[int, ...]


def expectations(
    stories: Sequence[Story], named: Callable[[str], str]
) -> tuple[ExpectationFact, ...]:
    """The expectations that evidence tells of, the most stories first."""
    telling: dict[str, dict[str, list[Story]]] = defaultdict(lambda: defaultdict(list))
    for story in stories:
        told = {(o.expectation, o.cause) for o in counted_causes(story.mention) if o.expectation}
        for expectation, cause in sorted(told):
            telling[expectation][cause].append(_only(story, expectation))
    found = [_fact(expectation, own, named) for expectation, own in telling.items()]
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.expectation)))


def _only(story: Story, expectation: str) -> Story:
    """The story with the evidence of that expectation alone, to quote nothing else."""
    causes = tuple(own for own in story.mention.causes if own.expectation == expectation)
    return replace(story, mention=replace(story.mention, causes=causes))


def _fact(
    expectation: str, telling: Mapping[str, Sequence[Story]], named: Callable[[str], str]
) -> ExpectationFact:
    causes = cause_stories(telling, named)
    ids = dict.fromkeys(i for own in causes for i in own.mention_ids)
    said = (quote for own in causes for quote in quotes(telling[own.cause], own.cause, QUOTES))
    return ExpectationFact(
        expectation=expectation,
        mentions=len(ids),
        causes=causes,
        quotes=tuple({quote.evidence: quote for quote in said}.values())[:QUOTES],
        mention_ids=tuple(ids),
    )
