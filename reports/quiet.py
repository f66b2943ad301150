"""Quiet hours in the reader's zone, right over changes of the clock. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator


class QuietHours(BaseModel):
    """The `[quiet_hours]` table: alerts below a severity wait until the hours are over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: time = Field(description="When they begin, e.g. 22:00:00, in `timezone`.")
    end: time = Field(description="When they end; an end before the start is on the next day.")
    override_severity: int = Field(
        default=8, ge=1, le=11, description="From this severity on an alert does not wait; 11: all."
    )

    @model_validator(mode="after")
    def _some_time(self) -> Any:
        if self.start == self.end:
            raise ValueError("start and end are the same; leave the table out for no quiet hours")
        if self.start.tzinfo or self.end.tzinfo:
            raise ValueError("write times without a zone; they are read in `timezone`")
        return self

    def over_at(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that `now` is in are over (UTC); None outside of them.

        The clock on the wall counts: where a night has 23 or 25 hours, the hours are as much
        shorter or longer. A time that the clock skips comes as much after the skip; of one that it
        shows twice the first begins the hours and the last ends them.
        """
        today = now.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.end > self.start else day + timedelta(days=1)
            start = _on_wall(datetime.combine(day, self.start), zone, fold=0)
            end = _on_wall(datetime.combine(last, self.end), zone, fold=1)
            if start <= now < end:
                return end
        return None


def _on_wall(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """The moment at which a clock in that zone shows a time (the first or the last of two)."""
    moments = [wall.replace(tzinfo=zone, fold=side).astimezone(UTC) for side in (0, 1)]
    exists = moments[0].astimezone(zone).replace(tzinfo=None) == wall
    return moments[fold] if exists else moments[0]
