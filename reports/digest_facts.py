"""Everything a digest says, in numbers: what `molva digest --format json` writes.

Shares, net sentiment and lifts are fractions, times UTC, days local. A mention in `lists` is
counted once a story, so the length of a list is the number it stands behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from reports.digest_journey import StageFact
from reports.interface import CauseFact, Lang, PostFact, as_json
from reports.periods import PeriodKind
from reports.reasons import IntentFact
from store.interface import Totals

SCHEMA = 2
"""Raised when a field is renamed or means something else; new fields do not raise it."""

Normal = Literal["within", "above", "below", "unknown"]
Direction = Literal["rising", "falling", "steady", "unknown"]
Why = Literal["negative", "positive", "question"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """A headline figure against its past.

    Attributes:
        previous: the period before.
        season: the same weekday a week before; of a week, four weeks before; of a month, a year.
        low: with `high` the middle 90 % of the known periods of the baseline; null if too few.
        margin_low: with `margin_high` Wilson's 95 % interval of a share.
    """

    name: str
    value: float | None
    previous: float | None
    season: float | None
    low: float | None
    high: float | None
    normal: Normal
    margin_low: float | None = None
    margin_high: float | None = None


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One period of the chart; `known` is false before the brand was first named."""

    day: date
    mentions: int
    negative: int
    known: bool


@dataclass(frozen=True, slots=True)
class TrendFact:
    """Where a figure has been going over the baseline and this period.

    Attributes:
        slope: median change a period (Theil and Sen); null if there are too few periods.
        p: of Mann and Kendall's test that there is no trend.
    """

    name: str
    direction: Direction
    slope: float | None
    p: float | None
    periods: int


@dataclass(frozen=True, slots=True)
class VoiceFact:
    """A brand beside its rivals."""

    name: str
    own: bool
    mentions: int
    share: float | None
    net: float | None
    negative_share: float | None


@dataclass(frozen=True, slots=True)
class PartFact:
    """The stories of one source, site, product or place.

    Attributes:
        name: what a product or place is called; the key of the others.
        previous: stories of the period before; null where it is not known, or not compared.
        usual: stories of a usual period; null likewise.
        lift: how many times the usual, with its 95 % interval `low`-`high`; null where there is too
            little to compare. Only products and places are compared.
        notable: the rise stands after Benjamini-Hochberg over all places, or products, at 5 %.
    """

    key: str
    name: str
    mentions: int
    negative: int
    positive: int
    previous: int | None = None
    usual: float | None = None
    lift: float | None = None
    low: float | None = None
    high: float | None = None
    notable: bool = False


@dataclass(frozen=True, slots=True)
class ReadFact:
    """A post worth reading, and why it was chosen."""

    why: Why
    post: PostFact


@dataclass(frozen=True, slots=True)
class OpenWorkFact:
    """Complaints of the last `days` days and the brand's own replies to them.

    Only where a reply of the brand's own accounts is known at all: without one nobody can say
    that a complaint is unanswered.

    Attributes:
        median_minutes: from a complaint to its first own reply, over those answered.
        oldest: the unanswered that have waited longest.
    """

    days: int
    complaints: int
    answered: int
    unanswered: int
    median_minutes: float | None
    oldest: tuple[PostFact, ...]


@dataclass(frozen=True, slots=True)
class LateFact:
    """Mentions of days already reported that were found since.

    Attributes:
        since: when the last digest was made.
        days: local days and how many mentions of each.
    """

    since: datetime
    mentions: int
    negative: int
    days: tuple[tuple[date, int], ...]
    posts: tuple[PostFact, ...]


@dataclass(frozen=True, slots=True)
class MeasuredFact:
    """Of held-out texts of each kind in one language, how many the model finds (its card says).

    Attributes:
        texts: how many were held out; the recalls are fractions.
    """

    model: str
    lang: str
    texts: int
    negative: float
    neutral: float
    positive: float


@dataclass(frozen=True, slots=True)
class LabelErrorFact:
    """How many labels are likely to be wrong.

    Attributes:
        expected: mean of 1 - p over this period's labels, p the calibrated probability of the
            label given; null where none has one.
        labels: how many labels that is the mean of.
    """

    expected: float | None
    labels: int
    measured: tuple[MeasuredFact, ...]


@dataclass(frozen=True, slots=True)
class HealthFact:
    """How the collectors fared; `failing`, `late` and `silent` name sources as of `made_at`.

    Attributes:
        late: not read for three of their intervals.
        silent: never brought anything yet.
        incomplete: polls that could not read back as far as they should.
    """

    polls: int
    failed: int
    sources: int
    failing: tuple[str, ...]
    late: tuple[str, ...]
    silent: tuple[str, ...]
    incomplete: int
    outage_minutes: int


@dataclass(frozen=True, slots=True)
class ListedFact:
    """A mention in a list: enough to recognise and open it."""

    mention_id: int
    text: str
    url: str
    source: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """Everything a digest says.

    Attributes:
        names: what the causes that occur are called.
        lists: the mentions behind each number, by the key its link names, farthest reach first.
        listed: those of them that a page shows.
        own_mentions: mentions that the brand's own accounts wrote; they are in no other number.
        places: what mentions speak of, not where their authors are.
    """

    brand_id: int
    brand: str
    slug: str
    query_version: int
    period: PeriodKind
    day: date
    last_day: date
    zone: str
    lang: Lang
    start: datetime
    end: datetime
    made_at: datetime
    totals: Totals
    kpis: tuple[Kpi, ...]
    history: tuple[HistoryPoint, ...]
    trends: tuple[TrendFact, ...]
    causes: tuple[CauseFact, ...]
    drivers: tuple[CauseFact, ...]
    posts: tuple[ReadFact, ...]
    sources: tuple[PartFact, ...]
    sites: tuple[PartFact, ...]
    places: tuple[PartFact, ...]
    products: tuple[PartFact, ...]
    voices: tuple[VoiceFact, ...]
    journey: tuple[StageFact, ...]
    intents: tuple[IntentFact, ...]
    work: OpenWorkFact | None
    late: LateFact | None
    health: HealthFact
    models: tuple[str, ...]
    taxonomies: tuple[str, ...]
    corrections: int
    unlabelled: int
    own_mentions: int
    label_error: LabelErrorFact
    masked: bool
    names: Mapping[str, str]
    lists: Mapping[str, tuple[int, ...]]
    listed: tuple[ListedFact, ...]
    schema: int = field(default=SCHEMA)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON values; times in ISO 8601, unknowns null."""
        value: dict[str, Any] = as_json(self)
        return value

    def kpi(self, name: str) -> Kpi:
        """The headline figure of that name."""
        return next(kpi for kpi in self.kpis if kpi.name == name)
