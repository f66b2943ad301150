"""Silences that hosts asked for, kept in the store: a restart must not break them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, Engine

from collectors.interface import Clock
from molva.writer import Writer
from store.engine import reading
from store.marks import get_mark, set_mark

_MARK: Final = "silences"


class StoreSilences:
    """A mark of the store: host and moment (UTC); those that are over leave with the next one.

    Args:
        engine: the store.
        writer: its one writing thread.
        clock: says which are over.
    """

    def __init__(self, engine: Engine, writer: Writer, clock: Clock) -> None:
        self._engine, self._writer, self._clock = engine, writer, clock

    def known(self) -> Mapping[str, datetime]:
        """By host, until when."""
        with reading(self._engine) as conn:
            return _read(conn)

    async def keep(self, host: str, until: datetime) -> None:
        """Write one down; it is committed when this returns."""
        await self._writer.write(partial(_add, host, until, self._clock()))


def _read(conn: Connection) -> dict[str, datetime]:
    stored = get_mark(conn, _MARK) or {}
    return {host: datetime.fromisoformat(until) for host, until in stored.items()}


def _add(host: str, until: datetime, now: datetime, conn: Connection) -> None:
    known = _read(conn) | {host: until}
    set_mark(conn, _MARK, {host: end.isoformat() for host, end in known.items() if end > now})
