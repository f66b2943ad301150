"""The negative stories of a period by source, stage, day, product or place. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from reports.posts import Story
from reports.reason_chance import Compared, beyond_chance
from reports.reason_stories import CauseStories, by_cause, cause_stories, counted, story_ids
from reports.statistics import Estimate

By = Literal["source", "stage", "day", "product", "place", "author_place"]
"""`place` is what a story is about, `author_place` where its author says to be."""
MOSTLY = 3
"""Causes named of each part."""


@dataclass(frozen=True, slots=True)
class PartFact:
    """One source, stage, day, product or place: negative stories, against the period before.

    Attributes:
        name: what a product or place is called; the key where there is no other name.
        previous: negative stories of the period before; None by day, if it is not known, and of
            a source that was not known for all of that period.
        ratio: rate against the period before, with its 95 % interval; None likewise, and of fewer
            than three stories in both. Without sources that were not known all that period.
        causes: those its stories name most; of a stage those whose own evidence is of it.
        notable: whether it stands after control of false discoveries over all parts compared.
        previous_ids: of the period before.
    """

    key: str
    name: str
    negative: int
    previous: int | None
    ratio: Estimate | None
    causes: tuple[CauseStories, ...]
    mention_ids: tuple[int, ...]
    notable: bool
    previous_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """The period before: its stories, of any sentiment, and the sources that came in only then."""

    stories: Sequence[Story]
    young: frozenset[str] = frozenset()


def divided(
    negative: Sequence[Story],
    before: Before | None,
    by: By,
    zone: ZoneInfo,
    names: Mapping[tuple[str, str], str],
    named: Callable[[str], str],
) -> tuple[PartFact, ...]:
    """The parts that have or had a negative story, the most first; days in their order.

    Of the days all from the first with one to the last. A story that speaks of two places counts
    for both. What products and places are called is told by `names`, what causes are by `named`,
    the days' zone by `zone`; `before` is None where it is not known.
    """
    keys = _keys(by, zone)
    now, earlier = _grouped(negative, keys), _grouped(_unhappy(before, by), keys)
    counts = {
        key: _compared((now[key], earlier[key]), before, _length(key, before, by))
        for key in sorted({*now, *earlier, *(_between(now) if by == "day" else ())})
    }
    stands = _standing(counts)
    found = [
        PartFact(
            key=key,
            name=names.get((by.removeprefix("author_"), key), key),
            negative=len(now[key]),
            previous=len(earlier[key]) if own.lengths else None,
            ratio=own.ratio if own.testable else None,
            causes=cause_stories(_naming(now[key], key, by), named)[:MOSTLY],
            mention_ids=story_ids(now[key]),
            notable=key in stands,
            previous_ids=story_ids(earlier[key]),
        )
        for key, own in counts.items()
    ]
    return tuple(sorted(found, key=lambda part: (by != "day" and -part.negative, part.key)))


def _between(days: Iterable[str]) -> Iterator[str]:
    """The days from the first to the last: one without a complaint is news, too."""
    told = [date.fromisoformat(day).toordinal() for day in days]
    if told:
        yield from (date.fromordinal(n).isoformat() for n in range(min(told), max(told)))


def _compared(
    stories: tuple[Sequence[Story], Sequence[Story]], before: Before | None, length: float
) -> Compared:
    """Stories now and before, of sources known long enough: what a new one brings is no rise."""
    young = before.young if before else frozenset()
    now, earlier = (sum(s.mention.source_type not in young for s in own) for own in stories)
    return Compared(now, earlier, length)


def _length(key: str, before: Before | None, by: By) -> float:
    """Of the period before, for a part; 0 where it is not compared."""
    if before is None or by == "day" or (by == "source" and key in before.young):
        return 0.0
    return 1.0


def _unhappy(before: Before | None, by: By) -> list[Story]:
    if before is None or by == "day":
        return []
    return [story for story in before.stories if story.mention.sentiment == "negative"]


def _standing(counts: Mapping[str, Compared]) -> frozenset[str]:
    tested = [key for key, own in counts.items() if own.testable]
    stands = beyond_chance([counts[key] for key in tested])
    return frozenset(key for key, stand in zip(tested, stands, strict=True) if stand)


def _grouped(stories: Iterable[Story], keys: Callable[[Story], set[str]]) -> dict[str, list[Story]]:
    groups: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for key in keys(story):
            groups[key].append(story)
    return groups


def _naming(stories: Sequence[Story], key: str, by: By) -> Mapping[str, Sequence[Story]]:
    """The stories of a part by cause; of a stage by the causes that were met there."""
    if by != "stage":
        return by_cause(stories, "negative")
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for cause in {own.cause for own in counted(story, "negative") if own.stage == key}:
            found[cause].append(story)
    return found


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
