"""Both sides of the comparison: what was written and asked for, and what the store has of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from benchmarks.soak.log import Entry, entries
from benchmarks.soak.plan import Plan
from benchmarks.soak.posts import MARK, Site, schedule
from benchmarks.soak.told import PollRow, Story, Told, Version, seconds, tell
from benchmarks.soak.worker import LOG, STORE
from store.engine import open_store, reading
from store.tables import MENTION, POLL, REVISION, SIGHTING, SOURCE

Place = tuple[int, int]
"""A source and a post's place in its schedule."""


@dataclass
class Kept:
    """One mention as stored: the version of each of its texts, oldest first."""

    texts: list[str] = field(default_factory=list)
    revision: int = 1
    deleted: bool = False

    @property
    def versions(self) -> set[int]:
        """Which versions of the post were kept."""
        return {int(mark[3]) for mark in map(MARK.search, self.texts) if mark}


class Ledger:
    """Both sides: the plan with the log, and the store."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.sites = plan.sites()
        self.planned = [schedule(s, plan.seed, plan.days, plan.burst(s)) for s in self.sites]
        self.entries: dict[int, list[Entry]] = defaultdict(list)
        for entry in entries(folder / LOG):
            self.entries[entry.site].append(entry)
        self.engine = open_store(f"sqlite:///{folder / STORE}")

    @cached_property
    def polls(self) -> list[list[PollRow]]:
        """The store's polls of each source."""
        columns = [
            name for name in PollRow.__dataclass_fields__ if name in POLL.c and name != "gaps"
        ]
        asked = select(
            SOURCE.c.name,
            POLL.c.started_at,
            POLL.c.finished_at,
            POLL.c.gaps,
            *(POLL.c[name] for name in columns),
        ).join_from(POLL, SOURCE, POLL.c.source_id == SOURCE.c.id)
        found: dict[str, list[PollRow]] = {site.name: [] for site in self.sites}
        for name, started, finished, gaps, *rest in rows(self.engine, asked.order_by(POLL.c.id)):
            end = seconds(finished or started)
            values: dict[str, Any] = dict(zip(columns, rest, strict=True))
            found[name].append(PollRow(seconds(started), end, gaps=len(gaps), **values))
        return list(found.values())

    @cached_property
    def stories(self) -> list[Story]:
        """What the log tells of each source."""
        return [
            tell(
                site,
                self.planned[site.index],
                self.entries[site.index],
                self.polls[site.index],
                self.reread[site.index],
            )
            for site in self.sites
        ]

    @cached_property
    def reread(self) -> dict[int, set[Version]]:
        """The versions that lookups by id showed, by source; one may be asked for all."""
        found: dict[int, set[Version]] = defaultdict(set)
        for entry in chain.from_iterable(self.entries.values()):
            if entry.phase == "reread" and not entry.fault:
                for site, number, version in (map(int, mark.split(".")) for mark in entry.marks):
                    found[site].add((number, version))
        return found

    @cached_property
    def kept(self) -> dict[Place, list[Kept]]:
        """The mentions by the post they show."""
        found: dict[int, tuple[Place, Kept]] = {}
        asked = select(MENTION.c.id, MENTION.c.text, MENTION.c.revision, MENTION.c.deleted_at)
        for id_, text, revision, deleted in rows(self.engine, asked):
            found[id_] = _place(id_, text), Kept([text], revision, deleted is not None)
        for id_, text in rows(self.engine, select(REVISION.c.mention_id, REVISION.c.text)):
            found[id_][1].texts.append(text)
        by_place: dict[Place, list[Kept]] = defaultdict(list)
        for place, kept in found.values():
            by_place[place].append(kept)
        return by_place

    @cached_property
    def astray(self) -> set[Place]:
        """The mentions that were not sighted by just one source."""
        seen = func.count(SIGHTING.c.id)
        asked = select(MENTION.c.id, MENTION.c.text).outerjoin_from(
            MENTION, SIGHTING, SIGHTING.c.mention_id == MENTION.c.id
        )
        found = rows(self.engine, asked.group_by(MENTION.c.id).having(seen != 1))
        return {_place(id_, text) for id_, text in found}

    def told(self, site: Site) -> Iterator[tuple[PollRow, Told]]:
        """Each poll of a source, with what it must be."""
        return zip(self.polls[site.index], self.stories[site.index].polls, strict=True)

    def shown(self, place: Place) -> tuple[set[int], set[int]]:
        """The versions of a post that must have been kept, and those that may have been."""
        site, number = place
        if site < 0:
            return set(), set()
        story, texts = self.stories[site], range(len(self.planned[site][number].texts))
        sure = {version for version in texts if (number, version) in story.sure}
        return sure, {version for version in texts if (number, version) in story.maybe}

    def total(self, asked: Any) -> int:
        """A single number of the store."""
        ((number,),) = rows(self.engine, asked)
        return int(number or 0)


def _place(mention: int, text: str) -> Place:
    mark = MARK.search(text)
    return (int(mark[1]), int(mark[2])) if mark else (-1, mention)


def rows(engine: Engine, asked: Any) -> Sequence[Any]:
    """What the store answers to a query."""
    with reading(engine) as conn:
        return conn.execute(asked).all()
