"""Whose turn it is: requests at once to all hosts and to each, how fast, until when silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiolimiter import AsyncLimiter

from collectors.interface import Clock, RetriableError
from collectors.places import lent


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is asked for at once, and how fast; rates are requests a second.

    Attributes:
        at_once: requests to all hosts together.
        per_host: requests to one host.
        rates: of hosts that want another than `rate`.
    """

    at_once: int
    per_host: int
    rate: float
    rates: Mapping[str, float]


@dataclass
class _Gate:
    """One host: how many at once, how fast, and until when it wants silence."""

    slots: asyncio.Semaphore
    rate: AsyncLimiter
    closed_until: datetime | None = None

    @property
    def busy(self) -> bool:
        return self.slots.locked() or not self.rate.has_capacity()


class Gates:
    """One gate a host, and behind them all the lines to the network.

    Args:
        pace: the limits.
        clock: read for hosts that asked for silence.
    """

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self._pace, self._clock = pace, clock
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
            self._refuse_closed(host, gate)
            await held.enter_async_context(self._lines)
            yield

    def close(self, host: str, wait: timedelta) -> None:
        """Ask nothing of a host for a while."""
        self._gate(host).closed_until = self._clock() + wait

    def _gate(self, host: str) -> _Gate:
        if host not in self._gates:
            rate = self._pace.rates.get(host, self._pace.rate)
            self._gates[host] = _Gate(
                asyncio.Semaphore(self._pace.per_host),
                AsyncLimiter(max(rate, 1.0), max(1.0, 1.0 / rate)),
            )
        return self._gates[host]

    def _refuse_closed(self, host: str, gate: _Gate) -> None:
        if gate.closed_until is None:
            return
        wait = gate.closed_until - self._clock()
        if wait > timedelta(0):
            raise RetriableError(f"{host} asked for silence", retry_after=wait)
