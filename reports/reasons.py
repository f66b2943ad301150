"""Why people are unhappy or glad, who leaves, and what would help most: one brand, one period.

Every figure counts stories (reprints merged) and carries the numbers of the mentions behind it.
Causes are counted in negative stories and drivers in positive ones, as everywhere; a person's word
counts in any.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from statistics import fmean
from typing import Any

from sqlalchemy import Connection

from reports.causes import CauseCounts, cause_facts, cause_name
from reports.interface import Audience, CauseFact, Quote, as_json
from reports.posts import Story, first_told, intent_quotes, quotes
from reports.reason_groups import ElsewhereFact, WiderFact, elsewhere_facts, wider
from reports.reason_helps import HelpFact, helps
from reports.reason_parts import By, PartFact, divided
from reports.reason_stories import by_cause, counted, leaves, of_polarity, reach, story_ids
from reports.statistics import benjamini_hochberg, lower_gamma
from store.counts import cause_counts
from store.facet_rows import FacetRow
from store.facets import facets
from store.history import first_published, labelled_mentions
from store.interface import BrandRow, CauseRow, MentionFilter

LEAST_TOGETHER = 3
"""Two causes are told as going together from so many stories on."""
LEAST_BASELINE = 1.0
"""Of a baseline's length in periods: with less, no lift is claimed."""
BASELINE_PERIODS = 4
QUOTES = 2
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
    """

    fact: CauseFact
    parent: str | None
    reach: int
    severity: float | None
    leaving: int
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StageFact:
    """A stage of the customer's journey: stories with a cause, and with a driver, there."""

    stage: str
    negative: int
    positive: int
    causes: tuple[tuple[str, int], ...]
    mention_ids: tuple[int, ...]


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
        baseline_periods: length of the baseline in periods; 0 means too little history.
        only: the products and places that every mention counted here speaks of.
    """

    brand: str
    slug: str
    start: datetime
    end: datetime
    stories: int
    negative: int
    positive: int
    unexplained: tuple[int, ...]
    baseline_periods: float
    causes: tuple[ReasonFact, ...]
    drivers: tuple[ReasonFact, ...]
    helps: tuple[HelpFact, ...]
    journey: tuple[StageFact, ...]
    together: tuple[TogetherFact, ...]
    intents: tuple[IntentFact, ...]
    parts: tuple[PartFact, ...]
    only: tuple[str, ...] = ()
    wider: tuple[WiderFact, ...] = ()
    elsewhere: tuple[ElsewhereFact, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        value: dict[str, Any] = as_json(self)
        return value


@dataclass(frozen=True, slots=True)
class Period:
    """What to tell of: `[start, end)`, in whose words, divided how.

    Attributes:
        only: products and places; mentions that do not speak of all of them are left out.
    """

    start: datetime
    end: datetime
    audience: Audience
    by: By | None = None
    parents: tuple[tuple[str, str], ...] = ()
    """`(cause, wider cause)`."""
    only: tuple[FacetRow, ...] = ()


def build_reasons(conn: Connection, brand: BrandRow, period: Period) -> ReasonsFacts:
    """Gather the facts of one brand in one period."""
    length = period.end - period.start
    stories = _stories(conn, brand.id, period, period.start, period.end)
    before = _stories(conn, brand.id, period, period.start - length, period.start)
    counts = _counts(conn, brand.id, period)
    signs = Counter(story.mention.sentiment for story in stories)
    negative = [story for story in stories if story.mention.sentiment == "negative"]
    parents, named = dict(period.parents), _namer(period.audience)
    return ReasonsFacts(
        brand=brand.name,
        slug=brand.slug,
        start=period.start,
        end=period.end,
        stories=len(stories),
        negative=signs["negative"],
        positive=signs["positive"],
        unexplained=story_ids(story for story in negative if not counted(story, "negative")),
        baseline_periods=counts.exposure[1],
        causes=_reasons(stories, counts, "negative", named, parents),
        drivers=_reasons(stories, counts, "positive", named, parents),
        helps=helps(stories, named),
        journey=journey(stories),
        together=_together(stories),
        intents=intents(stories, {key: len(own) for key, own in _by_intent(before).items()}),
        parts=_parts(conn, brand.id, negative, before if counts.exposure[1] else None, period),
        only=tuple(facet.called(period.audience.lang) for facet in period.only),
        wider=(
            *wider(stories, "negative", parents, named),
            *wider(stories, "positive", parents, named),
        ),
        elsewhere=elsewhere_facts(stories, named),
    )


def _namer(audience: Audience) -> Callable[[str], str]:
    return lambda cause: cause_name(audience.cause_names, cause, audience.lang)


def _parts(
    conn: Connection,
    brand_id: int,
    negative: Sequence[Story],
    before: Sequence[Story] | None,
    period: Period,
) -> tuple[PartFact, ...]:
    if period.by is None:
        return ()
    names = {facet.slug: facet.called(period.audience.lang) for facet in facets(conn, brand_id)
             if period.by.endswith(facet.kind)}  # fmt: skip
    return divided(negative, before, period.by, period.audience.zone, names)


def _stories(
    conn: Connection, brand_id: int, period: Period, start: datetime, end: datetime
) -> list[Story]:
    only = {str(facet.kind): facet.slug for facet in period.only}
    wanted = MentionFilter(
        brand_id=brand_id,
        since=start,
        until=end,
        own=False,
        product=only.get("product"),
        place=only.get("place"),
    )
    # As `store.counts` counts them: another mention of a story might name other causes.
    return first_told(labelled_mentions(conn, wanted))


def _counts(conn: Connection, brand_id: int, period: Period) -> CauseCounts:
    """Counts now, in the period before, and in up to four periods before: the baseline."""
    length = period.end - period.start
    known_since = first_published(conn, brand_id)
    start = max(period.start - BASELINE_PERIODS * length, known_since or period.start)
    lengths = max(0.0, (period.start - start) / length)
    only = [facet.id for facet in period.only]
    now = cause_counts(conn, brand_id, period.start, period.end, only)
    if lengths < LEAST_BASELINE:
        return CauseCounts(now, [], None, (1.0, 0.0))
    return CauseCounts(
        now,
        cause_counts(conn, brand_id, start, period.start, only),
        cause_counts(conn, brand_id, period.start - length, period.start, only),
        (1.0, lengths),
    )


def _reasons(
    stories: Sequence[Story],
    counts: CauseCounts,
    polarity: str,
    named: Callable[[str], str],
    parents: dict[str, str],
) -> tuple[ReasonFact, ...]:
    naming = by_cause(stories, polarity)
    of = len(of_polarity(stories, polarity))
    facts = cause_facts(
        counts, polarity, of, named, lambda cause: quotes(naming[cause], cause, QUOTES), 100
    )
    return tuple(
        ReasonFact(
            fact=fact,
            parent=parents.get(fact.cause),
            reach=reach(naming[fact.cause]),
            severity=_severity(naming[fact.cause], fact.cause) if polarity == "negative" else None,
            leaving=sum(map(leaves, naming[fact.cause])),
            mention_ids=story_ids(naming[fact.cause]),
        )
        for fact in facts
    )


def _severity(stories: Iterable[Story], cause: str) -> float | None:
    levels = [
        own.severity
        for story in stories
        for own in counted(story, "negative")
        if own.cause == cause and own.severity is not None
    ]
    return fmean(levels) if levels else None


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


def intents(stories: Sequence[Story], before: Mapping[str, int]) -> tuple[IntentFact, ...]:
    """What people are about to do, the most frequent first; `before` counts the period before."""
    now = _by_intent(stories)
    found = []
    for intent, own in now.items():
        rivals = Counter(
            link.rival for s in own for link in s.mention.intents if link.intent == intent
        )
        told = [(rival, count) for rival, count in rivals.most_common() if rival][:RIVALS]
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
