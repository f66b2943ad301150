"""What goes wrong on the way: refusals now and then, and one place out for hours.

Decided by the simulated time and the seed alone, so that every run meets the same trouble.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from molva.demo.posts import Place

_ONE_IN = 90
_LIMITED_ONE_IN = 7
"""Of the one-off refusals, how many are a rate limit; the others pass at the second try."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal: its status and, where the server says so, seconds to wait."""

    status: int
    retry_after: int | None


@dataclass(slots=True)
class Faults:
    """Refusals by place and simulated hour; each one-off refusal is given once.

    Args:
        seed: of the world.
        place: which place is out from `start` until `end`.
    """

    seed: int
    place: Place
    start: datetime
    end: datetime
    _given: set[tuple[str, int]] = field(default_factory=set)

    def fault(self, place: Place, now: datetime) -> Fault | None:
        """Return how a request is refused, or `None` when it is answered."""
        if place == self.place and self.start <= now < self.end:
            return Fault(503, None)
        hour = int(now.timestamp() // 3600)
        draw = hashlib.blake2s(f"{self.seed}:{place}:{hour}".encode(), digest_size=4).digest()
        value = int.from_bytes(draw, "big")
        if value % _ONE_IN or (place, hour) in self._given:
            return None
        self._given.add((place, hour))
        return Fault(503, None) if value // _ONE_IN % _LIMITED_ONE_IN else Fault(429, 600)
