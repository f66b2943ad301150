"""For whom a brand's digests are, and which of them are due: the configuration, read. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from molva.config import BrandConfig, Config
from molva.model_card import shipped_measures
from molva.rooms import config_taxonomy
from reports.digest import DigestOptions
from reports.interface import Lang
from reports.periods import Period, PeriodKind

T = TypeVar("T")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """One brand's digests: when, of what, in whose words, to whom.

    Attributes:
        weekday: 0 is Monday.
        channels: by name; empty means all that take digests.
        recipients: whom e-mails go to in place of the channel's own; empty means those.
    """

    enabled: bool
    periods: tuple[PeriodKind, ...]
    hour: int
    weekday: int
    zone: ZoneInfo
    lang: Lang
    channels: tuple[str, ...]
    recipients: tuple[str, ...]
    mask: bool

    def takes(self, channel: str) -> bool:
        """Whether the brand's digests go to this channel."""
        return not self.channels or channel in self.channels

    def due(self, now: datetime) -> Iterator[Period]:
        """Of each kind the period whose digest was due last; written late is better than never."""
        if self.enabled:
            for kind in self.periods:
                moment = self._last_moment(kind, now)
                yield Period.holding(kind, moment, self.zone).back(1)

    def _last_moment(self, kind: PeriodKind, now: datetime) -> date:
        """The last local day on which a digest of this kind was due by `now`."""
        today = now.astimezone(self.zone).date()
        day = today if self._at(today) <= now else today - timedelta(days=1)
        if kind == "week":
            return day - timedelta(days=(day.weekday() - self.weekday) % 7)
        return day if kind == "day" else day.replace(day=1)

    def _at(self, day: date) -> datetime:
        """The hour of a local day; one that the clock skips comes as it strikes the next."""
        return datetime.combine(day, time(self.hour), tzinfo=self.zone).astimezone(UTC)


def plan_for(config: Config, slug: str) -> DigestPlan:
    """A brand's plan: its own settings where it has them, else those of `[digest]`."""
    common, own = config.digest, _brand(config, slug).digest

    return DigestPlan(
        enabled=_chosen(own.enabled, common.enabled),
        periods=_chosen(own.periods, common.periods),
        hour=_chosen(own.hour, common.hour),
        weekday=WEEKDAYS.index(_chosen(own.weekday, common.weekday)),
        zone=own.timezone or common.timezone or config.timezone,
        lang=own.language or common.language or config.language,
        channels=_chosen(own.channels, common.channels),
        recipients=_chosen(own.recipients, common.recipients),
        mask=_chosen(own.mask, common.mask),
    )


def options_for(
    config: Config, slug: str, now: datetime, lang: Lang | None = None
) -> DigestOptions:
    """In whose words a brand's digest is made, and what is known of its own accounts."""
    brand, plan = _brand(config, slug), plan_for(config, slug)
    return DigestOptions(
        lang=lang or plan.lang,
        now=now,
        cause_names=config_taxonomy(config).names(),
        accounts=brand.accounts,
        measured=shipped_measures(),
        mask=plan.mask,
    )


def _brand(config: Config, slug: str) -> BrandConfig:
    """Its settings; a brand that is only in the store has none of its own."""
    found = (brand for brand in config.brands if brand.id == slug)
    return next(found, BrandConfig(id=slug, name=slug))


def _chosen(mine: T | None, theirs: T) -> T:
    return theirs if mine is None else mine
