"""What an import would make of a file, without importing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from collectors.interface import Post, Skipped
from collectors.items import convert
from collectors.table_posts import Layout, TableSettings, lay_out, row_to_post, rows_from
from collectors.tables import Row

POSTS_SHOWN: Final = 3
SKIPPED_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Preview:
    """What was understood of a table.

    Attributes:
        rows: how many it has.
        posts: of its first rows, as they would be kept.
        skipped: the first rows that cannot be a post, with reasons.
        bad: how many such rows there are.
        undated: posts whose date is missing or was not understood.
    """

    layout: Layout
    rows: int
    posts: tuple[Post, ...]
    skipped: tuple[Skipped, ...]
    bad: int
    undated: int

    @property
    def unread(self) -> tuple[str, ...]:
        """The file's columns that are not read."""
        read = set(self.layout.columns.values())
        return tuple(name for name in self.layout.header if name not in read)


def preview(path: Path, settings: TableSettings, now: datetime) -> Preview:
    """Read a whole table as an import would, keeping only examples of it.

    Raises:
        FatalError: it cannot be read.
    """
    layout = lay_out(path, settings)
    kept: list[Post] = []
    refused: list[Skipped] = []
    rows = bad = undated = 0
    for batch in _batched(rows_from(path, layout, 0), settings.page_size):
        found = convert(
            batch,
            lambda row: row_to_post(row, layout, settings, now),
            lambda row: f"row {row.number}",
        )
        rows += len(batch)
        bad += len(found.skipped)
        undated += sum(post.published_at is None for post in found.posts)
        kept += found.posts[: POSTS_SHOWN - len(kept)]
        refused += found.skipped[: SKIPPED_SHOWN - len(refused)]
    return Preview(layout, rows, tuple(kept), tuple(refused), bad, undated)


def _batched(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch
