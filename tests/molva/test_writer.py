"""Writes that wait together are committed together, and one that fails harms no other."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from molva.writer import Writer
from store.engine import open_store, reading
from store.marks import get_mark, set_mark


@pytest.fixture
def engine(tmp_path: Path):
    engine = open_store(f"sqlite:///{tmp_path / 'molva.db'}")
    yield engine
    engine.dispose()


def marking(name: str):
    def write(conn: Connection) -> str:
        set_mark(conn, name, {"of": name})
        return name

    return write


def marked(engine: Engine, names: list[str]) -> list[bool]:
    with reading(engine) as conn:
        return [get_mark(conn, name) == {"of": name} for name in names]


async def test_writes_asked_for_at_once_share_few_transactions(engine: Engine):
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    writer = Writer(engine)
    names = [str(number) for number in range(50)]
    assert await asyncio.gather(*(writer.write(marking(name)) for name in names)) == names
    writer.close()
    assert marked(engine, names) == [True] * 50
    assert len(commits) < 5


async def test_heavy_writes_get_transactions_of_their_own(engine: Engine):
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    writer = Writer(engine)
    await asyncio.gather(*(writer.write(marking(str(n)), weight=900) for n in range(4)))
    writer.close()
    assert len(commits) == 4


async def test_a_write_that_fails_is_undone_alone_and_its_neighbours_are_kept(engine: Engine):
    def failing(conn: Connection) -> None:
        set_mark(conn, "half", {"of": "half"})
        raise ValueError("no")

    writer = Writer(engine)
    results = await asyncio.gather(
        writer.write(marking("before")),
        writer.write(failing),
        writer.write(marking("after")),
        return_exceptions=True,
    )
    writer.close()
    assert [str(result) for result in results] == ["before", "no", "after"]
    assert marked(engine, ["before", "half", "after"]) == [True, False, True]


async def test_what_a_write_returned_is_committed(engine: Engine):
    writer = Writer(engine)
    await writer.write(marking("now"))
    assert marked(engine, ["now"]) == [True]
    writer.close()


async def test_a_closed_writer_says_so_instead_of_waiting_for_ever(engine: Engine):
    writer = Writer(engine)
    writer.close()
    with pytest.raises(RuntimeError):
        await writer.write(marking("late"))
