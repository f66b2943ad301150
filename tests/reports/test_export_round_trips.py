"""Each format read back by an independent reader equals the store, whatever people wrote."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from reports.columns import COLUMNS, FLAT_COLUMNS
from reports.export import export
from reports.export_cells import csv_column, csv_text
from store.engine import open_store, reading, writing
from store.facet_rows import FacetMatch, FacetSpec
from store.facets import facets, sync_facets
from store.history import labelled_mentions
from store.interface import BrandMatch, LabelledMention, MentionFilter
from store.labels import correct
from tests.reports.world import NOON, World, new_world

HOSTILE = (
    "=cmd|'/C calc'!A0 Zerno",
    "+1 Zerno",
    "-1 Zerno",
    "@SUM(A1) Zerno",
    "\tZerno tab",
    "\rZerno return",
    "'=already Zerno",
    "''@twice Zerno",
    'Zerno "quoted", a comma; a semicolon\nand a line\r\nand another',
    "Zerno <script>alert(1)</script> &amp; ]]>",
    "<r>Zerno</r>",
    "Zerno _x0041_ \x08\x1b",
    "Zerno NULL \x00 and \ud800 alone",
    "\u202eZerno кофе ☕ 日本 👩‍👩‍👧",
    "  Zerno spaces  ",
    "Zerno NaN",
)


@pytest.fixture
def full(world: World) -> World:
    fill(world, HOSTILE)
    return world


def named(world: World) -> tuple[FacetMatch, ...]:
    """A product, a place and where an author lives, by ids that a spreadsheet may take amiss."""
    specs = (FacetSpec("product", "1", "=1"), FacetSpec("place", "5-10", "5.10"))
    with writing(world.engine) as conn:
        sync_facets(conn, world.brand.id, specs)
        product, place = (row.id for row in facets(conn, world.brand.id))
    return tuple(FacetMatch(*of, "x") for of in ((product, True), (place, True), (place, False)))


def fill(world: World, texts: tuple[str, ...]) -> None:
    found = named(world)
    match = BrandMatch(world.brand.id, 1, "Zerno", ((0, 5),))
    for number, text in enumerate(texts):
        at = NOON - timedelta(hours=number, microseconds=number)
        clean = text.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
        world.post(
            clean,
            at,
            ("negative", "positive", "neutral", "unscored")[number % 4],
            (("late", clean[:5]), ("rude", clean)) if number % 4 == 0 else (),
            intents=(("leaving", clean, clean[:3]),) if number % 3 == 0 else (),
            author_name=text,
            author_followers=number or None,
            author_verified=(None, True, False)[number % 3],
            author_created_at=at - timedelta(days=900) if number % 2 else None,
            author_location=text,
            likes=3 if number % 2 else None,
            views=10 * number,
            rating=4.5 if number % 5 == 0 else None,
            unsure=number == 4,
            edited_at=at + timedelta(minutes=1) if number % 3 == 0 else None,
            matches=(replace(match, facets=found[: number % 4], own=number % 5 == 0),),
        )
    world.save(NOON)
    with writing(world.engine) as conn:
        correct(
            conn,
            2,
            world.brand.id,
            sentiment="negative",
            causes=[("rude", "negative")],
            author="me",
            now=NOON,
        )


def stored(world: World) -> list[LabelledMention]:
    """The history as the store's other reader gives it, in the order of an export."""
    with reading(world.engine) as conn:
        return sorted(labelled_mentions(conn, MentionFilter()), key=lambda m: m.mention_id)


SAME = (
    *("mention_id", "brand", "brand_name", "query_version", "native_id", "scope", "url", "site"),
    *("canonical_url", "thread_id", "parent_id", "kind", "published_at", "first_seen_at"),
    *("labelled_at", "edited_at", "deleted_at", "title", "text", "revision", "lang"),
    *("lang_confidence", "matched_term", "author_id", "author_handle", "author_name"),
    *("author_followers", "likes", "comments", "shares", "views", "rating", "rating_scale"),
    *("author_verified", "author_created_at", "author_location"),
    *("cluster_id", "is_canonical", "cluster_size", "sentiment", "p_negative", "p_neutral"),
    *("p_positive", "low_confidence", "label_source", "model_sentiment", "corrected_at"),
    *("model_version", "taxonomy_version", "terms", "content_hash", "sequence"),
    "is_own_account",
)
CAUSE = {
    "cause_id": "cause",
    "polarity": "polarity",
    "probability": "probability",
    "evidence_text": "evidence",
    "evidence_start": "start",
    "evidence_end": "end",
    "journey_stage": "stage",
    "expectation": "expectation",
    "severity": "severity",
}
INTENT = {
    "intent": "intent",
    "probability": "probability",
    "switched_to": "rival",
    "evidence_text": "evidence",
    "evidence_start": "start",
    "evidence_end": "end",
}


