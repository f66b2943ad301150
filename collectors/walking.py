"""Sources that are searches, or lists, each walked back in time from now: the part they share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar, TypeVar

from pydantic import Field

from collectors.interface import Collector, Cursor, Duration, Page, SourceSettings
from collectors.paging import Batch, Plan, Window, walk_all


class WalkSettings(SourceSettings):
    """How far a source is walked at a time; sources that differ say so."""

    backfill: Duration = Field(default=timedelta(days=90), description="First run: how far back.")
    pages: int = Field(default=50, ge=1, description="Most requests a poll for each walk.")


WalkT = TypeVar("WalkT", bound=WalkSettings)


class Walker(Collector[WalkT]):
    """Walks each of its keys from now to the overlap before its newest known item.

    Class attributes:
        sweep: how far back it looks once a day, where the source indexes some items very late.
    """

    sweep: ClassVar[timedelta | None] = None

    @property
    @abstractmethod
    def keys(self) -> Sequence[str]:
        """What is walked, one after the other: queries, apps, a shop. The cursor knows them."""

    @abstractmethod
    async def fetch(self, key: str, window: Window) -> Batch:
        """The next batch of a key's window."""

    @property
    def reach(self) -> timedelta:
        """How far back the first run looks."""
        return self.settings.backfill

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each key's pages, the key read the longest ago first."""
        pages = self.settings.pages
        plan = Plan(self.clock(), self.overlap, self.reach, pages, self.sweep)
        async for page in walk_all(cursor, self.keys, plan, lambda key: partial(self.fetch, key)):
            yield page
