"""`molva export`: the labelled history as files for analysts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import typer
from sqlalchemy import Engine

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    PlaceOption,
    ProductOption,
    asked_facets,
    brand_row,
    configure,
    moment,
    progress_bar,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from reports.export import ExportOptions, ExportSummary, export
from reports.export_formats import FORMATS, Format
from store.engine import open_store, reading
from store.interface import MentionFilter

BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand's id; default: all.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day or time on, in the configured zone.")
]
OutputOption = Annotated[
    Path,
    typer.Option(help="A file, or a .zip or folder for every table with its dictionary."),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="csv, xlsx, jsonl or parquet; default: by the ending."),
]
UntilOption = Annotated[str | None, typer.Option(help="Up to, not including.")]
SourceOption = Annotated[str | None, typer.Option(help="Only this type of source.")]
LangOption = Annotated[str | None, typer.Option(help="Only this language, e.g. ru.")]
SentimentOption = Annotated[str | None, typer.Option(help="Only this sentiment.")]
CauseOption = Annotated[str | None, typer.Option(help="Only mentions naming this cause.")]
TextOption = Annotated[str | None, typer.Option(help="Only mentions holding these words.")]
AfterOption = Annotated[
    int | None,
    typer.Option(
        "--since-sequence",
        "--after",
        help="Only what changed after this number: the last manifest's next_sequence.",
    ),
]
PseudonymousOption = Annotated[
    bool, typer.Option("--pseudonymous", help="Keyed hashes in place of authors.")
]
BomOption = Annotated[
    bool, typer.Option("--bom", help="Begin a CSV with a byte-order mark, as Excel likes.")
]
ZoneOption = Annotated[str, typer.Option(help="The zone of all times, e.g. Europe/Moscow.")]


def export_mentions(
    output: OutputOption,
    format_: FormatOption = None,
    brand: BrandOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    lang: LangOption = None,
    sentiment: SentimentOption = None,
    cause: CauseOption = None,
    product: ProductOption = None,
    place: PlaceOption = None,
    text: TextOption = None,
    after: AfterOption = None,
    pseudonymous: PseudonymousOption = False,
    bom: BomOption = False,
    timezone: ZoneOption = "UTC",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Export the history with every label's provenance; prints a summary as JSON."""
    loaded = configure(config)
    chosen = _format(output, format_)
    options = ExportOptions(zone=_zone(timezone), bom=bom, pseudonymous=pseudonymous)
    engine = open_store(loaded.store_url)
    brand_id = _brand_id(engine, loaded, brand)
    with reading(engine) as conn:
        only = {row.kind: row.slug for row in asked_facets(conn, product, place, brand_id)}
    wanted = MentionFilter(
        brand_id=brand_id,
        since=moment(since, loaded),
        until=moment(until, loaded),
        source_type=source,
        lang=lang,
        sentiment=sentiment,
        cause=cause,
        product=only.get("product"),
        place=only.get("place"),
        text=text,
        after_sequence=after,
        include_deleted=True,
    )
    write_line(_exported(engine, output, chosen, wanted, options).as_json())


def _exported(
    engine: Engine, output: Path, format_: Format, wanted: MentionFilter, options: ExportOptions
) -> ExportSummary:
    """Export under a progress bar."""
    with progress_bar() as progress:
        task = progress.add_task("exporting", total=None)

        def told(rows: int) -> None:
            progress.update(task, completed=rows)

        return export(engine, output, format_, wanted, told, now=utc_now(), options=options)


def _brand_id(engine: Engine, loaded: Config, slug: str | None) -> int | None:
    if slug is None:
        return None
    with reading(engine) as conn:
        return brand_row(conn, loaded, slug).id


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise CommandError(f"{name!r} is not a time zone; write one like Europe/Moscow")
    return name


def _format(output: Path, named: Format | None) -> Format:
    ending = output.suffix.removeprefix(".")
    chosen = named or next((each for each in FORMATS if each == ending), None)
    if chosen is None:
        raise CommandError(f"{output}: name a format with --format {', '.join(FORMATS)}")
    return chosen
