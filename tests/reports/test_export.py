"""Exports: what they hold beside the rows, what they leave out, and that they are whole."""

from __future__ import annotations

import csv
import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from reports.columns import COLUMNS
from reports.export import ExportOptions, ExportSummary, export
from reports.export_formats import FORMATS, Format
from reports.interface import ReportError
from store.engine import reading, writing
from store.exports import exports
from store.interface import MentionFilter, PageToKeep
from store.labels import correct, unlabelled, use_version
from store.mentions import keep_page
from store.sources import start_poll
from tests.reports.world import NOON, World, mention

HOUR = timedelta(hours=1)


@pytest.fixture
def full(world: World) -> World:
    for number in range(8):
        world.post(
            f"Zerno post {number}, which is about nothing at all but coffee",
            NOON - number * HOUR,
            ("negative", "positive", "neutral", "unscored")[number % 4],
            (("late", "nothing"), ("rude", "at all")) if number % 4 == 0 else (),
            likes=number or None,
            author_id=f"did:{number % 2}",
        )
    world.post("Kofeinya", NOON, rival=True)
    world.save(NOON)
    return world


def write(
    world: World, path: Path, format_: Format, options: ExportOptions | None = None, **wanted: Any
) -> ExportSummary:
    return export(world.engine, path, format_, MentionFilter(**wanted), now=NOON, options=options)


