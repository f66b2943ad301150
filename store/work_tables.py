"""The tables of the work itself: who does it, how far it has come, what it has cost."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from store.table_parts import json_column as _json
from store.tables import core


class Lease(SQLModel, table=True):
    """Who runs the scheduler; a second process is refused while it holds."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    expires_at: datetime


class Mark(SQLModel, table=True):
    """A named position that a step of the pipeline has reached (e.g. what detection has seen)."""

    __tablename__ = "mark"
    name: str = Field(primary_key=True)
    value: dict[str, Any] = _json()


class Spending(SQLModel, table=True):
    """What an account of a paid source has cost on a day of UTC, in millionths of its currency."""

    __tablename__ = "spending"
    account: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    amount: int = Field(sa_type=BigInteger)


LEASE = core(Lease)
MARK = core(Mark)
SPENDING = core(Spending)
