"""Each format read back by an independent reader equals the store."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.columns import COLUMNS, record
from reports.export import Format, csv_cell, csv_text, export
from reports.interface import ReportError
from store.engine import reading
from store.history import labelled_mentions
from store.interface import LabelledMention, MentionFilter
from tests.reports.world import NOON, World

TEXT = next(column for column in COLUMNS if column.name == "text")
HOSTILE = (
    "=cmd|'/C calc'!A0 Zerno",
    "+1 Zerno",
    "-1 Zerno",
    "@SUM(A1) Zerno",
    "'=already Zerno",
    'Zerno "quoted", a comma\nand a line',
    "Zerno <script>alert(1)</script>",
    "\u202eZerno кофе ☕ 日本",
)


@pytest.fixture
def full(world: World) -> World:
    for number, text in enumerate(HOSTILE):
        at = NOON - timedelta(hours=number)
        world.post(
            text,
            at,
            ("negative", "positive", "neutral", "unscored")[number % 4],
            (("late", text[:5]), ("rude", text)) if number % 4 == 0 else (),
            author_followers=number or None,
            likes=3 if number % 2 else None,
            views=10 * number,
            unsure=number == 4,
        )
    world.post("Kofeinya", NOON, rival=True)
    world.save(NOON)
    return world


def stored(world: World) -> list[dict[str, Any]]:
    with reading(world.engine) as conn:
        return [record(m) for m in labelled_mentions(conn, MentionFilter())]


def write(world: World, path: Path, format_: Format, **wanted: Any) -> Any:
    return export(world.engine, path, format_, MentionFilter(**wanted), now=NOON)


def test_csv_round_trip(full: World, tmp_path: Path) -> None:
    summary = write(full, tmp_path / "out.csv", "csv")
    raw = (tmp_path / "out.csv").read_bytes()
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = stored(full)
    assert summary.rows == len(rows) == len(expected) == 9
    assert summary.sha256 == hashlib.sha256(raw).hexdigest()
    assert summary.bytes == len(raw)
    for row, wanted in zip(rows, expected, strict=True):
        assert csv_text(row["text"]) == wanted["text"]
        assert row["mention_id"] == str(wanted["mention_id"])
        assert datetime.fromisoformat(row["published_at"]) == wanted["published_at"]
        assert json.loads(row["causes"]) == wanted["causes"]
        assert row["views"] == ("" if wanted["views"] is None else str(wanted["views"]))
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


def test_jsonl_round_trip(full: World, tmp_path: Path) -> None:
    write(full, tmp_path / "out.jsonl", "jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    for row, wanted in zip(rows, stored(full), strict=True):
        for column in COLUMNS:
            value = row[column.name]
            if column.type == "time" and value is not None:
                value = datetime.fromisoformat(value)
            assert value == wanted[column.name], column.name


def test_parquet_round_trip(full: World, tmp_path: Path) -> None:
    write(full, tmp_path / "out.parquet", "parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.column_names == [column.name for column in COLUMNS]
    assert table.to_pylist() == stored(full)
    assert table.schema.field("p_negative").metadata == {b"about": b"Calibrated probability."}


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_no_mentions_make_a_valid_empty_file(world: World, tmp_path: Path, format_: Format) -> None:
    summary = write(world, tmp_path / "out", format_)
    assert summary.rows == 0
    assert (tmp_path / "out").exists()
    if format_ == "parquet":
        assert pq.read_table(tmp_path / "out").num_rows == 0


def test_filters_reach_the_store(full: World, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert write(full, path, "jsonl", brand_id=full.brand.id).rows == 8
    assert write(full, path, "jsonl", sentiment="negative").rows == 2
    assert write(full, path, "jsonl", cause="rude", since=NOON - timedelta(hours=2)).rows == 1


def test_what_changed_since_the_last_export(full: World, tmp_path: Path) -> None:
    first = write(full, tmp_path / "1.jsonl", "jsonl")
    assert write(full, tmp_path / "2.jsonl", "jsonl", after_sequence=first.last_sequence).rows == 0
    full.post("Zerno once more", NOON + timedelta(hours=1))
    full.save(NOON + timedelta(hours=1))
    later = write(full, tmp_path / "3.jsonl", "jsonl", after_sequence=first.last_sequence)
    assert later.rows == 1
    assert "once more" in (tmp_path / "3.jsonl").read_text("utf-8")


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet"])
def test_an_interrupted_export_leaves_what_was_there(
    full: World, tmp_path: Path, format_: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    path.write_text("the last whole export")

    def breaks(_: LabelledMention) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr("reports.export.record", breaks)
    with pytest.raises(KeyboardInterrupt):
        write(full, path, format_)
    assert path.read_text() == "the last whole export"
    assert sorted(p.name for p in tmp_path.iterdir() if "molva" not in p.name) == ["out"]


def test_progress_ends_at_the_whole(full: World, tmp_path: Path) -> None:
    told: list[int] = []
    export(
        full.engine,
        tmp_path / "out.csv",
        "csv",
        MentionFilter(),
        told.append,
        now=NOON.astimezone(UTC),
        bom=True,
    )
    assert told[-1] == 9
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfmention_id,")


def test_wrong_targets_are_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot export as 'xls'"):
        write(world, tmp_path / "x", "xls")  # type: ignore[arg-type]
    with pytest.raises(ReportError, match="No such file"):
        write(world, tmp_path / "nowhere" / "x", "csv")


_risky = st.sampled_from("=+-@'\t\rab 1") | st.characters(codec="utf-8")


@given(st.text(alphabet=_risky, max_size=8))
def test_any_text_is_safe_and_comes_back(text: str) -> None:
    cell = csv_cell(TEXT, text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert csv_text(cell) == text
