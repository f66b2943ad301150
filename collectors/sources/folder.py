"""Posts from every CSV, JSON Lines and Excel file that is put into a folder.

For exports that arrive by themselves: a nightly report, a shared folder, a synchronised drive.
New and changed files are read, each as the `file` source would read it, with the same `columns`,
`dates` and other settings; a row seen before is not doubled. Files are only read: they stay where
they are. A file still being written is waited for: one that changed in the last `settle` is read
when two polls in a row find it the same. Names that begin with a dot or `~$`, or end in `.part`,
`.tmp` or `.crdownload`, are left alone. A file that cannot be read is counted with its reason and
tried again when it changes.

Credentials: none. Excel files need the extra `molva[xlsx]`.

Limits: files of the folder itself, not of folders in it, up to 10,000 of them.

Terms: your own data.

    [[source]]
    name = "nightly-reviews"
    type = "folder"
    path = "incoming"
    pattern = "reviews-*"
    columns = { text = "Comment", published_at = "Date" }
    interval = "5m"
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationInfo, field_validator

from collectors.interface import Collector, Cursor, Duration, FatalError, Page, Skipped, Terms
from collectors.items import convert
from collectors.table_posts import TableSettings, lay_out, row_to_post, rows_from
from collectors.tables import ENDINGS

MOST_FILES: Final = 10_000
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".download")


class FolderSettings(TableSettings):
    """A folder, and how the columns of its files are called."""

    path: Path
    pattern: str = Field(default="*", min_length=1, description="Names of files, e.g. *.csv")
    settle: Duration = Field(
        default=timedelta(seconds=30), description="How long a file must stay as it is."
    )

    @field_validator("path")
    @classmethod
    def _from_folder(cls, value: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        return folder / value if folder else value


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    version: str
    seconds: float
    """When it was last changed, by the clock of its file system."""


class FolderCollector(Collector[FolderSettings]):
    """Reads the files its cursor does not know in their present version, oldest first."""

    type = "folder"
    Settings = FolderSettings
    terms = Terms.OWN

    @property
    def scope(self) -> str:
        """A row keeps its id whichever file of the folder repeats it."""
        return f"folder:{self.settings.name}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the rows of new and changed files, `page_size` at a time."""
        files = await asyncio.to_thread(self._files)
        there = {file.name for file in files}
        done = {name: v for name, v in (cursor.get("done") or {}).items() if name in there}
        waited = cursor.get("waiting") or {}
        at = cursor.get("at") or {}
        new = [file for file in files if done.get(file.name) != file.version]
        ready = [file for file in new if self._settled(file, waited)]
        waiting = {file.name: file.version for file in new if file not in ready}
        for file in ready:
            resumed = at.get("name") == file.name and at.get("version") == file.version
            start = int(at.get("rows", 0)) if resumed else 0
            async for page in self._read(file, start, done, waiting):
                yield page
        note = f"waiting for {len(waiting)} files still being written" if waiting else ""
        if not ready and not note:
            note = "no new files" if files else "the folder has no files"
        yield Page(_cursor(done, waiting), note=note)

    async def _read(
        self, file: _Found, start: int, done: dict[str, str], waiting: Mapping[str, str]
    ) -> AsyncIterator[Page]:
        path, settings, now = self.settings.path / file.name, self.settings, self.clock()
        rows_read = start
        try:
            layout = await asyncio.to_thread(lay_out, path, settings)
            rows = rows_from(path, layout, start)
            while True:
                batch = await asyncio.to_thread(lambda: list(islice(rows, settings.page_size)))
                rows_read += len(batch)
                found = convert(
                    batch,
                    lambda row: row_to_post(row, layout, settings, now),
                    lambda row: f"{file.name} row {row.number}",
                )
                whole = len(batch) < settings.page_size
                if whole:
                    done[file.name] = file.version
                at = None if whole else (file, rows_read)
                yield Page(_cursor(done, waiting, at), found.posts, found.skipped)
                if whole:
                    return
        except FatalError as error:
            done[file.name] = file.version
            yield Page(_cursor(done, waiting), skipped=(Skipped(file.name, str(error)),))

    def _settled(self, file: _Found, waited: Mapping[str, str]) -> bool:
        age = self.clock().timestamp() - file.seconds
        # The other clock may be wrong; that nothing has changed since the last poll is certain.
        return age >= self.settings.settle.total_seconds() or (
            waited.get(file.name) == file.version
        )

    def _files(self) -> list[_Found]:
        try:
            paths = [path for path in self.settings.path.iterdir() if self._wanted(path)]
        except OSError as error:
            raise FatalError(
                f"the folder {self.settings.path} cannot be read: {error.strerror}"
            ) from None
        if len(paths) > MOST_FILES:
            raise FatalError(f"more than {MOST_FILES} files in {self.settings.path}; move old ones")
        found = []
        for path in paths:
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # moved away since it was listed
            version = f"{status.st_size}-{status.st_mtime_ns}"
            found.append(_Found(path.name, version, status.st_mtime))
        return sorted(found, key=lambda file: (file.seconds, file.name))

    def _wanted(self, path: Path) -> bool:
        name = path.name
        if name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED):
            return False
        known = self.settings.format is not None or path.suffix.lower() in ENDINGS
        return known and fnmatch(name, self.settings.pattern) and path.is_file()


def _cursor(
    done: Mapping[str, str], waiting: Mapping[str, str], at: tuple[_Found, int] | None = None
) -> Cursor:
    where = {"name": at[0].name, "version": at[0].version, "rows": at[1]} if at else {}
    return {"done": dict(done), "waiting": dict(waiting), "at": where}
