"""Opening the store: one code for SQLite and PostgreSQL, always at the newest schema.

Both databases have one writer at a time: SQLite by `BEGIN IMMEDIATE`, PostgreSQL by an advisory
lock for the length of the transaction. Write transactions take milliseconds, and in exchange no
step can deadlock or lose a race, and change sequences become visible in their order.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from store.interface import StoreError

LOCK_TIMEOUT_SECONDS = 60
"""How long a writer waits for the other one before it gives up."""

OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING
_CACHE, _SMALL_CACHE = 65_536, 8_192
"""KiB of SQLite's pages in memory."""

_WRITER_LOCK = 0x6D6F6C7661  # "molva"


def open_store(url: str, patience: float = LOCK_TIMEOUT_SECONDS) -> Engine:
    """Open the store, creating it and bringing its schema up to date if need be.

    Args:
        url: `sqlite:///path/to/file.db`, `sqlite://` (in memory) or `postgresql://…`.
        patience: seconds that a writer waits for another one before it gives up.

    Raises:
        StoreError: the database cannot be opened or migrated; names it without its password.
    """
    # Both are built on this module; Alembic is slow to import, too.
    from store.migrate import migrate  # noqa: PLC0415
    from store.search import refresh  # noqa: PLC0415

    parsed = _parse(url)
    shown = parsed.render_as_string(hide_password=True)
    _check_place(parsed, shown)
    engine = _create(parsed, patience)
    try:
        if engine.dialect.name == "sqlite":
            _start_wal(engine, patience)
        migrate(engine)
        refresh(engine)
    except StoreError:
        engine.dispose()
        raise
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        engine.dispose()
        raise StoreError(f"{shown}: {_reason(error)}") from error
    return engine


def store_exists(url: str) -> bool:
    """Whether there is something to open; only SQLite would make a store that is not there."""
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return True
    return bool(parsed.database) and Path(str(parsed.database)).is_file()


@contextmanager
def writing(engine: Engine, *, foreign_keys: bool = True) -> Iterator[Connection]:
    """One write transaction: commits at the end of the block, rolls back on an error.

    Other writers wait for it, `LOCK_TIMEOUT_SECONDS` unless opened otherwise, so keep it short.

    Args:
        engine: from `open_store`.
        foreign_keys: false only for migrations, which rebuild SQLite's tables.
    """
    with engine.connect() as plain:
        conn = plain.execution_options(molva_writing=True, molva_loose=not foreign_keys)
        with conn.begin():
            if conn.dialect.name == "postgresql":
                conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield conn


@contextmanager
def reading(engine: Engine, *, once: bool = False) -> Iterator[Connection]:
    """One read-only view of the store that does not change while the block runs.

    Args:
        engine: from `open_store`.
        once: everything is read one time only, so SQLite need not keep it in memory.
    """
    with engine.connect() as plain:
        if plain.dialect.name == "postgresql":
            conn = plain.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        else:
            conn = plain.execution_options(molva_reading=True)
        small = once and conn.dialect.name == "sqlite"
        with conn.begin():
            if small:
                conn.exec_driver_sql(f"PRAGMA cache_size = -{_SMALL_CACHE}")
            try:
                yield conn
            finally:
                if small:
                    conn.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE}")


def insert_new(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves out rows whose key exists; with RETURNING it names the new ones."""
    return _insert_new(conn.dialect.name, table)


def upsert(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the right dialect, to be given `on_conflict_do_…`."""
    return _insert(conn.dialect.name, table)


@cache
def _insert_new(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "the store's URL cannot be read; write sqlite:///molva.db or "
            "postgresql://user@host/database"
        ) from error
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise StoreError(
            f"a store cannot be a {parsed.drivername} database; use sqlite:///… or postgresql://…"
        )
    return parsed


def _check_place(url: URL, shown: str) -> None:
    """Say what SQLite's `unable to open database file` does not."""
    if url.get_backend_name() != "sqlite":
        return
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreError(f"{shown}: SQLite {sqlite3.sqlite_version} is too old; 3.35 is needed")
    if not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    if not path.parent.is_dir():
        raise StoreError(f"{shown}: the directory {path.parent} does not exist; create it first")
    if path.is_dir():
        raise StoreError(f"{shown}: {path} is a directory; name a file in it")


def _create(url: URL, patience: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        memory = not url.database or url.database == ":memory:"
        engine = create_engine(
            url,
            connect_args={"check_same_thread": False, "timeout": patience},
            **({"poolclass": StaticPool} if memory else {}),
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            url,
            pool_pre_ping=True,
            connect_args={"options": f"-c lock_timeout={round(patience * 1000)}ms -c timezone=UTC"},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "PostgreSQL needs one more package: pip install 'molva[postgres]'"
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin transactions by itself, always deferred; `_begin_sqlite` does instead.
    connection.isolation_level = None
    for pragma in (
        "synchronous = NORMAL",
        f"cache_size = -{_CACHE}",
        "temp_store = MEMORY",
        # The default of 1000 pages copies the log back after every second page of posts.
        "wal_autocheckpoint = 8000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    options = conn.get_execution_options()
    # These cannot change inside a transaction, and a pooled connection remembers them.
    conn.exec_driver_sql(f"PRAGMA foreign_keys = {int(not options.get('molva_loose'))}")
    conn.exec_driver_sql(f"PRAGMA query_only = {int(bool(options.get('molva_reading')))}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if options.get("molva_writing") else "BEGIN")


def _start_wal(engine: Engine, patience: float) -> None:
    """Switch to write-ahead logging, which SQLite refuses while another process does the same."""
    deadline = time.monotonic() + patience
    connection: Any = engine.raw_connection()
    try:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return
    finally:
        connection.close()


def _reason(error: Exception) -> str:
    """What went wrong and what to do, from the driver's words."""
    words = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    hints = {
        "file is not a database": "is not a database; name another file or move this one away",
        "unable to open database": "cannot be opened; check that you may write there",
        "readonly database": "may only be read; give this user the right to write",
        "database is locked": "is kept locked by another program; close it and try again",
        "password authentication failed": "refuses the user or password",
        "does not exist": f"{words}; create it first (createdb, createuser)",
        "connection to server": f"cannot be reached; is PostgreSQL running? ({words})",
        "connection timeout": f"cannot be reached; is PostgreSQL running? ({words})",
        "failed to resolve host": f"cannot be reached; check the host's name ({words})",
    }
    return next((hint for sign, hint in hints.items() if sign in words), words)
