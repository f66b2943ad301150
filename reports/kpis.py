"""The headline figures: each against the period before, its season and the usual band. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reports.digest_facts import HistoryPoint, Kpi, Normal, VoiceFact
from reports.periods import Baseline, Period
from reports.statistics import net_sentiment, share_of_voice, wilson
from store.interface import BrandRow, Totals

BAND = (0.05, 0.95)
"""The usual band: the middle 90 % of the baseline's periods."""
LEAST_FOR_SHARE = 5
"""A period with fewer scored stories has no share worth comparing."""
MEASURES = ("mentions", "authors", "reach", "net_sentiment", "negative_share")


@dataclass(frozen=True, slots=True)
class Past:
    """A brand's totals of a period and of those of its baseline, oldest first."""

    period: Period
    before: tuple[Totals, ...]
    now: Totals

    @property
    def known(self) -> tuple[Totals, ...]:
        """The periods since the brand was first named."""
        first = next((i for i, row in enumerate(self.before) if row.sightings), len(self.before))
        return self.before[first:]

    @property
    def enough(self) -> bool:
        """Whether there is history enough to call something usual."""
        return len(self.known) >= self.period.baseline.least

    def values(self, name: str) -> list[float | None]:
        """A measure over the known periods, this one last."""
        return [measure(name, row) for row in (*self.known, self.now)]


def headline(past: Past) -> tuple[Kpi, ...]:
    """The five figures of the brand alone; the negative share with Wilson's interval."""
    rows = {name: compare(name, past.values(name), past.period.baseline) for name in MEASURES}
    if scored(past.now):
        margin = wilson(past.now.negative, scored(past.now))
        share = rows["negative_share"]
        rows["negative_share"] = replace(share, margin_low=margin.low, margin_high=margin.high)
    return tuple(rows.values())


def history(past: Past) -> tuple[HistoryPoint, ...]:
    """The periods of the chart, those before the brand was first named too."""
    unknown = len(past.before) - len(past.known)
    periods = (*past.period.before(), past.period)
    return tuple(
        HistoryPoint(period.first, row.mentions, row.negative, index >= unknown)
        for index, (period, row) in enumerate(zip(periods, (*past.before, past.now), strict=True))
    )


def measure(name: str, row: Totals) -> float | None:
    """A headline figure of one period; nothing where too little was scored for a share."""
    if name == "net_sentiment":
        net = net_sentiment(row.positive, row.neutral, row.negative)
        return net if scored(row) >= LEAST_FOR_SHARE else None
    if name == "negative_share":
        return row.negative / scored(row) if scored(row) >= LEAST_FOR_SHARE else None
    return float(getattr(row, name))


def scored(row: Totals) -> int:
    """Stories with a sentiment."""
    return row.negative + row.neutral + row.positive


def compare(name: str, values: Sequence[float | None], baseline: Baseline) -> Kpi:
    """The last of some consecutive periods' values against the periods before it."""
    value, past = values[-1], values[:-1]
    band = usual_band([v for v in past if v is not None], baseline.least)
    normal: Normal = "unknown"
    if band and value is not None:
        normal = "above" if value > band[1] else "below" if value < band[0] else "within"
    return Kpi(
        name=name,
        value=value,
        previous=past[-1] if past else None,
        season=past[-baseline.season] if len(past) >= baseline.season else None,
        low=band[0] if band else None,
        high=band[1] if band else None,
        normal=normal,
    )


def usual_band(values: Sequence[float], least: int) -> tuple[float, float] | None:
    """The 5th and 95th percentiles (linear interpolation, type 7 of Hyndman and Fan, 1996)."""
    if len(values) < least:
        return None
    ordered = sorted(values)

    def percentile(share: float) -> float:
        place = share * (len(ordered) - 1)
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    return percentile(BAND[0]), percentile(BAND[1])


def voices(
    rows: Sequence[BrandRow], pasts: Mapping[int, Past], own: BrandRow
) -> tuple[tuple[VoiceFact, ...], Kpi]:
    """The brand and its rivals side by side, and the brand's share of voice over the periods."""
    rivals = [row.id for row in rows if row.id != own.id]

    def mentions(brand_id: int) -> list[int]:
        past = pasts[brand_id]
        return [row.mentions for row in (*past.before, past.now)]

    shares = [
        share_of_voice(ours, theirs)
        for ours, *theirs in zip(mentions(own.id), *map(mentions, rivals), strict=True)
    ]
    whole = sum(past.now.mentions for past in pasts.values())
    facts = [_voice(row, pasts[row.id].now, whole, row.id == own.id) for row in rows]
    facts.sort(key=lambda voice: (-voice.mentions, voice.name))
    return tuple(facts), compare("share_of_voice", shares, pasts[own.id].period.baseline)


def _voice(row: BrandRow, count: Totals, whole: int, own: bool) -> VoiceFact:
    enough = scored(count) >= LEAST_FOR_SHARE
    return VoiceFact(
        name=row.name,
        own=own,
        mentions=count.mentions,
        share=count.mentions / whole if whole else None,
        net=net_sentiment(count.positive, count.neutral, count.negative) if enough else None,
        negative_share=count.negative / scored(count) if enough else None,
    )
