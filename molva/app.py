"""One pass of the whole pipeline over open rooms: what `run`, `run --once` and the demo share."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from collectors.interface import Clock
from molva.clock import utc_now
from molva.config import Config
from molva.pipeline.collect import SourceOutcome, collect_due
from molva.pipeline.label import LabelReport, label_pending
from molva.pipeline.rematch import rematch_pending
from molva.pipeline.reread import RereadReport, reread_due
from molva.pipeline.tell import deliver, detect, write_digests
from molva.rooms import Rooms, open_rooms
from reports.deliver import DeliveryReport


@dataclass(frozen=True)
class PassReport:
    """What one pass brought."""

    sources: tuple[SourceOutcome, ...] = ()
    labels: LabelReport = field(default_factory=LabelReport)
    alert_events: int = 0
    digests: int = 0
    delivery: DeliveryReport = field(default_factory=DeliveryReport)
    rereads: RereadReport = field(default_factory=RereadReport)

    @property
    def failed(self) -> tuple[SourceOutcome, ...]:
        """The sources whose poll failed."""
        return tuple(outcome for outcome in self.sources if outcome.error)


class App:
    """Molva, opened from a configuration; `async with App.open(config) as app: …`."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms

    @classmethod
    def open(cls, config: Config, clock: Clock = utc_now, *, seed: int | None = None) -> Self:
        """Open the store and the collectors.

        Args:
            seed: of the jitter between polls; `None` draws one.

        Raises:
            StoreError: the store cannot be opened.
        """
        return cls(open_rooms(config, clock, seed=seed))

    async def run_pass(self, *, force: bool = False) -> PassReport:
        """Poll what is due (all, if forced), then take all the other steps in turn."""
        outcomes = await collect_due(self.rooms, force=force)
        rereads = await reread_due(self.rooms)
        await asyncio.to_thread(rematch_pending, self.rooms)
        # In threads: a minute of labelling must not keep the lease from being renewed.
        labels = await asyncio.to_thread(label_pending, self.rooms)
        events = await asyncio.to_thread(detect, self.rooms)
        digests = await asyncio.to_thread(write_digests, self.rooms)
        delivery = await deliver(self.rooms)
        return PassReport(tuple(outcomes), labels, events, digests, delivery, rereads)

    async def close(self) -> None:
        """Let go of the network and the store."""
        await self.rooms.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
