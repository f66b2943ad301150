"""Places at work, and lending one while its poll only waits for a host.

A host may make a poll wait for minutes: for its turn, before another try, for the next message of
a stream. So few polls may work side by side that thirty such waits would keep a thousand other
hosts from being read; whoever waits lends its place, and whoever starts polls may start another.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")

_OWN: ContextVar[Place | None] = ContextVar("place", default=None)


class Place:
    """The place of one poll.

    Args:
        on_lent: called whenever the poll begins to wait.
    """

    def __init__(self, on_lent: Callable[[], None]) -> None:
        self._on_lent = on_lent
        self._waits = 0

    @property
    def is_lent(self) -> bool:
        """Whether its poll only waits for a host."""
        return self._waits > 0

    def take(self) -> None:
        """Let it be the place of the running task."""
        _OWN.set(self)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend it while the block runs."""
        self._waits += 1
        self._on_lent()
        try:
            yield
        finally:
            self._waits -= 1


@contextmanager
def lent() -> Iterator[None]:
    """Lend the running task's place, if it has one, while the block waits for a host."""
    place = _OWN.get()
    if place is None:
        yield
        return
    with place.lent():
        yield


async def pause(seconds: float) -> None:
    """Sleep because a host asked for it."""
    with lent():
        await asyncio.sleep(seconds)


class Lending(AsyncIterator[T]):
    """The same steps, each waited for without a place."""

    def __init__(self, steps: AsyncIterable[T]) -> None:
        self._steps = aiter(steps)

    async def __anext__(self) -> T:
        with lent():
            return await anext(self._steps)
