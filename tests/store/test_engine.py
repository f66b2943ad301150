import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from store import report_tables  # noqa: F401 - adds its tables to the metadata
from store.engine import open_store, reading, writing
from store.interface import StoreError
from store.marks import get_mark, set_mark
from store.migrate import include
from store.tables import BRAND, metadata
from tests.store.helpers import NOW, make_world, searched

OPEN = "import sys; from store.engine import open_store; open_store(sys.argv[1]).dispose()"
WRITE = """
import sys
from store.engine import open_store, writing
from store.marks import get_mark, set_mark
engine = open_store(sys.argv[1])
for _ in range(25):
    with writing(engine) as conn:
        mark = get_mark(conn, "count") or {"n": 0}
        set_mark(conn, "count", {"n": mark["n"] + 1})
"""


def at_once(script: str, url: str, times: int) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE)
        for _ in range(times)
    ]
    outcomes = [(process.communicate()[1], process.returncode) for process in processes]
    assert outcomes == [(b"", 0)] * times


def test_migrations_make_the_tables_that_the_code_knows(engine: Engine) -> None:
    with engine.connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"include_object": include, "render_as_batch": True}
        )
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(url: str, engine: Engine) -> None:
    with writing(engine) as conn:
        set_mark(conn, "x", {"y": 1})
    again = open_store(url)
    with reading(again) as conn:
        assert get_mark(conn, "x") == {"y": 1}
    again.dispose()


def test_two_processes_may_open_a_new_store_at_once_on_sqlite(tmp_path: Path) -> None:
    at_once(OPEN, f"sqlite:///{tmp_path}/new.db", 2)


def test_two_processes_may_open_a_new_store_at_once_on_postgresql(empty_postgres: str) -> None:
    at_once(OPEN, empty_postgres, 2)


def test_two_processes_write_at_once_and_lose_nothing(url: str) -> None:
    at_once(WRITE, url, 2)
    engine = open_store(url)
    with reading(engine) as conn:
        assert get_mark(conn, "count") == {"n": 50}
    engine.dispose()


def test_a_view_does_not_change_while_it_is_read(engine: Engine) -> None:
    with writing(engine) as conn:
        set_mark(conn, "x", {"n": 1})
    with reading(engine) as view:
        assert get_mark(view, "x") == {"n": 1}
        with writing(engine) as conn:
            set_mark(conn, "x", {"n": 2})
        assert get_mark(view, "x") == {"n": 1}
    with reading(engine) as view:
        assert get_mark(view, "x") == {"n": 2}


def test_a_reader_cannot_write(engine: Engine) -> None:
    def write() -> None:
        with reading(engine) as conn:
            set_mark(conn, "x", {})

    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        write()
    with writing(engine) as conn:
        set_mark(conn, "x", {})


def test_a_block_that_fails_writes_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as conn:
            conn.execute(
                insert(BRAND).values(
                    slug="a", name="A", is_rival=False, active=True, query_version=1
                )
            )
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    with reading(engine) as conn:
        assert conn.execute(select(BRAND)).all() == []


def test_a_store_in_memory_works_too() -> None:
    engine = open_store("sqlite://")
    world = make_world(engine)
    assert world.keep(world.mention("a")).stored == ("a",)
    engine.dispose()


def test_another_stemmer_makes_the_index_anew(url: str, engine: Engine) -> None:
    world = make_world(engine)
    world.keep(world.mention("a"), world.mention("b"))
    world.keep(deleted=("b",))
    with writing(engine) as conn:
        set_mark(conn, "search-index", {"version": "older"})
    again = open_store(url)
    with reading(again) as conn:
        assert len(searched(conn, "кофе")) == 1
        assert get_mark(conn, "search-index") != {"version": "older"}
    again.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////nowhere/at/all/molva.db", "the directory /nowhere/at/all does not exist"),
        ("mysql://root:secret@db/molva", "cannot be a mysql database"),
        ("not a url", "cannot be read"),
        ("postgresql://me:secret@/molva?host=/nowhere", "is PostgreSQL running"),
    ],
)
def test_a_store_that_cannot_be_opened_says_what_to_do(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Это не база данных. " * 100)
    with pytest.raises(StoreError, match=r"notes\.txt: is not a database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("Это не база")
    with pytest.raises(StoreError, match="is a directory"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_store_of_a_newer_version_is_refused(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    path.write_bytes(sqlite_template.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"newer\.db: made by a newer version of Molva"):
        open_store(f"sqlite:///{path}")


def test_times_must_say_their_zone(engine: Engine) -> None:
    world = make_world(engine)
    with pytest.raises(Exception, match="timezone"):
        world.keep(world.mention("a"), now=NOW.replace(tzinfo=None))
