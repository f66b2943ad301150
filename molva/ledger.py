"""The ledger of paid sources, kept in the store: spending outlives every restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import partial

from sqlalchemy import Connection, Engine

from collectors.spend import Caps, Ledger, PaidSettings, Spent, passes
from molva.config import Config
from molva.writer import Writer
from store.engine import open_store, reading
from store.spending import add_spending, spent


class StoreLedger:
    """Reserves money in a transaction of the store that is committed before the call is made.

    Args:
        engine: the store.
        writer: its one writing thread.
    """

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine, self._writer = engine, writer

    async def spent(self, account: str, day: date) -> Spent:
        """What the account has cost on this day and in its month."""
        return await asyncio.to_thread(self._spent, account, day)

    async def reserve(self, account: str, day: date, amount: int, caps: Caps) -> Spent | None:
        """Write an amount down, unless a cap would be passed; then say what had been spent."""
        return await self._writer.write(partial(_reserve, account, day, amount, caps))

    async def give_back(self, account: str, day: date, amount: int) -> None:
        """Take back what was reserved and not spent."""
        await self._writer.write(partial(_give_back, account, day, amount))

    def _spent(self, account: str, day: date) -> Spent:
        with reading(self._engine) as conn:
            return Spent(*spent(conn, account, day))


@asynccontextmanager
async def ledger_of(config: Config) -> AsyncIterator[Ledger | None]:
    """The store's ledger for one look at paid sources; `None`, and no store, if there are none.

    Raises:
        StoreError: the store cannot be opened.
    """
    if not any(isinstance(source, PaidSettings) for source in config.sources):
        yield None
        return
    engine = open_store(config.store_url)
    writer = Writer(engine)
    try:
        yield StoreLedger(engine, writer)
    finally:
        writer.close()
        engine.dispose()


def _reserve(account: str, day: date, amount: int, caps: Caps, conn: Connection) -> Spent | None:
    before = Spent(*spent(conn, account, day))
    if passes(before, amount, caps):
        return before
    add_spending(conn, account, day, amount)
    return None


def _give_back(account: str, day: date, amount: int, conn: Connection) -> None:
    add_spending(conn, account, day, -amount)
