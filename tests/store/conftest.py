"""A migrated store for every test, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from store.engine import open_store
from tests.store.server import exclusively, shared_server

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the workers of this test run share, and no other run."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "postgres"


@pytest.fixture(scope="session")
def postgres(meeting: Path) -> Iterator[str]:
    """The URL of a PostgreSQL server; tests fail, not skip, without one."""
    if given := os.environ.get("MOLVA_TEST_POSTGRES"):
        meeting.mkdir(exist_ok=True)
        yield given
        return
    with shared_server(meeting) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres: str, meeting: Path) -> str:
    """The name of a migrated database to copy; it lives as long as the server."""
    name = f"molva_template_{uuid.uuid5(uuid.NAMESPACE_URL, meeting.as_uri()).hex}"
    made = meeting / f"made-{uuid.uuid5(uuid.NAMESPACE_URL, postgres).hex}"
    with exclusively(meeting):
        if not made.exists():
            _administer(postgres, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
            open_store(_database(postgres, name)).dispose()
            made.touch()
    return name


@pytest.fixture
def empty_postgres(postgres: str) -> Iterator[str]:
    """The URL of a database without tables, dropped after the test."""
    with _temporary(postgres, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    engine = open_store(f"sqlite:///{path}")
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty store; one run of the test for each database."""
    if request.param == "sqlite":
        copy = tmp_path / "molva.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), copy)
        yield f"sqlite:///{copy}"
        return
    template = request.getfixturevalue("postgres_template")
    with _temporary(request.getfixturevalue("postgres"), template) as address:
        yield address


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An open store, empty."""
    opened = open_store(url)
    yield opened
    opened.dispose()


@contextmanager
def _temporary(server: str, template: str) -> Iterator[str]:
    """A database that is dropped at the end."""
    name = f"molva_test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield _database(server, name)
    finally:
        _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, *statements: str) -> None:
    """Run statements outside any transaction, as CREATE DATABASE wants it."""
    with psycopg.connect(server, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())
