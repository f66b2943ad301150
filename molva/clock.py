"""Time, injected: the wall clock of `molva run`, and the simulated one of the demo and tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """The current time as an aware UTC datetime."""
    return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """The simulated time as an aware UTC datetime."""
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move forward; time never runs back.

        Raises:
            ValueError: `step` is negative.
        """
        if step < timedelta(0):
            raise ValueError("a clock does not run back")
        self._now += step
