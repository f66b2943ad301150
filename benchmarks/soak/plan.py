"""What one soak is: how much of everything, and the folder it lives in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.soak.kinds import KINDS
from benchmarks.soak.posts import DAY, Site

DRAIN: Final = 1.5
"""Days without faults and new posts at the end: no source waits for much more than a day."""

AIMS: Final = ("half a page", "a statement", "a commit", "a lookup")
"""In the middle of what the process is killed."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The measures of a soak.

    Attributes:
        most: posts of the largest burst; other bursts are no larger.
    """

    sources: int
    days: float
    kills: int
    seed: int
    port: int
    most: int = 10_000

    def sites(self) -> list[Site]:
        """All sources, the kinds taking turns."""
        return [
            Site(index, KINDS[index % len(KINDS)], index // len(KINDS))
            for index in range(self.sources)
        ]

    def burst(self, site: Site) -> int:
        """How many posts come at once there."""
        return min(site.kind.burst, self.most) if site.nth == 0 else 0

    @property
    def end(self) -> float:
        """Simulated seconds of the month."""
        return self.days * DAY

    def deaths(self) -> Iterator[tuple[float, str]]:
        """When the process is killed next, and in the middle of what."""
        rng = random.Random(f"{self.seed}:kills")
        for number in range(self.kills):
            share = (number + rng.uniform(0.2, 0.8)) / self.kills
            yield share * self.end, AIMS[number % len(AIMS)]

    def save(self, folder: Path) -> None:
        """Write it down for the worker."""
        (folder / "plan.json").write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Plan:
        """As it was saved."""
        return cls(**json.loads((folder / "plan.json").read_text(encoding="utf-8")))
