"""The polls in flight: as many at work as this machine can do with, and those that only wait.

A source in flight is never started again. A poll that waits for its host (see
`collectors.places`) makes room for another one, so that a slow host holds up its own sources only.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass

from collectors.places import Place
from molva.pipeline.collect import collect_source
from molva.rooms import Rooms
from store.engine import reading, writing
from store.interface import SourceRow
from store.sources import close_crashed_polls, due_sources

log = logging.getLogger(__name__)

MOST_AT_WORK = 64
"""Polls that fetch, or whose pages are read, matched and stored: twice the requests at once, so
that the network need not rest while pages are read, and no more, as each may hold a page."""

MOST_IN_FLIGHT = 1000
"""With those that wait for their hosts."""

ONE_LOOK = 64
"""Due sources read from the store at a time."""


@dataclass(frozen=True, slots=True)
class _Poll:
    source: SourceRow
    place: Place
    task: asyncio.Task[object]


class Polls:
    """Starts due sources as long as there is room, and again whenever there is.

    Args:
        rooms: whose sources.
    """

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._in_flight: dict[str, _Poll] = {}
        self._due: deque[SourceRow] = deque()
        self._crowded = False
        self._stopping = False
        self._woken: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._in_flight)

    def start_due(self) -> None:
        """Start the due sources that there is room for; the others follow by themselves."""
        while (room := self._room()) > 0:
            if not self._due:
                self._look()
            if not self._due:
                return
            for _ in range(min(room, len(self._due))):
                self._start(self._due.popleft())

    async def finish(self) -> None:
        """Let those at work end. Those that wait for a host are cut off, and due at once."""
        self._stopping = True
        self._cut_waiting()
        results = await asyncio.gather(
            *(poll.task for poll in self._in_flight.values()), return_exceptions=True
        )
        if any(isinstance(result, asyncio.CancelledError) for result in results):
            with writing(self._rooms.engine) as conn:
                close_crashed_polls(conn, self._rooms.clock())

    def _room(self) -> int:
        at_work = sum(not poll.place.is_lent for poll in self._in_flight.values())
        return min(MOST_AT_WORK - at_work, MOST_IN_FLIGHT - len(self._in_flight))

    def _look(self) -> None:
        rooms = self._rooms
        # One in flight may not have been written down as started, and would be polled twice.
        busy = [poll.source.id for poll in self._in_flight.values()]
        with reading(rooms.engine) as conn:
            due = due_sources(conn, rooms.clock(), ONE_LOOK, without=busy)
        self._crowded = len(due) == ONE_LOOK
        self._due.extend(row for row in due if row.name in rooms.collectors)

    def _start(self, source: SourceRow) -> None:
        place = Place(self._wake)
        task = asyncio.create_task(self._poll(source, place), name=source.name)
        self._in_flight[source.name] = _Poll(source, place, task)
        task.add_done_callback(self._landed)

    async def _poll(self, source: SourceRow, place: Place) -> None:
        place.take()
        await collect_source(self._rooms, source)

    def _landed(self, task: asyncio.Task[object]) -> None:
        del self._in_flight[task.get_name()]
        if not task.cancelled() and (error := task.exception()):
            log.error("polling %s broke: %s", task.get_name(), error)
        self._wake()

    def _wake(self) -> None:
        """Use the room there may be now, a little later: most waits are over at once."""
        if self._woken is None:
            self._woken = asyncio.get_running_loop().call_soon(self._use_room)

    def _use_room(self) -> None:
        self._woken = None
        if self._stopping:
            self._cut_waiting()
        elif self._due or self._crowded:
            # Those that had no room do not wait for the next tick.
            self.start_due()

    def _cut_waiting(self) -> None:
        for poll in self._in_flight.values():
            if poll.place.is_lent:
                poll.task.cancel()
