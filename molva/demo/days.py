"""When people write: by hour and weekday, with busy and quiet spells; and the world's dates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Moscow")
HOUR = timedelta(hours=1)
CLOSE_STEP = timedelta(minutes=11)
"""On the bad day: just over half the sources' interval with its jitter."""
BAD_DAY = date(2026, 4, 2)
_BAD_FROM, _BAD_UNTIL = time(11, 10), time(19, 0)
_OUTAGE_DAYS_BEFORE = 16

_BY_HOUR = (
    *(2, 1, 0.5, 0.5, 0.5, 1, 4, 9, 13, 11, 9, 9),
    *(12, 11, 8, 7, 8, 9, 10, 9, 8, 7, 5, 3),
)  # fmt: skip
_BY_WEEKDAY = (1.05, 1.0, 1.0, 1.05, 1.1, 0.95, 0.85)
_SPREAD = 7.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the world, in Moscow time, the bad one three days before the end.

    Args:
        days: how many days the world lasts, at least 7.
        bad_day: the day on which everything goes wrong.
    """

    days: int = 35
    bad_day: date = BAD_DAY

    @property
    def start(self) -> datetime:
        """The first moment (aware UTC)."""
        return self.local(self.bad_day - timedelta(days=self.days - 4), time())

    @property
    def end(self) -> datetime:
        """The moment after the last day (aware UTC)."""
        return self.start + timedelta(days=self.days)

    @property
    def bad_start(self) -> datetime:
        """When the app begins to charge twice (aware UTC)."""
        return self.local(self.bad_day, _BAD_FROM)

    @property
    def bad_end(self) -> datetime:
        """When the app's payment is switched off (aware UTC)."""
        return self.local(self.bad_day, _BAD_UNTIL)

    @property
    def outage(self) -> tuple[datetime, datetime]:
        """When one place cannot be reached: the middle of a busy weekday."""
        before = min(_OUTAGE_DAYS_BEFORE, self.days - 6)
        day = self.bad_day - timedelta(days=before)
        return self.local(day, time(10)), self.local(day, time(15))

    @staticmethod
    def local(day: date, at: time) -> datetime:
        """Return a Moscow time of a day as aware UTC."""
        return datetime.combine(day, at, ZONE).astimezone(UTC)

    def hours(self) -> Iterator[datetime]:
        """Yield the start of every hour."""
        for hour in range(self.days * 24):
            yield self.start + timedelta(hours=hour)


def moments(random: Random, hour: datetime, per_day: float) -> list[datetime]:
    """Return when somebody writes within an hour, `per_day` times on an average day.

    The rate of each hour is drawn from a gamma distribution, so that counts vary more than a
    Poisson process: towns have busy and quiet spells.
    """
    local = hour.astimezone(ZONE)
    share = _BY_HOUR[local.hour] / sum(_BY_HOUR) * _BY_WEEKDAY[local.weekday()]
    count = poisson(random, per_day * share * random.gammavariate(_SPREAD, 1 / _SPREAD))
    return sorted(hour + timedelta(seconds=random.randrange(3600)) for _ in range(count))


def poisson(random: Random, rate: float) -> int:
    """Draw from a Poisson distribution by Knuth's product of uniforms; for small rates."""
    limit, product, count = math.exp(-rate), random.random(), 0
    while product > limit:
        product *= random.random()
        count += 1
    return count


def step(calendar: Calendar, now: datetime) -> timedelta:
    """How far to move on from `now`: to the next full hour, or less on the bad day."""
    next_hour = HOUR - (now - calendar.start) % HOUR
    day = calendar.local(calendar.bad_day, time())
    if not day <= now < day + timedelta(days=1):
        return next_hour
    left = day + timedelta(days=1) - now
    return min(CLOSE_STEP, left)
