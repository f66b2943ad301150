"""Posts out of the rows of a table: what the file and the folder source share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from collectors.columns import NAMES, Cells, known_name, understood
from collectors.interface import (
    Author,
    Engagement,
    FatalError,
    Kind,
    Post,
    SkippableError,
    SourceSettings,
)
from collectors.items import count
from collectors.redact import fingerprint
from collectors.sheets import SheetError
from collectors.table_dates import DateOrder, order_of, read_date
from collectors.tables import ENDINGS, Format, Row, Shape, read_rows, shape_of
from collectors.text import canonical_url, clean, language, markup_to_text, site_of

SAMPLE_ROWS: Final = 500
"""Rows looked at to tell what the columns hold."""


class TableSettings(SourceSettings):
    """How a table's columns are called and its values written."""

    format: Format | None = Field(default=None, description="csv, jsonl or xlsx; by the name.")
    encoding: str = Field(default="", description="Found out if not given.")
    delimiter: str = Field(default="", max_length=1, description="Found out if not given.")
    sheet: str = Field(default="", description="Of a workbook; the first if not given.")
    columns: Mapping[str, str] = Field(default={}, description="Our name = the file's name.")
    dates: DateOrder = Field(default="auto", description="How dates are written.")
    timezone: str = Field(default="UTC", description="Of dates without a zone.")
    kind: Kind = "post"
    rating_scale: float | None = Field(default=None, gt=0)
    site: str = ""
    page_size: int = Field(default=500, ge=1, le=10_000)

    @field_validator("columns")
    @classmethod
    def _known(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        named = {name: known_name(name) for name in value}
        if unknown := sorted(name for name, ours in named.items() if ours is None):
            raise ValueError(f"{unknown[0]!r} is unknown; there are {', '.join(NAMES)}")
        return {named[name] or name: column.strip() for name, column in value.items()}

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


@dataclass(frozen=True, slots=True)
class Layout:
    """What was understood of a table.

    Attributes:
        header: the file's columns, in its order.
        columns: our name = the file's name, for each column that is read.
        dates: how its dates are read.
        certain: whether the column itself shows that; if not, the rule decided.
    """

    shape: Shape
    header: tuple[str, ...]
    columns: Mapping[str, str]
    dates: DateOrder
    certain: bool


def lay_out(path: Path, settings: TableSettings) -> Layout:
    """Look at the first rows of a table, to know how to read all of them.

    Raises:
        FatalError: it cannot be read, or has no column of a name that `columns` tells.
    """
    try:
        shape = shape_of(path, _told(path, settings))
        rows = list(islice(read_rows(path, shape), SAMPLE_ROWS))
    except (OSError, LookupError, UnicodeError, SheetError) as error:
        raise unreadable(path, error) from None
    header = tuple(dict.fromkeys(str(name) for row in rows for name in row.values))
    _check_columns(path, shape, header, settings)
    order, certain = settings.dates, True
    if order == "auto":
        order, certain = order_of(Cells(row.values, settings.columns).get("date") for row in rows)
    return Layout(shape, header, understood(header, settings.columns), order, certain)


def rows_from(path: Path, layout: Layout, start: int) -> Iterator[Row]:
    """The rows of a table behind the first `start`.

    Raises:
        FatalError: the table cannot be read, now or on the way.
    """
    try:
        yield from islice(read_rows(path, layout.shape), start, None)
    except (OSError, LookupError, UnicodeError, SheetError) as error:
        raise unreadable(path, error) from None


def row_to_post(row: Row, layout: Layout, settings: TableSettings, now: datetime) -> Post:
    """The post of a row. Without an id its address is one, and without that all it says is.

    Raises:
        SkippableError: it is no row.
    """
    if row.problem:
        raise SkippableError(row.problem)
    get = Cells(row.values, settings.columns).get
    title, text = markup_to_text(get("title")), markup_to_text(get("text"))
    url, author = get("url"), clean(get("author"))
    zone = ZoneInfo(settings.timezone)
    return Post(
        native_id=get("id") or canonical_url(url) or _hash(author, title, text, get("date")),
        kind=settings.kind,
        title=title,
        text=text,
        url=url,
        published_at=read_date(get("date"), layout.dates, now=now, zone=zone),
        author=Author(name=author, followers=count(get("followers"))),
        engagement=Engagement(
            likes=count(get("likes")),
            comments=count(get("comments")),
            shares=count(get("shares")),
            views=count(get("views")),
        ),
        lang=language(get("lang")),
        rating=_number(get("rating")),
        rating_scale=settings.rating_scale,
        site=settings.site or clean(get("site")) or site_of(url),
    )


def unreadable(path: Path, error: Exception) -> FatalError:
    """The error of a table that cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return FatalError(f"{path.name} cannot be read: {reason}")


def _told(path: Path, settings: TableSettings) -> Shape:
    form = settings.format or ENDINGS.get(path.suffix.lower(), "csv")
    return Shape(form, settings.encoding, settings.delimiter, settings.sheet)


def _check_columns(
    path: Path, shape: Shape, header: tuple[str, ...], settings: TableSettings
) -> None:
    """A told column that is not there would quietly leave every post without it."""
    if shape.form == "jsonl" or not header:
        return
    known = {name.strip().lower() for name in header}
    for ours, theirs in settings.columns.items():
        if theirs.lower() not in known:
            names = ", ".join(header)
            raise FatalError(f"{path.name} has no column {theirs!r} for {ours}; it has: {names}")


def _number(value: str) -> float | None:
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) < 1e6 else None


def _hash(*parts: str) -> str:
    return f"sha256:{fingerprint(chr(31).join(parts))}"
