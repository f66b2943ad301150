"""Spreadsheets and other files as people have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.interface import FatalError
from tests.collectors.worlds import world_of
from tests.conformance.kit import World
from tests.conformance.kits.file import KIT

world = world_of(KIT)


def file_world(world: World, path: Path, **table: Any) -> World:
    world.kit = _FileAt(path, table)
    return world


class _FileAt(type(KIT)):  # type: ignore[misc]
    def __init__(self, path: Path, table: dict[str, Any]) -> None:
        self._path, self._table = path, table

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"path": str(self._path), **self._table}

    def publish(self, items: object, folder: Path) -> None:
        """The test has written its file."""


RUSSIAN = 'ID;Отзыв;Дата;Оценка;Автор\n1;"Ждал час; кофе\nостыл";01.12.2025 10:00;2,5;Анна\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
async def test_a_russian_spreadsheet_is_read_in_any_encoding(
    world: World, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "otzyvy.csv"
    path.write_bytes(RUSSIAN.encode(encoding))
    file_world(world, path, timezone="Europe/Moscow", kind="review",
                       rating_scale=5)  # fmt: skip
    (post,) = (await world.poll()).posts
    assert (post.native_id, post.text) == ("1", "Ждал час; кофе\nостыл")
    assert post.published_at == datetime(2025, 12, 1, 7, 0, tzinfo=UTC)
    assert (post.rating, post.rating_scale, post.author.name) == (2.5, 5, "Анна")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_found_out(world: World, tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(delimiter.join(["id", "text", "url"]) + "\n" + delimiter.join("1ab"))
    (post,) = (await file_world(world, path).poll()).posts
    assert (post.native_id, post.text) == ("1", "a")


async def test_columns_can_be_named_and_nested(world: World, tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    row = {"Body": "Zerno", "user": {"login": "anna"}, "link": "https://a.example/1?utm_source=x"}
    path.write_text(json.dumps(row))
    file_world(world, path, columns={"text": "body", "author": "user.login"})
    (post,) = (await world.poll()).posts
    assert (post.text, post.author.name) == ("Zerno", "anna")
    assert post.native_id == "https://a.example/1"


async def test_bad_rows_are_counted_by_number_and_the_rest_kept(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("sep=;\nid;text\n1;good\n2;\n\n3;too;many;cells\n4;also good\n")
    run = await file_world(world, path).poll()
    assert run.texts == {"1": "good", "4": "also good"}
    assert [item.native_id for item in run.skipped] == ["row 2", "row 3"]


async def test_a_file_is_read_again_when_it_changes(world: World, tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,one\n")
    file_world(world, path)
    first = await world.poll()
    assert (await world.poll(first.cursor)).notes == ["the file has not changed"]
    path.write_text("id,text\n1,one\n2,two\n")
    assert set((await world.poll(first.cursor)).texts) == {"1", "2"}


async def test_a_file_that_cannot_be_read_is_fatal(world: World, tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"gone\.csv cannot be read"):
        await file_world(world, tmp_path / "gone.csv").poll()
    path = tmp_path / "posts.csv"
    path.write_text("id,text\n1,one\n")
    with pytest.raises(FatalError, match="nonsense"):
        await file_world(world, path, encoding="nonsense").poll()
