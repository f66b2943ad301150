"""What the tables of `store.tables` are made of: names of constraints, kinds of columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Integer
from sqlmodel import Field, SQLModel

# Deterministic constraint names, so that Alembic can alter them on SQLite and PostgreSQL alike.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

# SQLite gives rowids only to INTEGER keys; PostgreSQL needs more than 2^31 of them.
BigId = BigInteger().with_variant(Integer, "sqlite")


def key() -> Any:
    """A number that the database gives, the primary key."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def json_column() -> Any:
    """A column that holds any JSON value."""
    return Field(sa_column=Column(JSON, nullable=False))
