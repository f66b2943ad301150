"""Posts from a CSV, JSON Lines or Excel file: an export of another tool, reviews, an archive.

The encoding (UTF-8, UTF-16, windows-1251) and the delimiter (`,` `;` tab `|`) are found out.
Columns are known by usual English and Russian names (text, id, url, date, author, title, rating,
lang, likes … / текст, ссылка, дата, автор, заголовок, оценка, язык …); name others under
`columns`. Every row needs a text or a title. A row that cannot be read is counted with its number
and reason. The file is read again when it changes; rows already known are not doubled.

Dates: ISO 8601, month names and epochs are read as they are. `03.04.2026` is day first. Around
slashes the column decides (a 13 or more shows which number is the day), and day first is taken
where it cannot. `dates = "day-first"`, `"month-first"`, `"unix"` or `"excel"` overrules that;
`molva import FILE --preview` shows what was understood.

Credentials: none. Excel files need the extra `molva[xlsx]`.

Limits: memory stays flat whatever the size; a killed import goes on where it stopped.

Terms: your own data.

    [[source]]
    name = "reviews-2025"
    type = "file"
    path = "reviews.csv"
    columns = { text = "Отзыв", published_at = "Дата", rating = "Оценка" }
    kind = "review"
    rating_scale = 5
    timezone = "Europe/Moscow"
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

from pydantic import ValidationInfo, field_validator

from collectors.interface import Collector, Cursor, Page, Terms
from collectors.items import convert
from collectors.table_posts import TableSettings, lay_out, row_to_post, rows_from, unreadable


class FileSettings(TableSettings):
    """A file and how its columns are called."""

    path: Path

    @field_validator("path")
    @classmethod
    def _from_folder(cls, value: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        return folder / value if folder else value


class FileCollector(Collector[FileSettings]):
    """Reads the file from the row its cursor names; again from the first when it has changed."""

    type = "file"
    Settings = FileSettings
    terms = Terms.OWN

    @property
    def scope(self) -> str:
        """Ids are unique in a file only."""
        return f"file:{self.settings.name}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the rows not read yet, `page_size` at a time."""
        settings, now = self.settings, self.clock()
        version = await asyncio.to_thread(self._version)
        same = cursor.get("version") == version
        done = int(cursor.get("rows", 0)) if same else 0
        if same and cursor.get("whole"):
            yield Page(cursor, note="the file has not changed")
            return
        layout = await asyncio.to_thread(lay_out, settings.path, settings)
        rows = rows_from(settings.path, layout, done)
        while True:
            batch = await asyncio.to_thread(lambda: list(islice(rows, settings.page_size)))
            done += len(batch)
            whole = len(batch) < settings.page_size
            found = convert(
                batch,
                lambda row: row_to_post(row, layout, settings, now),
                lambda row: f"row {row.number}",
            )
            note = "the file has no rows" if whole and not done else ""
            at = {"version": version, "rows": done, "whole": whole}
            yield Page(at, found.posts, found.skipped, note=note)
            if whole:
                return

    def _version(self) -> str:
        try:
            status = self.settings.path.stat()
        except OSError as error:
            raise unreadable(self.settings.path, error) from None
        return f"{status.st_size}-{status.st_mtime_ns}"