def expected(mention: LabelledMention) -> dict[str, Any]:
    known = [n for n in (mention.likes, mention.comments, mention.shares) if n is not None]
    return {
        **{name: getattr(mention, name) for name in SAME},
        "source": mention.source_type,
        "source_instances": list(mention.source_names),
        **{name: list(getattr(mention, name)) for name in ("products", "places", "author_places")},
        "match_spans": [list(span) for span in mention.match_spans],
        "reach_estimate": mention.reach,
        "engagement": sum(known) if known else None,
        "causes": [{k: getattr(own, v) for k, v in CAUSE.items()} for own in mention.causes],
        "intents": [{k: getattr(own, v) for k, v in INTENT.items()} for own in mention.intents],
    }


def check(rows: list[dict[str, Any]], world: World, *, rounded: bool = False) -> None:
    wanted = stored(world)
    assert len(rows) == len(wanted)
    for row, mention in zip(rows, wanted, strict=True):
        for name, value in expected(mention).items():
            if rounded and isinstance(value, datetime):
                assert abs(row[name] - value) < timedelta(milliseconds=1)
            else:
                assert row[name] == value, name


def write(world: World, path: Path, format_: Any) -> Path:
    export(world.engine, path, format_, MentionFilter(), now=NOON)
    return path


def typed(row: dict[str, Any]) -> dict[str, Any]:
    """A row of texts with the types that the dictionary names."""
    readers: dict[str, Callable[[str], Any]] = {
        "text": csv_text,
        "integer": int,
        "number": float,
        "boolean": {"true": True, "false": False}.__getitem__,
        "time": datetime.fromisoformat,
    }
    return {
        column.name: ("" if column.type == "text" and row[column.name] == "" else None)
        if row[column.name] in {"", None}
        else readers.get(column.type, json.loads)(row[column.name])
        for column in FLAT_COLUMNS
    }


