"""An event loop whose time is simulated: it jumps to the next timer when nothing else can happen.

Everything that waits by the loop runs on it without knowing: retries, the rates of hosts, timeouts,
a server that drips. Sockets and threads are real and are waited for, so the jump is only made while
no thread works and no socket has anything to say; that needs both ends of every connection to live
in this loop.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, Final

START: Final = datetime(2026, 2, 1, tzinfo=UTC)
"""Second 0 of the loop; the conformance kits believe that it is March."""

_GRACE: Final = 0.001
_LONG: Final = 1.0
_MORE: Final = 1e-6


def moment(seconds: float) -> datetime:
    """The simulated time at a second of the loop."""
    return START + timedelta(seconds=seconds)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """A selector loop that begins at `start` simulated seconds."""

    def __init__(self, start: float = 0.0) -> None:
        self._simulated = start
        self._working = 0
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Simulated seconds."""
        return self._simulated

    def clock(self) -> datetime:
        """The simulated time, as the application's clock."""
        return moment(self._simulated)

    @property
    def busy(self) -> bool:
        """Whether a thread or a process works for this loop."""
        return self._working > 0

    def jump(self, seconds: float) -> None:
        """Let time pass, and a hair more: a sum rounded down would never reach its timer."""
        self._simulated += seconds + _MORE

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """As in every loop, and time stands still until it is done."""
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._done)
        return future

    def _done(self, _future: asyncio.Future[Any]) -> None:
        self._working -= 1


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; if nothing is, jump over the wait instead of waiting."""
        found: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if found or (timeout is not None and timeout <= 0):
            return found
        if timeout is None or self._loop.busy:
            return list(super().select(None))
        # A long jump may end connections, so what is on its way between two sockets gets a moment.
        if timeout > _LONG and (found := super().select(_GRACE)):
            return found
        self._loop.jump(timeout)
        return []
