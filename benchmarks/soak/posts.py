"""What is written in the simulated month: a seeded schedule of posts, and a shelf that shows it.

Every text begins with a mark that names source, post and version, so that whatever a service or the
store shows of it can be told apart.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.soak.kinds import Kind
from benchmarks.soak.loop import moment
from tests.conformance.kit import Item

BRAND: Final = "Kvarzon"
MARK: Final = re.compile(r"#m(\d+)\.(\d+)\.(\d+)m")
PER_SOURCE: Final = 100_000
"""Numbers of a kind's sources must differ: some services are one scope for all of them."""

DAY: Final = 86_400.0
HUGE: Final = 5_000_000
SKEWS: Final = (timedelta(0), timedelta(hours=2), timedelta(hours=-2))
_2099: Final = datetime(2099, 1, 1, tzinfo=UTC)
_TAILS: Final = (
    "☕ 👩‍👩‍👧 🏳️‍🌈",
    "مرحبا \u202eعكس\u202c שלום",
    "half a letter \ud83d here",
    "e\u0301tat и ёлка",
    "Tom & Jerry: 5 < 6",
    "",
)
_WORDS: Final = ("delivery", "refund", "queue", "courier", "заказ", "очередь", "возврат")


@dataclass(frozen=True, slots=True)
class Planned:
    """A post: when it can be seen first (simulated seconds), its texts, what it claims.

    Attributes:
        texts: each with the second from which on it is shown.
        named: whether it has an id.
        matches: whether it names the brand.
    """

    number: int
    arrives: float
    claimed: datetime
    arrived: datetime
    texts: tuple[tuple[float, str], ...]
    named: bool
    matches: bool

    def item(self, version: int) -> Item:
        """It as a kit knows it."""
        return Item(
            self.number,
            self.texts[version][1],
            self.claimed,
            has_id=self.named,
            arrived=self.arrived,
        )


@dataclass(frozen=True, slots=True)
class Site:
    """One source: its kind, which of the kind it is, and how far its clock is off."""

    index: int
    kind: Kind
    nth: int

    @property
    def name(self) -> str:
        """As configured."""
        return f"{self.kind.type}-{self.nth}"

    @property
    def host(self) -> str:
        """An address of its own, as limits are by host."""
        return f"127.0.{1 + self.index // 250}.{1 + self.index % 250}"

    @property
    def skew(self) -> timedelta:
        """Of its clock."""
        return SKEWS[self.nth % len(SKEWS)]

    @property
    def interval(self) -> timedelta:
        """Between its polls."""
        return timedelta(hours=4 + self.index % 4)


def schedule(site: Site, seed: int, days: float, burst: int) -> list[Planned]:
    """All that is ever written at a source, in order of arrival.

    Args:
        burst: posts within one hour in the middle, beside the usual ones.
    """
    rng = random.Random(f"{seed}:posts:{site.index}")
    moments = list(_moments(rng, days, rng.uniform(1.0, 3.5)))
    middle = days * DAY / 2
    moments += [middle + 3600 * (n + 0.5) / burst for n in range(burst)]
    moments.sort()
    huge = next((n for n, at in enumerate(moments) if at > middle - DAY), -1)
    return [
        _planned(site, rng, n, at, huge=site.nth == 0 and n == huge and days > 10)
        for n, at in enumerate(moments)
    ]


def _moments(rng: random.Random, days: float, per_day: float) -> Iterator[float]:
    at = rng.expovariate(per_day) * DAY
    while at < days * DAY:
        yield at
        at += rng.expovariate(per_day) * DAY


def _planned(site: Site, rng: random.Random, n: int, at: float, *, huge: bool) -> Planned:
    kind, matches = site.kind, rng.random() > 0.08
    arrived = moment(at).replace(microsecond=0) + site.skew
    late = kind.late * rng.random() if rng.random() < 0.1 else timedelta(0)
    # Nobody has to find what claims to be older than the first poll looks back.
    late = min(late, timedelta(seconds=at))
    claimed = _2099 if kind.claims and rng.random() < 0.01 else arrived - late
    starts = [at]
    if kind.edits and rng.random() < 0.2:
        starts += sorted(at + rng.expovariate(1 / (0.7 * DAY)) for _ in range(rng.choice((1, 2))))
    name = BRAND if matches else "Somebody"
    words = rng.choices(_WORDS, k=rng.randint(8, 40))
    # No two texts are alike enough to be taken for one story.
    body = " ".join(f"{word}{rng.randrange(1000)}" for word in words)
    tail = rng.choice(_TAILS)
    texts = [
        f"#m{site.index}.{n}.{version}m {name} {body} {tail} v{version}".strip()
        for version in range(len(starts))
    ]
    if huge:
        texts = [text + " word" * (HUGE // 5) for text in texts]
    return Planned(
        number=site.nth * PER_SOURCE + n,
        arrives=at,
        claimed=claimed,
        arrived=arrived,
        texts=tuple(zip(starts, texts, strict=True)),
        named=not kind.nameless or rng.random() > 0.02,
        matches=matches,
    )


class Shelf:
    """What a source shows at a moment, kept up to date as time goes on."""

    def __init__(self, planned: Sequence[Planned]) -> None:
        self._planned = planned
        self._arrivals = [post.arrives for post in planned]
        self._edits = sorted(
            (at, n, version)
            for n, post in enumerate(planned)
            for version, (at, _) in enumerate(post.texts)
            if version
        )
        self._edited = 0
        self._items: list[Item] = []

    def at(self, seconds: float) -> list[Item]:
        """The items there are, in order of arrival; not to be changed."""
        until = bisect_right(self._arrivals, seconds)
        self._items += [post.item(0) for post in self._planned[len(self._items) : until]]
        while self._edited < len(self._edits) and self._edits[self._edited][0] <= seconds:
            _, n, version = self._edits[self._edited]
            self._items[n] = self._planned[n].item(version)
            self._edited += 1
        return self._items
