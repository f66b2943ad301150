"""The ways in which a request fails, how often, and what a poll must be called that ends so."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from functools import cache
from typing import Final

RATE: Final = 0.2
"""Of all requests."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail.

    Attributes:
        weight: how often, against the others.
        outcome: of a poll that this ended.
        status: of the answer; 0 is no answer, or one that breaks off.
        wait: how the answer says when to come again: `seconds`, `date`, `epoch` or not at all.
    """

    name: str
    weight: float
    outcome: str = "retriable"
    status: int = 0
    wait: str = ""


FAULTS: Final = (
    Fault("500", 1.5, status=500),
    Fault("502", 1.5, status=502),
    Fault("503", 1.5, status=503),
    Fault("503 with Retry-After", 1.0, "throttled", 503, "seconds"),
    Fault("504", 1.0, status=504),
    Fault("408", 0.5, status=408),
    Fault("429", 1.0, "throttled", 429),
    Fault("429 in seconds", 1.5, "throttled", 429, "seconds"),
    Fault("429 until a date", 0.5, "throttled", 429, "date"),
    Fault("429 until an epoch", 0.5, "throttled", 429, "epoch"),
    Fault("reset", 1.5),
    Fault("cut off", 2.0),
    Fault("truncated", 1.5, status=200),
    Fault("a page of HTML", 1.5, status=200),
    Fault("empty body", 1.0, status=200),
    Fault("garbage", 1.0, status=200),
    Fault("slow drip", 0.7),
    Fault("silence", 0.7),
    Fault("redirect loop", 0.7, status=302),
    Fault("redirect to a private address", 0.15, "fatal", 302),
    Fault("gzip bomb", 0.15, "fatal", 200),
)
BY_NAME: Final = {fault.name: fault for fault in FAULTS}
WAITS: Final = (2, 7, 60, 900, 3600, 6 * 3600)
"""Seconds that a server may ask for; the first two are waited for inside a poll."""


def draw(rng: random.Random, rate: float = RATE) -> Fault | None:
    """How a request fails; `None` if it does not."""
    if rng.random() >= rate:
        return None
    return rng.choices(FAULTS, [fault.weight for fault in FAULTS])[0]


@cache
def bomb() -> bytes:
    """64 MB in 64 kB."""
    return gzip.compress(bytes(64 << 20), 9)
