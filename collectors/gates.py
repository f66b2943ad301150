"""Whose turn it is: requests at once to all hosts and to each, how fast, until when silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from aiolimiter import AsyncLimiter

from collectors.interface import Clock, RetriableError
from collectors.places import lent, pause

_INSTANT: Final = 0.001
"""A sleep may end that many seconds early."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is asked for at once, and how fast; rates are requests a second.

    Attributes:
        at_once: requests to all hosts together.
        per_host: requests to one host.
        rates: of hosts that want another than `rate`.
        patience: the longest silence, in seconds, that is waited out.
    """

    at_once: int
    per_host: int
    rate: float
    rates: Mapping[str, float]
    patience: float


class Silences(Protocol):
    """Where the long silences that hosts asked for are written down, to outlive the process."""

    def known(self) -> Mapping[str, datetime]:
        """By host, until when; some may be over."""

    async def keep(self, host: str, until: datetime) -> None:
        """Write one down, before anybody else is told of the refusal."""


@dataclass
class _Gate:
    """One host: how many at once, how fast, and until when it wants silence.

    Attributes:
        closed_until: a long silence, by the clock; nothing is asked until then.
        paused_until: a silence short enough to be waited out, by the time of the event loop.
    """

    slots: asyncio.Semaphore
    rate: AsyncLimiter
    closed_until: datetime | None = None
    paused_until: float = 0.0

    @property
    def busy(self) -> bool:
        return self.slots.locked() or not self.rate.has_capacity()


class Gates:
    """One gate a host, and behind them all the lines to the network.

    Args:
        pace: the limits.
        clock: read for hosts that asked for silence.
        silences: without one they end with the process.
    """

    def __init__(self, pace: Pace, clock: Clock, silences: Silences | None = None) -> None:
        self._pace, self._clock, self._silences = pace, clock, silences
        self._known = silences.known() if silences else {}
        self._lines = asyncio.Semaphore(pace.at_once)
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def passing(self, host: str) -> AsyncIterator[None]:
        """One request's turn at a host, for as long as the block runs.

        Raises:
            RetriableError: the host asked for silence, maybe while this request waited.
        """
        gate = self._gate(host)
        self._refuse_closed(host, gate)
        async with AsyncExitStack() as held:
            with lent() if gate.busy else nullcontext():
                await held.enter_async_context(gate.slots)
                await gate.rate.acquire()
            async with self._line(host, gate):
                yield

    async def keep_silence(self, host: str, wait: timedelta) -> None:
        """Ask nothing of a host for a while: who waits for it waits a little longer, or fails."""
        gate, seconds = self._gate(host), wait.total_seconds()
        if seconds <= self._pace.patience:
            gate.paused_until = max(gate.paused_until, _loop_time() + seconds)
        else:
            gate.closed_until = self._clock() + wait
            if self._silences:
                await self._silences.keep(host, gate.closed_until)

    @asynccontextmanager
    async def _line(self, host: str, gate: _Gate) -> AsyncIterator[None]:
        """A line to the network; the host may ask for silence while one is waited for."""
        while True:
            await self._wait_out(host, gate)
            async with self._lines:
                if self._closed_for(gate) <= timedelta(0) and _paused_for(gate) <= _INSTANT:
                    yield
                    return

    async def _wait_out(self, host: str, gate: _Gate) -> None:
        self._refuse_closed(host, gate)
        while (seconds := _paused_for(gate)) > _INSTANT:
            await pause(seconds)
            self._refuse_closed(host, gate)

    def _gate(self, host: str) -> _Gate:
        if host not in self._gates:
            rate = self._pace.rates.get(host, self._pace.rate)
            self._gates[host] = _Gate(
                asyncio.Semaphore(self._pace.per_host),
                AsyncLimiter(max(rate, 1.0), max(1.0, 1.0 / rate)),
                self._known.get(host),
            )
        return self._gates[host]

    def _closed_for(self, gate: _Gate) -> timedelta:
        return gate.closed_until - self._clock() if gate.closed_until else timedelta(0)

    def _refuse_closed(self, host: str, gate: _Gate) -> None:
        wait = self._closed_for(gate)
        if wait > timedelta(0):
            raise RetriableError(f"{host} asked for silence", retry_after=wait)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _paused_for(gate: _Gate) -> float:
    return gate.paused_until - _loop_time()