def jsonl(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def drop(world: World, *native_ids: str) -> None:
    with writing(world.engine) as conn:
        poll = start_poll(conn, world.source_id, NOON, NOON + HOUR)
        keep_page(conn, world.source_id, poll, PageToKeep({}, deleted=native_ids), NOON)


@pytest.mark.parametrize("format_", FORMATS)
def test_no_mentions_make_a_valid_empty_file(world: World, tmp_path: Path, format_: Format) -> None:
    summary = write(world, tmp_path / f"out.{format_}", format_)
    assert summary.rows == 0
    if format_ == "parquet":
        assert pq.read_table(summary.path).num_rows == 0
    if format_ == "csv":
        [head] = csv.reader(summary.path.read_text("utf-8").splitlines())
        assert head == list(summary.columns)


def test_filters_reach_the_store(full: World, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert write(full, path, "jsonl", brand_id=full.brand.id).rows == 8
    assert write(full, path, "jsonl", sentiment="negative").rows == 2
    assert write(full, path, "jsonl", cause="rude", since=NOON - 2 * HOUR).rows == 1
    assert write(full, path, "jsonl", text="nothing -3", lang="en").rows == 7
    assert write(full, path, "jsonl", source_type="vk").rows == 0
    assert write(full, path, "jsonl", until=NOON - HOUR).rows == 6


def test_small_batches_lose_and_repeat_nothing(
    full: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write(full, tmp_path / "1.jsonl", "jsonl")
    monkeypatch.setattr("store.export_rows.mention_batches.__defaults__", (2,))
    parts = write(full, tmp_path / "2.jsonl", "jsonl")
    assert (parts.rows, parts.sha256) == (whole.rows, whole.sha256)
    named = write(full, tmp_path / "3.jsonl", "jsonl", sentiment="negative")
    assert [row["native_id"] for row in jsonl(named.path)] == ["p1", "p5"]


def test_what_changed_since_the_last_export_labels_too(full: World, tmp_path: Path) -> None:
    first = write(full, tmp_path / "1.jsonl", "jsonl")
    after = first.last_sequence
    assert write(full, tmp_path / "2.jsonl", "jsonl", after_sequence=after).rows == 0
    full.post("Zerno once more", NOON + HOUR)
    full.save(NOON + HOUR)
    with writing(full.engine) as conn:
        correct(conn, 2, full.brand.id, sentiment="negative", causes=None, author="me", now=NOON)
    later = write(full, tmp_path / "3.jsonl", "jsonl", after_sequence=after)
    corrected, new = jsonl(later.path)
    assert new["text"] == "Zerno once more"
    assert (corrected["mention_id"], corrected["sentiment"]) == (2, "negative")
    assert (corrected["previous_label"], corrected["label_source"]) == ("positive", "person")


def test_a_mention_labelled_anew_comes_again_with_what_was_said_before(
    full: World, tmp_path: Path
) -> None:
    after = write(full, tmp_path / "1.jsonl", "jsonl").last_sequence
    with writing(full.engine) as conn:
        full.version = use_version(conn, "model-2", "taxonomy-1", NOON + HOUR)
        waiting = unlabelled(conn, full.version, 100)
    assert len(waiting) == 9
    full.relabel("neutral", NOON + HOUR)
    rows = jsonl(write(full, tmp_path / "2.jsonl", "jsonl", after_sequence=after).path)
    assert [row["previous_label"] for row in rows[:4]] == [
        *("negative", "positive", "neutral", "unscored")
    ]
    assert {row["model_version"] for row in rows} == {"model-2"}
    folder = tmp_path / "all"
    write(full, folder, "jsonl", brand_id=full.brand.id)
    history = [row for row in jsonl(folder / "labels.jsonl") if row["mention_id"] == 1]
    assert [(row["model_version"], row["sentiment"]) for row in history] == [
        ("model-1", "negative"),
        ("model-2", "neutral"),
    ]


@pytest.mark.parametrize("layout", ["folder", "zip"])
@pytest.mark.parametrize("format_", FORMATS)
def test_an_archive_says_what_it_holds(
    full: World, tmp_path: Path, format_: Format, layout: str
) -> None:
    path = tmp_path / ("out.zip" if layout == "zip" else "out")
    summary = write(full, path, format_, sentiment="negative")
    if layout == "zip":
        assert summary.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            archive.extractall(tmp_path / "out")
    folder = tmp_path / "out"
    about = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert about["rows"] == {"mentions": 2, "causes": 4, "intents": 0, "labels": 2, "tombstones": 0}
    assert about["filters"]["sentiment"] == "negative"
    assert [(q["brand"], q["query"]) for q in about["queries"]] == [
        ("rival", "Kofeinya"),
        ("zerno", "Zerno"),
    ]
    assert about["next_sequence"] == summary.last_sequence
    assert about["versions"]["labels"][0]["model"] == "model-1"
    files = {file.name for file in folder.iterdir()} - {"manifest.json"}
    assert files == set(about["files"])
    for name, kept in about["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == kept["sha256"]
    words = json.loads((folder / "dictionary.json").read_text("utf-8"))
    assert {t: [c["name"] for c in cs] for t, cs in words["tables"].items()} == {
        table: [column.name for column in columns] for table, columns in COLUMNS.items()
    }
    assert "| `p_negative` | number | 0–1 | Калиброванная" in (folder / "dictionary.md").read_text()


def test_what_is_deleted_is_a_tombstone_and_no_mention(full: World, tmp_path: Path) -> None:
    drop(full, "p3")
    folder = tmp_path / "out"
    write(full, folder, "jsonl", include_deleted=True)
    assert "p3" not in {row["native_id"] for row in jsonl(folder / "mentions.jsonl")}
    [tombstone] = jsonl(folder / "tombstones.jsonl")
    assert (tombstone["mention_id"], tombstone["brand"]) == (3, "zerno")
    assert tombstone["reason"] == "deleted"


def test_changes_name_what_no_longer_belongs(full: World, tmp_path: Path) -> None:
    after = write(full, tmp_path / "1", "jsonl", sentiment="negative").last_sequence
    drop(full, "p8")
    with writing(full.engine) as conn:
        correct(conn, 1, full.brand.id, sentiment="neutral", causes=None, author="me", now=NOON)
        poll = start_poll(conn, full.source_id, NOON, NOON + HOUR)
        edited = mention("p5", "About something else", NOON, 0, matches=(), edited_at=NOON + HOUR)
        keep_page(conn, full.source_id, poll, PageToKeep({}, mentions=(edited,)), NOON + HOUR)
    write(full, tmp_path / "2", "jsonl", sentiment="negative", after_sequence=after)
    assert jsonl(tmp_path / "2" / "mentions.jsonl") == []
    assert {
        (row["mention_id"], row["reason"]) for row in jsonl(tmp_path / "2" / "tombstones.jsonl")
    } == {(1, "no_longer_passes"), (5, "no_longer_matches"), (8, "deleted")}


def test_pseudonyms_are_stable_and_name_nobody(full: World, tmp_path: Path) -> None:
    hidden = ExportOptions(pseudonymous=True)
    first = jsonl(write(full, tmp_path / "1.jsonl", "jsonl", hidden).path)
    again = jsonl(write(full, tmp_path / "2.jsonl", "jsonl", hidden).path)
    assert [row["author_id"] for row in first] == [row["author_id"] for row in again]
    assert len({row["author_id"] for row in first[:8]}) == 2
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "2.jsonl").read_bytes()
    open_ = jsonl(write(full, tmp_path / "3.jsonl", "jsonl").path)
    for row, plain in zip(first, open_, strict=True):
        for name in ("author_id", "author_handle", "author_name", "url", "native_id"):
            assert plain[name]
            assert plain[name] not in json.dumps({**row, "text": ""})


def test_times_are_shown_in_the_zone_that_was_asked_for(full: World, tmp_path: Path) -> None:
    moscow = ExportOptions(zone="Europe/Moscow")
    rows = jsonl(write(full, tmp_path / "1.jsonl", "jsonl", moscow).path)
    assert rows[0]["published_at"] == "2026-03-03T15:00:00+03:00"
    table = pq.read_table(write(full, tmp_path / "1.parquet", "parquet", moscow).path)
    assert table["published_at"].type.tz == "Europe/Moscow"
    assert table["published_at"][0].as_py() == NOON


def test_a_byte_order_mark_on_request(full: World, tmp_path: Path) -> None:
    write(full, tmp_path / "out.csv", "csv", ExportOptions(bom=True))
    assert (tmp_path / "out.csv").read_bytes().startswith(b'\xef\xbb\xbf"mention_id",')


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.parquet", "out.xlsx", "out.zip"])
def test_an_interrupted_export_leaves_what_was_there(
    full: World, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("the last whole export")

    def breaks(_: int) -> None:
        raise KeyboardInterrupt

    format_: Format = "csv" if name.endswith("zip") else name.split(".")[1]  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        export(full.engine, path, format_, MentionFilter(), breaks, now=NOON)
    assert path.read_text() == "the last whole export"
    assert sorted(p.name for p in tmp_path.iterdir() if "molva" not in p.name) == [name]


def test_a_folder_of_an_export_is_replaced_and_any_other_is_not(
    full: World, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    write(full, folder, "csv")
    assert write(full, folder, "jsonl").rows == 9
    assert not (folder / "mentions.csv").exists()
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("three years of work")
    with pytest.raises(ReportError, match="no export"):
        write(full, other, "csv")
    assert (other / "chapter.txt").exists()


def test_progress_ends_at_the_whole(full: World, tmp_path: Path) -> None:
    told: list[int] = []
    export(full.engine, tmp_path / "o.csv", "csv", MentionFilter(), told.append, now=NOON)
    assert told[-1] == 9


def test_every_export_is_recorded(full: World, tmp_path: Path) -> None:
    made = write(full, tmp_path / "out.csv", "csv", sentiment="negative", since=NOON - HOUR)
    with reading(full.engine) as conn:
        [row] = exports(conn)
    assert (row.path, row.sha256) == (str(made.path), made.sha256)
    assert row.filters["sentiment"] == "negative"
    assert row.filters["since"] == "2026-03-03T11:00:00+00:00"
    assert (row.mentions, row.last_sequence) == (1, made.last_sequence)


def test_wrong_targets_are_named(world: World, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot export as 'xls'"):
        write(world, tmp_path / "x", "xls")  # type: ignore[arg-type]
    with pytest.raises(ReportError, match="No such file"):
        write(world, tmp_path / "nowhere" / "x.csv", "csv")


def test_a_long_text_in_a_sheet_is_cut_and_counted(world: World, tmp_path: Path) -> None:
    world.post("Zerno " + "ж" * 40_000, NOON)
    world.save(NOON)
    assert write(world, tmp_path / "out.xlsx", "xlsx").cut_cells == 1
    assert write(world, tmp_path / "out.csv", "csv").cut_cells == 0
