"""Posts from a CSV or JSON Lines file: an export of another tool, a list of reviews, an archive.

The encoding (UTF-8, UTF-16, windows-1251) and the delimiter (`,` `;` tab `|`) are found out.
Columns are known by usual English and Russian names (text, id, url, date, author, title, rating,
lang / текст, ссылка, дата, автор, заголовок, оценка, язык); name others under `columns`. Every row
needs a text or a title. A row that cannot be read is counted with its number and reason. The
file is read again when it changes; rows already known are not doubled.

Credentials: none.

Limits: memory stays flat whatever the size; a killed import goes on where it stopped.

Terms: your own data.

    [[source]]
    name = "reviews-2025"
    type = "file"
    path = "reviews.csv"
    columns = { text = "Отзыв", date = "Дата", rating = "Оценка" }
    kind = "review"
    rating_scale = 5
    timezone = "Europe/Moscow"
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from collectors.columns import NAMES, Cells
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Collector,
    Cursor,
    Engagement,
    FatalError,
    Kind,
    Page,
    Post,
    SkippableError,
    SourceSettings,
    Terms,
)
from collectors.items import convert, count
from collectors.redact import fingerprint
from collectors.tables import Format, Row, read_rows
from collectors.text import canonical_url, clean, language, markup_to_text, site_of


class FileSettings(SourceSettings):
    """A file and how its columns are called."""

    path: Path
    format: Format | None = Field(default=None, description="csv or jsonl; by the file's name.")
    encoding: str = Field(default="", description="Found out if not given.")
    delimiter: str = Field(default="", max_length=1, description="Found out if not given.")
    columns: Mapping[str, str] = Field(default={}, description="Our name = the file's name.")
    timezone: str = Field(default="UTC", description="Of dates without a zone.")
    kind: Kind = "post"
    rating_scale: float | None = Field(default=None, gt=0)
    site: str = ""
    page_size: int = Field(default=500, ge=1, le=10_000)

    @field_validator("path")
    @classmethod
    def _from_folder(cls, value: Path, info: ValidationInfo) -> Path:
        folder = (info.context or {}).get("folder")
        return folder / value if folder else value

    @field_validator("columns")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := sorted(set(value) - set(NAMES)):
            raise ValueError(f"{unknown[0]!r} is unknown; there are {', '.join(NAMES)}")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(
                f"{value!r} is not a time zone; write one like Europe/Moscow"
            ) from None
        return value


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
        version = await asyncio.to_thread(self._version)
        same = cursor.get("version") == version
        done = int(cursor.get("rows", 0)) if same else 0
        if same and cursor.get("whole"):
            yield Page(cursor, note="the file has not changed")
            return
        form = self.settings.format or _format_of(self.settings.path)
        rows = read_rows(self.settings.path, form, self.settings.encoding, self.settings.delimiter)
        rows = islice(rows, done, None)
        while True:
            batch = await asyncio.to_thread(self._batch, rows)
            done += len(batch)
            whole = len(batch) < self.settings.page_size
            found = convert(batch, self._post, lambda row: f"row {row.number}")
            note = "the file has no rows" if whole and not done else ""
            at = {"version": version, "rows": done, "whole": whole}
            yield Page(at, found.posts, found.skipped, note=note)
            if whole:
                return

    def _version(self) -> str:
        try:
            status = self.settings.path.stat()
        except OSError as error:
            raise _unreadable(self.settings.path, error) from None
        return f"{status.st_size}-{status.st_mtime_ns}"

    def _batch(self, rows: Iterator[Row]) -> list[Row]:
        try:
            return list(islice(rows, self.settings.page_size))
        except (OSError, LookupError, UnicodeError) as error:
            raise _unreadable(self.settings.path, error) from None

    def _post(self, row: Row) -> Post:
        if row.problem:
            raise SkippableError(row.problem)
        get = Cells(row.values, self.settings.columns).get
        title, text = markup_to_text(get("title")), markup_to_text(get("text"))
        url, author, lang = get("url"), clean(get("author")), get("lang")
        zone, now = ZoneInfo(self.settings.timezone), self.clock()
        return Post(
            native_id=get("id") or canonical_url(url) or _hash(author, title, text, get("date")),
            kind=self.settings.kind,
            title=title,
            text=text,
            url=url,
            published_at=parse_date(get("date"), now=now, zone=zone),
            author=Author(name=author),
            engagement=Engagement(likes=count(get("likes"))),
            lang=language(lang),
            rating=_number(get("rating")),
            rating_scale=self.settings.rating_scale,
            site=self.settings.site or site_of(url),
        )


def _format_of(path: Path) -> Format:
    return "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} else "csv"


def _unreadable(path: Path, error: Exception) -> FatalError:
    reason = getattr(error, "strerror", None) or str(error)
    return FatalError(f"{path.name} cannot be read: {reason}")


def _number(value: str) -> float | None:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None


def _hash(*parts: str) -> str:
    return f"sha256:{fingerprint(chr(31).join(parts))}"
