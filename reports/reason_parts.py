"""The negative stories of a period by source, stage, day, product or place. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from reports.posts import Story
from reports.reason_stories import by_cause, counted, story_ids
from reports.statistics import Estimate, rate_ratio

By = Literal["source", "stage", "day", "product", "place", "author_place"]
"""`place` is what a story is about, `author_place` where its author says to be."""
MOSTLY = 3
"""Causes named of each part."""


@dataclass(frozen=True, slots=True)
class PartFact:
    """One source, stage, day, product or place: negative stories, against the period before.

    Attributes:
        name: what a product or place is called; the key where there is no other name.
        previous: negative stories of the period before; None by day, or if it is not known.
        ratio: rate against the period before, with its 95 % interval; None likewise.
    """

    key: str
    name: str
    negative: int
    previous: int | None
    ratio: Estimate | None
    causes: tuple[tuple[str, int], ...]
    mention_ids: tuple[int, ...]


def divided(
    negative: Sequence[Story],
    before: Sequence[Story] | None,
    by: By,
    zone: ZoneInfo,
    names: Mapping[str, str],
) -> tuple[PartFact, ...]:
    """The parts that have a negative story: days in their order, else the most stories first.

    A story that speaks of two places counts for both.

    Args:
        before: stories of the period before, of any sentiment; None if it is not known.
        zone: of the days.
        names: what products or places are called.
    """
    keys = _keys(by, zone)
    compared = before is not None and by != "day"
    was_negative = (story for story in before or () if story.mention.sentiment == "negative")
    earlier = Counter(key for story in was_negative for key in keys(story))
    found = [
        PartFact(
            key=key,
            name=names.get(key, key),
            negative=len(own),
            previous=earlier[key] if compared else None,
            ratio=rate_ratio(len(own), 1.0, earlier[key], 1.0) if compared else None,
            causes=_mostly(own),
            mention_ids=story_ids(own),
        )
        for key, own in _grouped(negative, keys).items()
    ]
    if by == "day":
        return tuple(sorted(found, key=lambda part: part.key))
    return tuple(sorted(found, key=lambda part: (-part.negative, part.key)))


def _grouped(stories: Iterable[Story], keys: Callable[[Story], set[str]]) -> dict[str, list[Story]]:
    groups: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for key in keys(story):
            groups[key].append(story)
    return groups


def _mostly(stories: Sequence[Story]) -> tuple[tuple[str, int], ...]:
    counts = Counter(
        {cause: len(naming) for cause, naming in by_cause(stories, "negative").items()}
    )
    return tuple(counts.most_common(MOSTLY))


def _keys(by: By, zone: ZoneInfo) -> Callable[[Story], set[str]]:
    """What a story is counted under."""
    simple: Mapping[By, Callable[[Story], set[str]]] = {
        "source": lambda story: {story.mention.source_type},
        "stage": lambda story: {own.stage for own in counted(story, "negative") if own.stage},
        "product": lambda story: set(story.mention.products),
        "place": lambda story: set(story.mention.places),
        "author_place": lambda story: set(story.mention.author_places),
        "day": lambda story: {story.mention.published_at.astimezone(zone).date().isoformat()},
    }
    return simple[by]