def test_csv_by_the_standard_library(full: World, tmp_path: Path) -> None:
    path = write(full, tmp_path / "out.csv", "csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row.values())
        assert not row["text"].startswith("-")
    check([typed(row) for row in rows], full)


def test_csv_by_pandas(full: World, tmp_path: Path) -> None:
    path = write(full, tmp_path / "out.csv", "csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    check([typed(row) for row in frame.to_dict("records")], full)


def test_csv_by_duckdb(full: World, tmp_path: Path) -> None:
    path = write(full, tmp_path / "out.csv", "csv")
    with duckdb.connect() as db:
        found = db.execute(
            "SELECT mention_id, text, author_name FROM read_csv(?, header=true, all_varchar=true, "
            "quote='\"', escape='\"', new_line='\\n', strict_mode=false) "
            "ORDER BY CAST(mention_id AS BIGINT)",
            [str(path)],
        ).fetchall()
    wanted = [(str(m.mention_id), m.text, m.author_name) for m in stored(full)]
    assert [(i, csv_text(text), csv_text(name)) for i, text, name in found] == wanted


def test_jsonl(full: World, tmp_path: Path) -> None:
    path = write(full, tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    times = [column.name for column in FLAT_COLUMNS if column.type == "time"]
    for row in rows:
        row.update({name: row[name] and datetime.fromisoformat(row[name]) for name in times})
    check(rows, full)


def test_parquet_by_pyarrow(full: World, tmp_path: Path) -> None:
    table = pq.read_table(write(full, tmp_path / "out.parquet", "parquet"))
    assert table.column_names == [column.name for column in FLAT_COLUMNS]
    check(table.to_pylist(), full)
    meaning = table.schema.field("p_negative").metadata
    assert meaning[b"about.en"] == b"Calibrated probability."
    assert meaning[b"about.ru"].decode() == "Калиброванная вероятность."
    kept = pq.ParquetFile(tmp_path / "out.parquet").metadata.metadata
    assert json.loads(kept[b"molva"])["rows"] == {"mentions": len(HOSTILE)}


def test_parquet_by_duckdb(full: World, tmp_path: Path) -> None:
    path = write(full, tmp_path / "out.parquet", "parquet")
    with duckdb.connect() as db:
        db.execute("SET TimeZone='UTC'")
        found = db.execute("SELECT * FROM read_parquet(?) ORDER BY mention_id", [str(path)])
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    times = [column.name for column in FLAT_COLUMNS if column.type == "time"]
    for row in rows:
        row.update({name: row[name] and row[name].astimezone(UTC) for name in times})
    check(rows, full)


def test_parquet_by_pandas(full: World, tmp_path: Path) -> None:
    frame = pd.read_parquet(write(full, tmp_path / "out.parquet", "parquet"))
    wanted = stored(full)
    assert frame["text"].tolist() == [m.text for m in wanted]
    assert [t.to_pydatetime() for t in frame["published_at"]] == [m.published_at for m in wanted]
    assert frame["p_negative"].sum() == pytest.approx(sum(m.p_negative or 0 for m in wanted))


def test_xlsx_by_openpyxl(full: World, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(full, tmp_path / "out.xlsx", "xlsx"))
    assert book.sheetnames == [*COLUMNS, "dictionary", "manifest"]
    rows = sheet_rows(book, "mentions")
    children = {
        "causes": [column.name for column in COLUMNS["causes"]],
        "intents": [column.name for column in COLUMNS["intents"]],
    }
    for table in children:
        for row in rows:
            row[table] = []
        by_id = {row["mention_id"]: row for row in rows}
        for child in sheet_rows(book, table):
            by_id[child["mention_id"]][table].append(
                {k: v for k, v in child.items() if k not in {"mention_id", "brand"}}
            )
    check(rows, full, rounded=True)
    formulas = [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert formulas == []
    [text] = [c for c in book["mentions"][1] if c.value == "text"]
    assert book["mentions"].cell(2, text.column).quotePrefix  # type: ignore[union-attr]


def sheet_rows(book: Any, table: str) -> list[dict[str, Any]]:
    head, *rows = book[table].iter_rows(values_only=True)
    kinds = {column.name: column for column in COLUMNS[table]}  # type: ignore[index]
    return [
        {name: _cell(kinds[name], value) for name, value in zip(head, row, strict=True)}
        for row in rows
    ]


def _cell(column: Any, value: Any) -> Any:
    if value is None:
        # A sheet has no empty text: nothing is what an unlabelled text column holds, too.
        return None if column.type != "text" or column.name in NULLABLE else ""
    if column.type == "text":
        return unescape(value)
    if column.type == "time":
        # Excel counts days in floats: milliseconds survive.
        return value.replace(tzinfo=UTC)
    return json.loads(value) if column.nested else value


NULLABLE = {"previous_label", "journey_stage", "expectation", "switched_to"}

_risky = st.sampled_from("=+-@'\t\r\nab 1\"<>&_x,;") | st.characters(codec="utf-8")
_texts = st.lists(st.text(alphabet=_risky, min_size=1, max_size=40), min_size=1, max_size=6)


@given(st.text(alphabet=_risky, max_size=8))
def test_any_text_is_safe_in_csv_and_comes_back(text: str) -> None:
    [cell] = csv_column(pa.array([text])).to_pylist()
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert csv_text(cell) == text


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store to copy: migrating is slower than the test."""
    path = tmp_path_factory.mktemp("empty") / "molva.db"
    engine = open_store(f"sqlite:///{path}")
    with engine.connect() as conn:
        conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts=_texts)
def test_any_texts_come_back_from_every_format(empty: Path, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copy(empty, place / "molva.db")
        world = new_world(place / "molva.db")
        try:
            fill(world, (*(f"{text}{n}" for n, text in enumerate(dict.fromkeys(texts))), "x"))
            wanted = [m.text for m in stored(world)]
            with write(world, place / "o.csv", "csv").open(encoding="utf-8", newline="") as file:
                assert [csv_text(row["text"]) for row in csv.DictReader(file)] == wanted
            table = pq.read_table(write(world, place / "o.parquet", "parquet"))
            assert table["text"].to_pylist() == wanted
            lines = write(world, place / "o.jsonl", "jsonl").read_text("utf-8").split("\n")[:-1]
            assert [json.loads(line)["text"] for line in lines] == wanted
            book = openpyxl.load_workbook(write(world, place / "o.xlsx", "xlsx"))
            assert [row["text"] for row in sheet_rows(book, "mentions")] == wanted
        finally:
            world.engine.dispose()
