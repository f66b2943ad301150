"""`molva export`: the labelled history as files for analysts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    brand_row,
    configure,
    moment,
    progress_bar,
    write_line,
)
from molva.clock import utc_now
from reports.export import ExportOptions, export
from reports.export_formats import FORMATS, Format
from store.engine import open_store, reading
from store.interface import MentionFilter

BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand's id; default: all.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day or time on, in the configured zone.")
]


def export_mentions(
    output: Annotated[
        Path,
        typer.Option(help="A file, or a .zip or folder for every table with its dictionary."),
    ],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="csv, xlsx, jsonl or parquet; default: by the ending."),
    ] = None,
    brand: BrandOption = None,
    since: SinceOption = None,
    until: Annotated[str | None, typer.Option(help="Up to, not including.")] = None,
    source: Annotated[str | None, typer.Option(help="Only this type of source.")] = None,
    lang: Annotated[str | None, typer.Option(help="Only this language, e.g. ru.")] = None,
    sentiment: Annotated[str | None, typer.Option(help="Only this sentiment.")] = None,
    cause: Annotated[str | None, typer.Option(help="Only mentions naming this cause.")] = None,
    text: Annotated[str | None, typer.Option(help="Only mentions holding these words.")] = None,
    after: Annotated[
        int | None,
        typer.Option(
            "--since-sequence",
            "--after",
            help="Only what changed after this number: the last manifest's next_sequence.",
        ),
    ] = None,
    pseudonymous: Annotated[
        bool, typer.Option("--pseudonymous", help="Keyed hashes in place of authors.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin a CSV with a byte-order mark, as Excel likes.")
    ] = False,
    timezone: Annotated[
        str, typer.Option(help="The zone of all times, e.g. Europe/Moscow.")
    ] = "UTC",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Export the history with every label's provenance; prints a summary as JSON."""
    loaded = configure(config)
    chosen = _format(output, format_)
    if timezone not in available_timezones():
        raise CommandError(f"{timezone!r} is not a time zone; write one like Europe/Moscow")
    engine = open_store(loaded.store_url)
    with reading(engine) as conn:
        row = brand_row(conn, loaded, brand) if brand else None
    wanted = MentionFilter(
        brand_id=row.id if row else None,
        since=moment(since, loaded),
        until=moment(until, loaded),
        source_type=source,
        lang=lang,
        sentiment=sentiment,
        cause=cause,
        text=text,
        after_sequence=after,
        include_deleted=True,
    )
    options = ExportOptions(zone=timezone, bom=bom, pseudonymous=pseudonymous)
    with progress_bar() as progress:
        task = progress.add_task("exporting", total=None)
        summary = export(
            engine,
            output,
            chosen,
            wanted,
            lambda rows: progress.update(task, completed=rows),
            now=utc_now(),
            options=options,
        )
    write_line(summary.as_json())


def _format(output: Path, named: Format | None) -> Format:
    ending = output.suffix.removeprefix(".")
    chosen = named or next((each for each in FORMATS if each == ending), None)
    if chosen is None:
        raise CommandError(f"{output}: name a format with --format {', '.join(FORMATS)}")
    return chosen
