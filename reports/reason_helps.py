"""How much of the trouble each cause explains: of the unhappy, the leaving and reach. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from reports.posts import Story
from reports.reason_stories import by_cause, elsewhere, leaves, of_polarity, reach, story_ids
from reports.statistics import Estimate, wilson


@dataclass(frozen=True, slots=True)
class HelpFact:
    """How much of the trouble a cause explains: what would help most stands first.

    Attributes:
        unhappy: of the unhappy stories, with its 95 % interval (Wilson).
        leaving: of the stories of all who leave, of whatever sentiment; None where nobody does.
        reach: of the reach of the unhappy stories; None where it is unknown.
        weight: mean of those that are known.
        mention_ids: of the unhappy stories that name it.
        leaving_ids: of the stories of those who leave and name it.
    """

    cause: str
    name: str
    unhappy: Estimate
    leaving: float | None
    reach: float | None
    weight: float
    mention_ids: tuple[int, ...]
    leaving_ids: tuple[int, ...]


def helps(stories: Sequence[Story], named: Callable[[str], str]) -> tuple[HelpFact, ...]:
    """Causes by how much they explain.

    "Done with them, I switched to Brix" may sound glad or plain: who leaves, and what they
    complain of, counts whatever the sentiment of the whole.
    """
    leavers = [story for story in stories if leaves(story)]
    naming = by_cause(stories, "negative")
    besides = elsewhere(leavers, "negative")
    unhappy = of_polarity(stories, "negative")
    found = []
    for cause in naming.keys() | besides.keys():
        own = naming.get(cause, [])
        gone = [*filter(leaves, own), *besides.get(cause, [])]
        found.append(_fact(cause, named(cause), (own, unhappy), (gone, leavers)))
    return tuple(sorted(found, key=lambda fact: (-fact.weight, fact.cause)))


def _fact(
    cause: str,
    name: str,
    unhappy: tuple[Sequence[Story], Sequence[Story]],
    leaving: tuple[Sequence[Story], Sequence[Story]],
) -> HelpFact:
    """Both pairs are the stories that name the cause, and all there are."""
    (own, complaining), (gone, leavers) = unhappy, leaving
    of_unhappy = wilson(len(own), len(complaining))
    of_leaving = len(gone) / len(leavers) if leavers else None
    whole = reach(complaining)
    of_reach = reach(own) / whole if whole else None
    known = [share for share in (of_unhappy.value, of_leaving, of_reach) if share is not None]
    return HelpFact(
        cause=cause,
        name=name,
        unhappy=of_unhappy,
        leaving=of_leaving,
        reach=of_reach,
        weight=fmean(known),
        mention_ids=story_ids(own),
        leaving_ids=story_ids(gone),
    )
