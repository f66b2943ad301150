"""What the stand-in's log says every poll must have been: its outcome, its posts, its gaps."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from benchmarks.soak.faults import BY_NAME
from benchmarks.soak.log import Entry
from benchmarks.soak.loop import START
from benchmarks.soak.posts import Planned, Site

_SHORT: Final = 0.01
"""The store's times are rounded; no request takes less than this."""

_NONE: Final = -1
"""Instead of a hash, where a document that broke off is not remembered."""

Version = tuple[int, int]
"""A post's place in the schedule of its source, and which of its texts."""


@dataclass(frozen=True, slots=True)
class PollRow:
    """A poll as the store has it; times in simulated seconds."""

    started: float
    finished: float
    outcome: str
    pages: int
    fetched: int
    matched: int
    stored: int
    changed: int
    known: int
    deleted: int
    skipped: int
    gaps: int


@dataclass(slots=True)
class Range:
    """A number that is known exactly (`low == high`), or between two."""

    low: int = 0
    high: int = 0

    def add(self, number: int, *, sure: bool = True) -> None:
        """Count on; unsure is what may have been counted or not."""
        self.low += number if sure else 0
        self.high += number

    def holds(self, number: int) -> bool:
        """Whether a number is in it."""
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,} to {self.high:,}"


@dataclass(slots=True)
class Told:
    """What the log says of one poll."""

    outcomes: set[str] = field(default_factory=set)
    fetched: Range = field(default_factory=Range)
    skipped: Range = field(default_factory=Range)
    matched: Range = field(default_factory=Range)
    gaps: Range = field(default_factory=Range)

    def like(self, outcome: str) -> str:
        """The outcome it must have: the one it has if that is one of them."""
        return outcome if outcome in self.outcomes else min(self.outcomes)


@dataclass
class Story:
    """One source, told by the log.

    Attributes:
        sure: versions in answers that must have been kept.
        maybe: versions in answers that a kill or a failure may have taken back.
        polls: for each of the store's polls, what it must be.
        strays: requests that belong to no poll.
    """

    sure: set[Version] = field(default_factory=set)
    maybe: set[Version] = field(default_factory=set)
    polls: list[Told] = field(default_factory=list)
    strays: int = 0
    early: int = 0
    good: int = 0
    failed: int = 0


def seconds(moment: datetime) -> float:
    """Simulated seconds of a time in the store."""
    return (moment - START).total_seconds()


def tell(
    site: Site,
    planned: Sequence[Planned],
    entries: Sequence[Entry],
    polls: Sequence[PollRow],
    reread: Iterable[Version],
) -> Story:
    """Read one source's part of the log against the times of its polls.

    Args:
        entries: of this source, in order.
        polls: of this source, in order.
        reread: versions of its posts that lookups showed.
    """
    # A lookup that fails takes back what came with it before, so none of it is sure.
    story = Story(maybe=set(reread), early=sum(entry.early for entry in entries))
    story.failed = sum(bool(entry.fault) for entry in entries)
    story.good = len(entries) - story.failed
    asked = [entry for entry in entries if entry.phase == "poll"]
    times = [entry.at for entry in asked]
    reader = _Reader(site, planned, story)
    covered = 0
    for poll in polls:
        low, high = (
            bisect_left(times, poll.started - _SHORT),
            bisect_right(times, poll.finished + _SHORT),
        )
        covered += high - low
        story.polls.append(reader.poll(poll, asked[low:high]))
    story.strays = len(asked) - covered
    return story


def versions(entry: Entry) -> set[Version]:
    """The texts an answer shows."""
    triples = (mark.split(".") for mark in entry.marks)
    return {(int(number), int(version)) for _, number, version in triples}


class _Reader:
    def __init__(self, site: Site, planned: Sequence[Planned], story: Story) -> None:
        self.kind, self.planned, self.story = site.kind, planned, story
        # Of a window: the bodies and the posts the cursor may remember (an empty set: none); one of
        # each, unless in doubt.
        self.bodies: set[int] = set()
        self.windows: list[set[int]] = []

    def poll(self, poll: PollRow, asked: Sequence[Entry]) -> Told:
        told = Told()
        crashed = poll.outcome == "crashed"
        told.outcomes = {"crashed"} if crashed else self._outcomes(asked)
        newest: set[int] | None = None
        for entry in asked:
            if not entry.fault:
                numbers = {number for number, _ in versions(entry)}
                # What the newest page showed is not kept again when the walk up comes to it.
                again = self.kind.climbs and newest is not None and numbers <= newest
                newest = numbers if newest is None else newest
                self._good(told, entry, sure=not crashed and not again)
            elif entry.fault == "truncated" and self.kind.salvaged:
                self._salvaged(told, entry)
        return told

    def _outcomes(self, asked: Sequence[Entry]) -> set[str]:
        if not asked:
            return {"throttled"}  # the host had asked for silence when posts were read again
        last = asked[-1].fault
        if not last or (last == "truncated" and asked[-1].status != 200):
            return {"ok"}  # unchanged, or no further page: nobody reads the body
        if last == "truncated" and self.kind.salvaged:
            return {"ok", "retriable"}
        if last == "redirect loop" and not self.kind.redirects:
            return {"fatal"}
        if last == "redirect to a private address" and self.kind.signs_in:
            return {"fatal", "retriable"}
        return {BY_NAME[last].outcome}

    def _good(self, told: Told, entry: Entry, *, sure: bool) -> None:
        if self.kind.window:
            if not entry.marks or self.bodies == {entry.body}:
                return  # unchanged
            kept = sure
            sure = sure and entry.body not in self.bodies
            numbers = {number for number, _ in versions(entry)}
            overflowed = [bool(window) and not numbers & window for window in self.windows]
            if any(overflowed):
                told.gaps.add(1, sure=sure and all(overflowed))
            self.bodies = {entry.body} if kept else (self.bodies or {_NONE}) | {entry.body}
            self.windows = [numbers] if kept else [*(self.windows or [set()]), numbers]
        self._count(told, entry, sure=sure)

    def _salvaged(self, told: Told, entry: Entry) -> None:
        self.bodies = self.bodies | {_NONE}
        # Only where none is remembered yet, and if there was a whole entry to save.
        self.windows = self.windows or [set(), {number for number, _ in versions(entry)}]
        self._count(told, entry, sure=False)

    def _count(self, told: Told, entry: Entry, *, sure: bool) -> None:
        seen = versions(entry)
        (self.story.sure if sure else self.story.maybe).update(seen)
        posts = [self.planned[int(mark.split(".")[1])] for mark in entry.marks]
        named = [post for post in posts if post.named]
        told.fetched.add(len(posts), sure=sure)
        told.skipped.add(len(posts) - len(named), sure=sure)
        told.matched.add(sum(post.matches for post in named), sure=sure)
