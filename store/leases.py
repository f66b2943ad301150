"""Leases: who alone may do a thing for now. A holder that dies loses it when its time is up."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from store.engine import insert_new
from store.work_tables import LEASE


def acquire(conn: Connection, name: str, holder: str, now: datetime, ttl: timedelta) -> bool:
    """Take a lease for `ttl`; False if another holder has it and its time is not up."""
    row = {"name": name, "holder": holder, "expires_at": now + ttl}
    if conn.execute(insert_new(conn, LEASE).returning(LEASE.c.name), [row]).first():
        return True
    free = or_(LEASE.c.holder == holder, LEASE.c.expires_at <= now)
    taken = update(LEASE).where(LEASE.c.name == name, free)
    return conn.execute(taken.values(holder=holder, expires_at=now + ttl)).rowcount == 1


def holder_of(conn: Connection, name: str) -> str | None:
    """Who has a lease, in time or not."""
    return conn.execute(select(LEASE.c.holder).where(LEASE.c.name == name)).scalar()


def renew(conn: Connection, name: str, holder: str, now: datetime, ttl: timedelta) -> bool:
    """Keep a lease for another `ttl`; False if it was lost, and the holder must stop."""
    mine = update(LEASE).where(
        LEASE.c.name == name, LEASE.c.holder == holder, LEASE.c.expires_at > now
    )
    return conn.execute(mine.values(expires_at=now + ttl)).rowcount == 1


def release(conn: Connection, name: str, holder: str) -> None:
    """Give a lease back; nothing happens if another holder has it."""
    conn.execute(delete(LEASE).where(LEASE.c.name == name, LEASE.c.holder == holder))
