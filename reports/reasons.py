"""Why people are unhappy or glad, who leaves, and what would help most: one brand, one period.

Every figure counts stories (reprints merged) and carries the numbers of the mentions behind it.
Causes are counted in negative stories and drivers in positive ones, as everywhere; a person's word
counts in any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from statistics import fmean
from typing import Any

from sqlalchemy import Connection

from reports.causes import cause_facts, cause_namer
from reports.interface import CauseFact, Quote, as_json
from reports.posts import Story, intent_quotes, quotes
from reports.reason_brands import KnownBrand, known_brands
from reports.reason_changes import ChangeFact, changes
from reports.reason_expectations import ExpectationFact, expectations
from reports.reason_groups import ElsewhereFact, WiderFact, elsewhere_facts, wider
from reports.reason_helps import HelpFact, helps
from reports.reason_matrix import RowFact, journey_matrix
from reports.reason_parts import Before, By, PartFact, divided
from reports.reason_period import BaselineFact, Period, Told, read
from reports.reason_quotes import quotable
from reports.reason_rivals import RivalFact, rivals
from reports.reason_stories import by_cause, counted, leaves, of_polarity, reach, story_ids
from reports.statistics import benjamini_hochberg, lower_gamma
from store.brands import brands as active_brands
from store.interface import BrandRow
from store.labels import UNLABELLED

LEAST_TOGETHER = 3
"""Two causes are told as going together from so many stories on."""
QUOTES = 2
ALL = 100
"""Causes told: all that there may be."""
SIGNS = ("negative", "positive")
RIVALS = 5


@dataclass(frozen=True, slots=True)
class ReasonFact:
    """A cause or driver in a period, with what weighs on it.

    Attributes:
        fact: how often it is named, against its baseline.
        parent: the id of the wider cause it belongs to.
        reach: followers or views of the stories' authors, each author once.
        severity: mean severity of a complaint, 1 to 4.
        leaving: stories that name it and say the writer leaves or has switched.
        leaving_ids: of their mentions.
        previous_ids: the mentions of the period before, `fact.previous` in number.
        usual_ids: those of the whole baseline, of which `fact.usual` is a period's share.
    """

    fact: CauseFact
    parent: str | None
    reach: int
    severity: float | None
    leaving: int
    mention_ids: tuple[int, ...]
    leaving_ids: tuple[int, ...]
    previous_ids: tuple[int, ...]
    usual_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TogetherFact:
    """Two causes named by the same stories more often than by chance.

    Attributes:
        expected: stories there would be if the causes had nothing to do with each other.
    """

    causes: tuple[str, str]
    mentions: int
    expected: float
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IntentFact:
    """An intent in the period and in the one before; `rivals` are those switched to."""

    intent: str
    mentions: int
    previous: int
    rivals: tuple[tuple[str, int], ...]
    quotes: tuple[Quote, ...]
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReasonsFacts:
    """Everything `molva causes report` tells; times are UTC.

    Attributes:
        unexplained: negative stories that name no cause.
        wider: causes, then drivers, summed up under the wider ones they belong to.
        elsewhere: causes named in stories that are not negative as a whole, which no other figure
            but `helps.leaving` counts; an export of a cause holds them.
        unlabelled: stories that wait for their label; no figure but `stories` counts them.
        young: sources heard in the period that have been known for less than one before it; what is
            told against the past leaves them out.
        baseline_periods: length of the baseline in periods; 0 means that nothing is compared with
            it: too little history, or too much of it not labelled.
        only: the products and places that every mention counted here speaks of.
        sources: the types of sources that every mention counted here comes from; empty: all.
        by: what `parts` are; None: it was not asked for.
        matrix: the journey by cause and stage.
        changes: causes and drivers by source, product and place, against the baseline there.
        expectations: promises broken, defaults unmet, and what was better than hoped for.
        rivals: those that intents name, all of them, each under one name.
        intents_before: the mentions of the period before by intent.
    """

    brand: str
    slug: str
    start: datetime
    end: datetime
    stories: int
    negative: int
    positive: int
    unexplained: tuple[int, ...]
    unlabelled: tuple[int, ...]
    baseline: BaselineFact
    young: tuple[str, ...]
    baseline_periods: float
    causes: tuple[ReasonFact, ...]
    drivers: tuple[ReasonFact, ...]
    helps: tuple[HelpFact, ...]
    together: tuple[TogetherFact, ...]
    intents: tuple[IntentFact, ...]
    parts: tuple[PartFact, ...]
    only: tuple[str, ...] = ()
    wider: tuple[WiderFact, ...] = ()
    elsewhere: tuple[ElsewhereFact, ...] = ()
    sources: tuple[str, ...] = ()
    by: By | None = None
    story_ids: tuple[int, ...] = ()
    negative_ids: tuple[int, ...] = ()
    positive_ids: tuple[int, ...] = ()
    matrix: tuple[RowFact, ...] = ()
    changes: tuple[ChangeFact, ...] = ()
    expectations: tuple[ExpectationFact, ...] = ()
    rivals: tuple[RivalFact, ...] = ()
    intents_before: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        value: dict[str, Any] = as_json(self)
        return value


def build_reasons(conn: Connection, brand: BrandRow, period: Period) -> ReasonsFacts:
    """Gather the facts of one brand in one period."""
    told = read(conn, brand.id, period)
    told = replace(told, stories=[quotable(story) for story in told.stories])
    stories, known = told.stories, known_brands(active_brands(conn))
    negative, positive = _felt_as("negative", stories), _felt_as("positive", stories)
    before = {intent: story_ids(own) for intent, own in _by_intent(told.before).items()}
    parents, named = dict(period.parents), cause_namer(period.audience)
    return ReasonsFacts(
        **_whose(brand, period, told),
        stories=len(stories),
        story_ids=story_ids(stories),
        negative=len(negative),
        positive=len(positive),
        unexplained=story_ids(story for story in negative if not counted(story, "negative")),
        unlabelled=story_ids(_felt_as(UNLABELLED, stories)),
        causes=_reasons(told, "negative", named, parents),
        drivers=_reasons(told, "positive", named, parents),
        helps=helps(stories, named),
        together=_together(stories),
        intents=intents(stories, {intent: len(ids) for intent, ids in before.items()}, known),
        parts=_parts(negative, told, period, named),
        wider=tuple(w for sign in SIGNS for w in wider(stories, sign, parents, named)),
        elsewhere=elsewhere_facts(stories, named),
        negative_ids=story_ids(negative),
        positive_ids=story_ids(positive),
        matrix=tuple(row for sign in SIGNS for row in journey_matrix(stories, sign, named)),
        changes=changes(stories, told.usual, named, told.names),
        expectations=expectations(stories, named),
        rivals=rivals(stories, known),
        intents_before=before,
    )


def _whose(brand: BrandRow, period: Period, told: Told) -> dict[str, Any]:
    """Whose report it is, of when and of what, and against what."""
    heard = {story.mention.source_type for story in told.stories}
    return {
        "brand": brand.name,
        "slug": brand.slug,
        "start": period.start,
        "end": period.end,
        "only": tuple(facet.called(period.audience.lang) for facet in period.only),
        "sources": period.sources,
        "by": period.by,
        "baseline": told.baseline,
        "baseline_periods": told.usual.lengths,
        "young": tuple(sorted(told.usual.young & heard)),
    }


def _parts(
    negative: Sequence[Story], told: Told, period: Period, named: Callable[[str], str]
) -> tuple[PartFact, ...]:
    if period.by is None:
        return ()
    before = Before(told.before, told.usual.young) if told.usual.lengths else None
    return divided(negative, before, period.by, period.audience.zone, told.names, named)


def _felt_as(sentiment: str, stories: Iterable[Story]) -> list[Story]:
    return [story for story in stories if story.mention.sentiment == sentiment]


def _reasons(
    told: Told, polarity: str, named: Callable[[str], str], parents: Mapping[str, str]
) -> tuple[ReasonFact, ...]:
    naming, usual = by_cause(told.stories, polarity), told.usual.naming(polarity)
    previous = by_cause(told.before if told.usual.lengths else (), polarity)
    return tuple(
        ReasonFact(
            fact=fact,
            parent=parents.get(fact.cause),
            reach=reach(naming[fact.cause]),
            severity=_severity(naming[fact.cause], fact.cause) if polarity == "negative" else None,
            leaving=sum(map(leaves, naming[fact.cause])),
            mention_ids=story_ids(naming[fact.cause]),
            leaving_ids=story_ids(filter(leaves, naming[fact.cause])),
            previous_ids=story_ids(previous.get(fact.cause, ())),
            usual_ids=usual.get(fact.cause, ()),
        )
        for fact in _cause_facts(told, polarity, named, naming)
    )


def _cause_facts(
    told: Told,
    polarity: str,
    named: Callable[[str], str],
    naming: Mapping[str, Sequence[Story]],
) -> Iterator[CauseFact]:
    """How often each cause is named; its lift leaves out the sources that came in only now."""
    of = len(of_polarity(told.stories, polarity))
    compared = {
        own.cause: own for own in cause_facts(told.compared, polarity, of, named, lambda _: (), ALL)
    }
    for fact in cause_facts(
        told.counts, polarity, of, named, lambda cause: quotes(naming[cause], cause, QUOTES), ALL
    ):
        own = compared.get(fact.cause)
        if own is None:
            yield replace(fact, lift=None, low=None, high=None, notable=False)
        else:
            yield replace(fact, lift=own.lift, low=own.low, high=own.high, notable=own.notable)


def _severity(stories: Iterable[Story], cause: str) -> float | None:
    levels = [
        own.severity
        for story in stories
        for own in counted(story, "negative")
        if own.cause == cause and own.severity is not None
    ]
    return fmean(levels) if levels else None


def _together(stories: Sequence[Story]) -> tuple[TogetherFact, ...]:
    """Pairs of causes in more stories than chance gives, false discoveries controlled at 5 %.

    Under independence the number of common stories is about Poisson with mean a·b / n.
    """
    naming, unhappy = by_cause(stories, "negative"), len(of_polarity(stories, "negative"))
    pairs = []
    for one, other in combinations(sorted(naming), 2):
        theirs = set(story_ids(naming[other]))
        common = [story for story in naming[one] if story.mention.mention_id in theirs]
        expected = len(naming[one]) * len(naming[other]) / unhappy
        pairs.append(TogetherFact((one, other), len(common), expected, story_ids(common)))
    chances = [lower_gamma(p.mentions, p.expected) if p.mentions else 1.0 for p in pairs]
    stands = benjamini_hochberg(chances)
    found = [p for p, s in zip(pairs, stands, strict=True) if s and p.mentions >= LEAST_TOGETHER]
    return tuple(sorted(found, key=lambda pair: (-pair.mentions, pair.causes)))


def intents(
    stories: Sequence[Story], before: Mapping[str, int], brands: Sequence[KnownBrand] = ()
) -> tuple[IntentFact, ...]:
    """What people are about to do, the most frequent first.

    Args:
        stories: of the period.
        before: stories of the period before by intent.
        brands: the configured ones, to tell rivals by their names.
    """
    now, named = _by_intent(stories), rivals(stories, brands)
    found = []
    for intent, own in now.items():
        told = [(f.rival, f.mentions) for f in named if f.intent == intent][:RIVALS]
        found.append(
            IntentFact(
                intent,
                len(own),
                before.get(intent, 0),
                tuple(told),
                intent_quotes(own, intent, QUOTES),
                story_ids(own),
            )
        )
    return tuple(sorted(found, key=lambda fact: (-fact.mentions, fact.intent)))


def _by_intent(stories: Iterable[Story]) -> dict[str, list[Story]]:
    found: dict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for intent in {link.intent for link in story.mention.intents}:
            found[intent].append(story)
    return found
