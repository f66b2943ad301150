"""A daily quota, planned: by noon half of it may be used, so that the evening is not blind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collectors.items import count, mapping


class DayQuota:
    """How much of each daily limit may be used by now.

    Args:
        stored: the `state` of an earlier poll; one of another day is forgotten.
        limits: what a day allows, by name.
        now: when the poll began.
        zone: whose midnight begins the service's day.
    """

    def __init__(
        self, stored: object, limits: Mapping[str, int], now: datetime, zone: ZoneInfo
    ) -> None:
        local = now.astimezone(zone)
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        following = (start + timedelta(days=1)).astimezone(UTC)
        # In UTC: a day on which the clocks change has 23 or 25 hours.
        begun = start.astimezone(UTC)
        self.until_reset = following - now
        self._elapsed = (now - begun) / (following - begun)
        self._day, self._limits = start.date().isoformat(), dict(limits)
        earlier = mapping(stored)
        used = mapping(earlier.get("used")) if earlier.get("day") == self._day else {}
        self._used = {name: count(used.get(name)) or 0 for name in limits}

    def left(self, name: str) -> int:
        """How many requests may still be made by now; the first of a day may come at once."""
        limit = self._limits[name]
        return max(min(limit, 1 + int(limit * self._elapsed)) - self._used[name], 0)

    def spend(self, name: str) -> None:
        """Count a request; before it is made, for a failed one is counted too."""
        self._used[name] += 1

    @property
    def state(self) -> dict[str, Any]:
        """What to keep in the cursor."""
        return {"day": self._day, "used": dict(self._used)}

    def __str__(self) -> str:
        used = (f"{self._used[name]} of {limit} {name}" for name, limit in self._limits.items())
        return f"today {' and '.join(used)} are used"
