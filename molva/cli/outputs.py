"""Commands that give people something to read: digest."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from molva.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    brand_row,
    configure,
    day,
    write_line,
)
from molva.clock import utc_now
from molva.pipeline.tell import reporting_names
from reports.digest import build_digest
from reports.digest_words import subject
from reports.interface import Lang
from reports.render import render_html, render_text
from store.engine import open_store, reading

BrandOption = Annotated[str | None, typer.Option("--brand", help="The brand's id; default: all.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="From this day or time on, in the configured zone.")
]


def digest(
    output: Annotated[Path, typer.Option(help="An .html file, or .txt for the text part.")],
    brand: BrandOption = None,
    date: Annotated[
        str | None, typer.Option(help="The day, e.g. 2026-11-21; default: yesterday.")
    ] = (None),
    lang: Annotated[
        Lang | None, typer.Option(help="en or ru; default: the configured one.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a brand's digest of one day to a file; the subject line goes to stdout as JSON."""
    loaded = configure(config)
    now = utc_now()
    wanted = day(date) if date else now.astimezone(loaded.timezone).date() - timedelta(days=1)
    engine = open_store(loaded.store_url)
    with reading(engine) as conn:
        row = brand_row(conn, loaded, brand)
        facts = build_digest(
            conn,
            row,
            wanted,
            loaded.timezone,
            lang or loaded.language,
            now,
            cause_names=reporting_names(loaded),
        )
    rendered = render_text(facts) if output.suffix == ".txt" else render_html(facts)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(rendered, encoding="utf-8")
    write_line(
        {"digest": output, "brand": row.slug, "date": wanted.isoformat(), "subject": subject(facts)}
    )
