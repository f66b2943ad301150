"""The command that gives analysts something to hold: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
from reports.export import FORMATS, Format, export
from store.engine import open_store, reading
from store.interface import MentionFilter

BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand's id; default: all.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day or time on, in the configured zone.")
]


def export_mentions(
    output: Annotated[Path, typer.Option(help="The file to write.")],
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Default: by the file's ending."),
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
        int | None, typer.Option(help="Only what changed after this sequence number.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Export the history with every label's provenance; prints a summary as JSON."""
    loaded = configure(config)
    ending = output.suffix.removeprefix(".")
    chosen = format_ or next((each for each in FORMATS if each == ending), None)
    if chosen is None:
        raise CommandError(f"{output}: name a format with --format csv, jsonl or parquet")
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
    with progress_bar() as progress:
        task = progress.add_task("exporting", total=None)
        summary = export(
            engine,
            output,
            chosen,
            wanted,
            lambda rows: progress.update(task, completed=rows),
            now=utc_now(),
        )
    write_line(summary.as_json())
