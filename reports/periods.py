"""Days, weeks and months as people live them in a zone. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

PeriodKind = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The periods before that say what is usual.

    Attributes:
        periods: how many are looked at.
        least: with fewer since the brand was first named, nothing is called usual.
        season: how many periods back the one lies that is most like this: the same weekday a week
            before, the week four weeks before, the month a year before.
    """

    periods: int
    least: int
    season: int


BASELINES: dict[PeriodKind, Baseline] = {
    "day": Baseline(periods=28, least=7, season=7),
    "week": Baseline(periods=8, least=4, season=4),
    "month": Baseline(periods=12, least=4, season=12),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A local day, an ISO week (Monday to Sunday) or a calendar month."""

    kind: PeriodKind
    first: date
    zone: ZoneInfo

    @classmethod
    def holding(cls, kind: PeriodKind, day: date, zone: ZoneInfo) -> Period:
        """The period of that kind that `day` lies in."""
        if kind == "week":
            day -= timedelta(days=day.weekday())
        elif kind == "month":
            day = day.replace(day=1)
        return cls(kind, day, zone)

    def back(self, count: int) -> Period:
        """The period so many periods earlier; later where `count` is negative."""
        if self.kind == "month":
            return Period(self.kind, self.first - relativedelta(months=count), self.zone)
        days = {"day": 1, "week": 7}[self.kind] * count
        return Period(self.kind, self.first - timedelta(days=days), self.zone)

    @property
    def last(self) -> date:
        """The last day in it."""
        return self.back(-1).first - timedelta(days=1)

    @property
    def start(self) -> datetime:
        """When it begins, in UTC."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """When the next one begins, in UTC: where a clock changes a day has 23 or 25 hours."""
        return self.back(-1).start

    @property
    def baseline(self) -> Baseline:
        """What it is held against."""
        return BASELINES[self.kind]

    def before(self) -> Sequence[Period]:
        """The periods of its baseline, oldest first."""
        return [self.back(count) for count in range(self.baseline.periods, 0, -1)]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
