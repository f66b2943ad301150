"""Which cause changed in which source, product or place, against its baseline there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reports.posts import Story, counted_causes
from reports.reason_chance import Compared, beyond_chance
from reports.reason_stories import story_ids
from reports.statistics import Estimate
from store.interface import CausePart, LabelledMention

LEAST_BASELINE = 1.0
"""Of a baseline's length in periods: with less, nothing is compared with it."""


@dataclass(frozen=True, slots=True)
class ChangeFact:
    """A cause or driver in one source, product or place, against its baseline there.

    Attributes:
        part: what the source, product or place is called.
        usual: stories to expect in a period of this length; None without a baseline.
        usual_ids: the mentions of the whole baseline, of which `usual` is a period's share.
        ratio: how many times the usual, with its 95 % interval; None if it was not tested. What
            sources bring that are known for less than a period before is in `mentions` alone.
        notable: whether it stands after control of false discoveries over all that were tested.
    """

    by: str
    key: str
    part: str
    cause: str
    name: str
    polarity: str
    mentions: int
    usual: float | None
    ratio: Estimate | None
    notable: bool
    mention_ids: tuple[int, ...]
    usual_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Usual:
    """The baseline: mentions of stories by pair, and how many periods long it is.

    Attributes:
        lengths: 0 where there is too little history to claim anything.
        by_source: for how many periods before each source is known.
    """

    stories: Mapping[CausePart, tuple[int, ...]] = field(default_factory=dict)
    lengths: float = 0.0
    by_source: Mapping[str, float] = field(default_factory=dict)

    @property
    def young(self) -> frozenset[str]:
        """The sources that are known for less than a period before."""
        return frozenset(key for key, length in self.by_source.items() if length < LEAST_BASELINE)

    @property
    def settled(self) -> tuple[str, ...]:
        """The others."""
        return tuple(sorted(self.by_source.keys() - self.young))

    def compared(self, pair: CausePart, now: Sequence[Story]) -> Compared:
        """Stories held against the baseline; lengths of 0 mean that there is none."""
        young = self.young
        lengths = 0.0 if pair.by == "source" and pair.key in young else self.lengths
        known = sum(story.mention.source_type not in young for story in now)
        return Compared(known, len(self.stories.get(pair, ())), lengths)

    def naming(self, polarity: str) -> dict[str, tuple[int, ...]]:
        """Mentions of the baseline's stories by cause; each story comes from just one source."""
        found: dict[str, tuple[int, ...]] = defaultdict(tuple)
        for pair, ids in self.stories.items():
            if (pair.by, pair.polarity) == ("source", polarity):
                found[pair.cause] += ids
        return found


def changes(
    stories: Sequence[Story],
    usual: Usual,
    named: Callable[[str], str],
    parts: Mapping[tuple[str, str], str],
) -> tuple[ChangeFact, ...]:
    """Every pair that has a story now or had one before: what stands first, the surest first.

    Args:
        stories: of the period.
        usual: the baseline.
        named: cause id -> what it is called.
        parts: `(by, key)` -> what the product or place is called.
    """
    here: dict[CausePart, list[Story]] = defaultdict(list)
    for story in stories:
        for pair in _pairs(story.mention):
            here[pair].append(story)
    pairs = sorted(here.keys() | usual.stories.keys())
    compared = {pair: usual.compared(pair, here.get(pair, ())) for pair in pairs}
    tested = [pair for pair in pairs if compared[pair].testable]
    stands = beyond_chance([compared[pair] for pair in tested])
    notable = {pair for pair, stand in zip(tested, stands, strict=True) if stand}
    order = sorted(pairs, key=lambda pair: _order(compared[pair], pair in notable))
    return tuple(
        _fact(
            pair,
            compared[pair],
            pair in notable,
            (story_ids(here.get(pair, ())), usual.stories.get(pair, ())),
            (named, parts),
        )
        for pair in order
    )


def _order(compared: Compared, notable: bool) -> tuple[bool, float, int]:
    return not notable, compared.chance if compared.testable else 1.0, -compared.now


def _fact(
    pair: CausePart,
    compared: Compared,
    notable: bool,
    ids: tuple[tuple[int, ...], tuple[int, ...]],
    names: tuple[Callable[[str], str], Mapping[tuple[str, str], str]],
) -> ChangeFact:
    named, parts = names
    return ChangeFact(
        by=pair.by,
        key=pair.key,
        part=parts.get((pair.by, pair.key), pair.key),
        cause=pair.cause,
        name=named(pair.cause),
        polarity=pair.polarity,
        mentions=len(ids[0]),
        usual=compared.before / compared.lengths if compared.lengths else None,
        ratio=compared.ratio if compared.testable else None,
        notable=notable,
        mention_ids=ids[0],
        usual_ids=ids[1],
    )


def _pairs(mention: LabelledMention) -> set[CausePart]:
    parts = [("source", mention.source_type)]
    parts += [("product", product) for product in mention.products]
    parts += [("place", place) for place in mention.places]
    named = {(own.polarity, own.cause) for own in counted_causes(mention)}
    return {CausePart(*part, *own) for part in parts for own in named}
