"""What the settings of a source may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.registry import collector_types, parse_settings


def test_relative_paths_start_from_the_configurations_folder(tmp_path: Path) -> None:
    table = {"name": "n", "type": "file", "path": "posts.csv"}
    settings = parse_settings(table, folder=tmp_path)
    assert settings.model_dump()["path"] == tmp_path / "posts.csv"


def test_an_unknown_type_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="hackernews"):
        parse_settings({"name": "n", "type": "rs"})


@pytest.mark.parametrize(
    "table",
    [
        {"type": "hackernews", "queries": []},
        {"type": "bluesky", "queries": ["x y"], "identifier": "a"},
        {"type": "mastodon", "instance": "mastodon.social", "tags": ["a"]},
        {"type": "telegram", "channels": ["https://vk.com/x"]},
        {"type": "file", "path": "x", "columns": {"txet": "a"}},
        {"type": "file", "path": "x", "timezone": "Moscow"},
        {"type": "rss", "url": "https://x.example", "unknown": 1},
    ],
)
def test_wrong_settings_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_settings({"name": "n", **table})


def test_the_first_five_and_files_are_there() -> None:
    assert set(collector_types()) >= {
        "rss",
        "hackernews",
        "mastodon",
        "bluesky",
        "telegram",
        "file",
    }
