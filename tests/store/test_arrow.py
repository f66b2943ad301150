"""Statements read into Arrow: the same types and values on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from sqlalchemy import Engine, select

from store.arrow import all_rows, record_batches
from store.engine import reading
from store.tables import LABEL, MENTION
from tests.store.helpers import NOW, World, make_world

COLUMNS = (
    MENTION.c.id,
    MENTION.c.text,
    MENTION.c.rating,
    MENTION.c.author_verified,
    MENTION.c.edited_at,
)
TYPES = [pa.int64(), pa.string(), pa.float64(), pa.bool_(), pa.timestamp("us", "UTC")]
EDITED = datetime(2026, 3, 1, 12, 30, 0, 125, tzinfo=UTC)


@pytest.fixture
def world(engine: Engine) -> World:
    made = make_world(engine)
    made.keep(
        made.mention("a", text="Зерно ☕", rating=0.1, author_verified=True, edited_at=EDITED),
        made.mention("b", text="", author_verified=False),
        made.mention("c", text="zerno"),
    )
    return made


def test_values_have_the_types_of_their_columns(world: World) -> None:
    with reading(world.engine) as conn:
        found = all_rows(conn, select(*COLUMNS).order_by(MENTION.c.id))
    assert found.schema.types == TYPES
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        (1, "Зерно ☕", 0.1, True, EDITED),
        (2, "", None, False, None),
        (3, "zerno", None, None, None),
    ]


def test_no_rows_have_types_too(world: World) -> None:
    with reading(world.engine) as conn:
        found = all_rows(conn, select(*COLUMNS).where(MENTION.c.id < 0))
    assert (len(found), found.schema.types) == (0, TYPES)


def test_other_statements_run_between_batches(world: World) -> None:
    texts, sizes = [], []
    with reading(world.engine) as conn:
        for batch in record_batches(conn, select(*COLUMNS).order_by(MENTION.c.id), 2):
            sizes.append(len(batch))
            row = conn.execute(
                select(MENTION.c.text, MENTION.c.first_seen_at).where(
                    MENTION.c.id == batch["id"][0].as_py()
                )
            ).one()
            texts.append(tuple(row))
            assert len(all_rows(conn, select(LABEL.c.id))) == 0
    assert sizes == [2, 1]
    assert texts == [("Зерно ☕", NOW), ("zerno", NOW)]
