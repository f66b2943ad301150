"""Imported tables: dates, workbooks, columns, folders."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from pydantic import ValidationError

from collectors.http import HttpClient
from collectors.interface import FatalError, Page
from collectors.registry import create, parse_settings
from collectors.table_dates import order_of, read_date
from collectors.table_preview import preview
from tests.conformance.kit import FAST, NOW

MOSCOW = ZoneInfo("Europe/Moscow")


async def poll(table: dict[str, Any], cursor: Any = None, now: datetime = NOW) -> list[Page]:
    settings = parse_settings({"name": "mine", **table})
    async with HttpClient(FAST, lambda: now) as http:
        return [page async for page in create(settings, http, lambda: now).poll(cursor or {})]


def posts(pages: list[Page]) -> dict[str, str]:
    return {post.native_id: post.text for page in pages for post in page.posts}


# --- Dates


@pytest.mark.parametrize(
    ("column", "order", "certain"),
    [
        (["03/04/2025", "25/04/2025"], "day-first", True),
        (["03/04/2025", "04/25/2025 10:00"], "month-first", True),
        (["03/04/2025", "05/06/2025"], "day-first", False),
        (["03.04.2025", "2025-04-05", "", "soon"], "day-first", True),
    ],
)
def test_a_column_shows_how_its_dates_are_written(
    column: list[str], order: str, certain: bool
) -> None:
    assert order_of(column) == (order, certain)


@pytest.mark.parametrize(
    ("cell", "order", "moment"),
    [
        ("03/04/2025", "day-first", datetime(2025, 4, 3, tzinfo=UTC)),
        ("03/04/2025", "month-first", datetime(2025, 3, 4, tzinfo=UTC)),
        ("03.04.2025 21:15", "month-first", datetime(2025, 4, 3, 21, 15, tzinfo=UTC)),
        ("4/3/25 9:05 pm", "month-first", datetime(2025, 4, 3, 21, 5, tzinfo=UTC)),
        ("12/31/2025 12:00 AM", "month-first", datetime(2025, 12, 31, tzinfo=UTC)),
        ("2025-04-03T10:00:00+03:00", "day-first", datetime(2025, 4, 3, 7, tzinfo=UTC)),
        ("3 апреля 2025 г.", "day-first", datetime(2025, 4, 3, tzinfo=UTC)),
        ("1743670800", "unix", datetime(2025, 4, 3, 9, tzinfo=UTC)),
        ("1743670800000", "day-first", datetime(2025, 4, 3, 9, tzinfo=UTC)),
        ("45750,5", "excel", datetime(2025, 4, 3, 12, tzinfo=UTC)),
        ("31/02/2025", "day-first", None),
        ("13/13/2025", "day-first", None),
        ("1e999", "unix", None),
        ("9" * 400, "excel", None),
    ],
)
def test_a_date_is_read_by_the_rule(cell: str, order: Any, moment: datetime | None) -> None:
    assert read_date(cell, order, now=NOW, zone=UTC) == moment


def test_a_date_without_a_zone_is_in_the_told_one() -> None:
    read = read_date("03.04.2025 10:00", "auto", now=NOW, zone=MOSCOW)
    assert read == datetime(2025, 4, 3, 7, tzinfo=UTC)


# --- Workbooks


def naive(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - a cell has no zone


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["№", "Отзыв", "Дата", "Оценка"])
    sheet.append([101, "Кофе остыл, ждал час", naive(2025, 12, 1, 10), 2.5])
    sheet.append([])
    sheet.append([102, None, naive(2025, 12, 2), 5])
    sheet.append([103, "Лучшее зерно в городе", "02.12.2025 12:30", 5])
    other = book.create_sheet("Other")
    other.append(["text"])
    other.append(["from the second sheet"])
    path = tmp_path / "reviews.xlsx"
    book.save(path)
    return path


async def test_a_workbook_is_read_like_any_table(workbook: Path) -> None:
    table = {"type": "file", "path": str(workbook), "columns": {"id": "№"},
             "timezone": "Europe/Moscow"}  # fmt: skip
    pages = await poll(table)
    found = [post for page in pages for post in page.posts]
    assert [post.native_id for post in found] == ["101", "103"]
    assert found[0].published_at == datetime(2025, 12, 1, 7, tzinfo=UTC)
    assert found[1].published_at == datetime(2025, 12, 2, 9, 30, tzinfo=UTC)
    assert found[0].rating == 2.5
    assert [item.native_id for page in pages for item in page.skipped] == ["row 2"]


async def test_a_sheet_can_be_named(workbook: Path) -> None:
    table = {"type": "file", "path": str(workbook)}
    assert "from the second sheet" in posts(await poll({**table, "sheet": "Other"})).values()
    with pytest.raises(FatalError, match="Other"):
        await poll({**table, "sheet": "nope"})


async def test_what_is_only_called_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fake.xlsx"
    path.write_text("text\nnot a workbook\n")
    with pytest.raises(FatalError, match=r"not an \.xlsx workbook"):
        await poll({"type": "file", "path": str(path)})


# --- Columns


async def test_columns_are_mapped_by_any_of_our_names(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Comment;When;Who\nslow;25/12/2025;Anna\n")
    columns = {"text": "Comment", "published_at": "When", "author": "Who"}
    (page,) = await poll({"type": "file", "path": str(path), "columns": columns})
    (post,) = page.posts
    assert (post.text, post.author.name) == ("slow", "Anna")
    assert post.published_at == datetime(2025, 12, 25, tzinfo=UTC)


async def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("Comment,When\nslow,1\n")
    with pytest.raises(FatalError, match=r"no column 'Koment' for text; it has: Comment, When"):
        await poll({"type": "file", "path": str(path), "columns": {"text": "Koment"}})


def test_a_preview_says_what_was_understood(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    rows = "".join(f"отзыв {n};0{n}/04/2025;x\n" for n in range(1, 6))
    path.write_bytes(f"Текст;Дата;Прочее\n{rows};07/04/2025;x\n".encode("cp1251"))
    settings: Any = parse_settings({"name": "n", "type": "file", "path": str(path)})
    seen = preview(path, settings, NOW)
    assert (seen.layout.shape.encoding, seen.layout.shape.delimiter) == ("cp1251", ";")
    assert seen.layout.columns == {"text": "Текст", "date": "Дата"}
    assert (seen.layout.dates, seen.layout.certain) == ("day-first", False)
    assert (seen.rows, seen.bad, seen.unread) == (6, 1, ("Прочее",))
    assert len(seen.posts) == 3
    assert [(item.native_id, item.reason) for item in seen.skipped] == [("row 6", "it has no text")]


# --- Folders


def settled(path: Path, text: str) -> None:
    path.write_text(text)
    moment = (NOW - timedelta(hours=1)).timestamp()
    os.utime(path, (moment, moment))


async def test_a_row_repeated_in_another_file_is_the_same(tmp_path: Path) -> None:
    settled(tmp_path / "monday.csv", "id,text\n1,one\n2,two\n")
    settled(tmp_path / "tuesday.csv", "id,text\n2,two\n3,three\n")
    pages = await poll({"type": "folder", "path": str(tmp_path)})
    assert posts(pages) == {"1": "one", "2": "two", "3": "three"}
    assert (tmp_path / "monday.csv").exists()
    again = await poll({"type": "folder", "path": str(tmp_path)}, pages[-1].cursor)
    assert posts(again) == {}
    assert again[-1].note == "no new files"


async def test_a_file_being_written_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "growing.csv"
    path.write_text("id,text\n1,half a ro")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    table = {"type": "folder", "path": str(tmp_path)}
    first = await poll(table)
    assert posts(first) == {}
    assert "still being written" in first[-1].note
    path.write_text("id,text\n1,half a row no more\n")
    os.utime(path, (NOW.timestamp() + 1, NOW.timestamp() + 1))
    second = await poll(table, first[-1].cursor)
    assert posts(second) == {}
    third = await poll(table, second[-1].cursor)
    assert posts(third) == {"1": "half a row no more"}


async def test_a_clock_ahead_of_ours_only_delays_a_file_by_a_poll(tmp_path: Path) -> None:
    path = tmp_path / "tomorrow.csv"
    path.write_text("id,text\n1,one\n")
    ahead = (NOW + timedelta(days=1)).timestamp()
    os.utime(path, (ahead, ahead))
    first = await poll({"type": "folder", "path": str(tmp_path)})
    second = await poll({"type": "folder", "path": str(tmp_path)}, first[-1].cursor)
    assert posts(second) == {"1": "one"}


async def test_a_broken_file_stops_no_other_and_is_tried_again_when_changed(
    tmp_path: Path,
) -> None:
    settled(tmp_path / "broken.xlsx", "nothing of the kind")
    settled(tmp_path / "whole.csv", "id,text\n1,one\n")
    for ignored in ("~$open.xlsx", ".hidden.csv", "partial.csv.part", "picture.png"):
        settled(tmp_path / ignored, "id,text\n9,nine\n")
    table = {"type": "folder", "path": str(tmp_path)}
    first = await poll(table)
    assert posts(first) == {"1": "one"}
    assert [item.native_id for page in first for item in page.skipped] == ["broken.xlsx"]
    second = await poll(table, first[-1].cursor)
    assert not any(page.skipped for page in second)


async def test_a_missing_folder_is_fatal(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="cannot be read"):
        await poll({"type": "folder", "path": str(tmp_path / "gone")})


def test_a_folder_of_wrong_columns_is_refused() -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", "type": "folder", "path": "x", "columns": {"txet": "a"}})
