"""The command that brings in a file: import."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from collectors.interface import CollectorError
from collectors.sources.file import FileSettings
from collectors.table_preview import Preview, preview
from molva.app import App
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    configure,
    console,
    tables,
    write_line,
)
from molva.cli.watch import report_outcome
from molva.clock import utc_now
from molva.config import Config
from molva.pipeline.collect import SourceOutcome, import_posts, import_settings

MOST_ROWS = 20
"""Bad rows that are listed one by one."""


def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV, JSONL or XLSX file of posts.")],
    config: ConfigOption = DEFAULT_CONFIG,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            "--column",
            help="field=column, e.g. text=Comment; repeatable; others are guessed.",
        ),
    ] = None,
    dates: Annotated[
        str, typer.Option(help="auto, day-first, month-first, unix or excel.")
    ] = "auto",
    timezone: Annotated[
        str | None, typer.Option(help="Of dates without a zone; else the configuration's.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Found out if not given.")] = "",
    delimiter: Annotated[str, typer.Option(help="Of a CSV; found out if not given.")] = "",
    sheet: Annotated[str, typer.Option(help="Of a workbook; the first if not given.")] = "",
    kind: Annotated[str, typer.Option(help="What the rows are: post, review, comment …")] = "post",
    rating_scale: Annotated[float | None, typer.Option(help="The best rating, e.g. 5.")] = None,
    show: Annotated[
        bool, typer.Option("--preview", help="Show what is understood; store nothing.")
    ] = False,
    json_lines: JsonOption = False,
) -> None:
    """Bring in a file of posts; importing it again adds nothing twice.

    Rows that cannot be read are skipped and listed with their numbers and reasons.
    """
    loaded = configure(config)
    settings = _settings(
        file.resolve(),
        columns=dict(_pair(item) for item in column or ()),
        dates=dates,
        timezone=timezone or str(loaded.timezone),
        encoding=encoding,
        delimiter=delimiter,
        sheet=sheet,
        kind=kind,
        rating_scale=rating_scale,
    )
    if show:
        _show(settings, json_lines=json_lines)
    else:
        _import(loaded, settings, json_lines=json_lines)


def _import(config: Config, settings: FileSettings, *, json_lines: bool) -> None:
    outcome = asyncio.run(_imported(config, settings))
    if not json_lines:
        _list_rows(outcome.skipped, len(outcome.skipped))
    report_outcome(outcome, json_lines=json_lines)


def _pair(item: str) -> tuple[str, str]:
    field, found, name = item.partition("=")
    if not found:
        raise CommandError(f"--map {item}: write field=column, e.g. text=Comment")
    return field.strip(), name.strip()


def _settings(file: Path, **fields: object) -> FileSettings:
    try:
        return import_settings(file, **fields)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        raise CommandError(f"{field}: {problem['msg'].removeprefix('Value error, ')}") from None


async def _imported(config: Config, settings: FileSettings) -> SourceOutcome:
    async with App.open(config) as app:
        return await import_posts(app.rooms, settings)


def _show(settings: FileSettings, *, json_lines: bool) -> None:
    try:
        found = preview(settings.path, settings, utc_now())
    except CollectorError as error:
        raise CommandError(str(error)) from None
    if json_lines:
        _write_preview(found)
        return
    layout, shape = found.layout, found.layout.shape
    delimiter = {"\t": "tab"}.get(shape.delimiter, shape.delimiter)
    written = ", ".join(
        filter(None, (shape.form, shape.encoding, delimiter and f"cells by {delimiter}"))
    )
    _say(f"{settings.path.name}: {written}; {found.rows} rows, {found.bad} bad")
    for ours, theirs in layout.columns.items():
        _say(f"  {ours} = {theirs}")
    if found.unread:
        _say(f"  not read: {', '.join(found.unread)}")
    guess = "" if layout.certain else " (a guess: every date could be read either way; see --dates)"
    undated = f"; {found.undated} rows without a date" if found.undated else ""
    _say(f"dates: {layout.dates}{guess}, zone {settings.timezone}{undated}")
    table = Table("date", "author", "rating", "text", box=None)
    for post in found.posts:
        day = post.published_at.isoformat(" ", "minutes") if post.published_at else "–"
        rating = "" if post.rating is None else f"{post.rating:g}"
        text = " ".join(f"{post.title} {post.text}".split())
        table.add_row(day, post.author.name, rating, text[:100])
    tables.print(table)
    _list_rows([(item.native_id, item.reason) for item in found.skipped], found.bad)


def _say(line: str) -> None:
    tables.print(line, markup=False, soft_wrap=True)


def _list_rows(rows: list[tuple[str, str]], total: int) -> None:
    for name, reason in rows[:MOST_ROWS]:
        console.print(f"{name or 'a row'}: {reason}; skipped", markup=False, soft_wrap=True)
    if total > MOST_ROWS:
        console.print(f"… and {total - MOST_ROWS} more rows skipped", markup=False)


def _write_preview(found: Preview) -> None:
    layout = found.layout
    write_line(
        {
            "event": "preview",
            "format": layout.shape.form,
            "encoding": layout.shape.encoding or None,
            "delimiter": layout.shape.delimiter or None,
            "columns": dict(layout.columns),
            "unread": list(found.unread),
            "dates": layout.dates,
            "dates_certain": layout.certain,
            "rows": found.rows,
            "bad": found.bad,
            "undated": found.undated,
        }
    )
    for item in found.skipped:
        write_line({"event": "skipped", "id": item.native_id, "reason": item.reason})
