"""One thread that writes: what waits for it goes to the store together, in one transaction.

SQLite never sees two writers from one process, the event loop is never held up, and a hundred
polls that end at the same moment cost one commit instead of a hundred.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from store.engine import writing

MOST_TOGETHER = 1000
"""Weight of the writes of one transaction: other processes wait while it lasts."""

T = TypeVar("T")
_Write = Callable[[Connection], Any]
_Waiting = tuple[_Write, int, asyncio.Future[Any]]


class Writer:
    """Queues writes of one event loop; each is committed when its `write` returns.

    Args:
        engine: the store.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="molva-writer")
        self._waiting: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None

    async def prepare(self, function: Callable[[], T]) -> T:
        """The result of work that comes before a write, done in the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    async def write(self, function: Callable[[Connection], T], *, weight: int = 1) -> T:
        """Run `function` in a write transaction and return its result once that is committed.

        Args:
            function: may be called again: if a neighbour in its transaction fails, all that
                they did is undone and each gets a transaction of its own.
            weight: how many rows it writes, about.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((function, weight, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await future

    def close(self) -> None:
        """Let the writes under way end."""
        self._thread.shutdown()

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._take()
            writes = [function for function, _, _ in batch]
            try:
                results = await self.prepare(partial(self._commit, writes))
            except RuntimeError as error:  # the writer was closed
                results = [_Failure(error)] * len(batch)
            for (_, _, future), result in zip(batch, results, strict=True):
                _settle(future, result)
        self._task = None

    def _take(self) -> list[_Waiting]:
        batch = [self._waiting.popleft()]
        weight = batch[0][1]
        while self._waiting and weight + self._waiting[0][1] <= MOST_TOGETHER:
            batch.append(self._waiting.popleft())
            weight += batch[-1][1]
        return batch

    def _commit(self, writes: Sequence[_Write]) -> list[Any]:
        """The result of each, or the exception it raised."""
        try:
            with writing(self._engine) as conn:
                return [write(conn) for write in writes]
        except Exception as error:  # noqa: BLE001 - it is raised where the write was asked for
            if len(writes) == 1:
                return [_Failure(error)]
            return [result for write in writes for result in self._commit([write])]


class _Failure:
    """An exception on its way to who asked for the write."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _settle(future: asyncio.Future[Any], result: object) -> None:
    if future.done():
        return
    if isinstance(result, _Failure):
        future.set_exception(result.error)
    else:
        future.set_result(result)
