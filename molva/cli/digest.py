"""`molva digest`: a brand's day, week or month as a page, mail, PDF, text, JSON or chat."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date as calendar_date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    brand_row,
    configure,
    day,
    write_line,
)
from molva.clock import utc_now
from molva.config import Config
from molva.digests import options_for, plan_for
from reports.channels import EmailChannel, compose_email
from reports.digest import build_digest
from reports.digest_facts import DigestFacts
from reports.digest_words import subject
from reports.interface import Lang, ReportError
from reports.pdf import render_pdf
from reports.periods import Period
from reports.render import (
    digest_message,
    render_chat,
    render_html,
    render_json,
    render_markdown,
    render_text,
)
from store.engine import open_store, reading


class Format(StrEnum):
    """What a digest can be written as."""

    HTML = "html"
    MAIL = "eml"
    PDF = "pdf"
    MARKDOWN = "md"
    TEXT = "txt"
    JSON = "json"
    CHAT = "chat"


class Kind(StrEnum):
    """What a digest can tell of."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_TEXTS: Mapping[Format, Callable[[DigestFacts], str]] = {
    Format.HTML: render_html,
    Format.MARKDOWN: render_markdown,
    Format.TEXT: render_text,
    Format.JSON: render_json,
    Format.CHAT: render_chat,
}


def digest(
    output: Annotated[
        Path | None, typer.Option(help="The file to write; default: standard output.")
    ] = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="Default: by the file's ending, else txt.")
    ] = None,
    brand: Annotated[
        str | None, typer.Option(help="The brand's id; default: the first that is no rival.")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(help="A day in it, e.g. 2026-11-21; default: the last that is over."),
    ] = None,
    period: Annotated[Kind, typer.Option(help="Of what: a day, an ISO week or a month.")] = (
        Kind.DAY
    ),
    lang: Annotated[
        Lang | None, typer.Option(help="en or ru; default: the configured one.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write a brand's digest; with --output the subject line goes to stdout as JSON."""
    loaded = configure(config)
    chosen = format_ or _by_ending(output)
    facts = _facts(loaded, brand, date, period, lang)
    try:
        content = _rendered(facts, chosen, loaded)
    except ReportError as error:
        raise CommandError(str(error)) from error
    if output is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    _write(output, content)
    write_line(
        {
            "digest": output,
            "brand": facts.slug,
            "period": facts.period,
            "date": facts.day.isoformat(),
            "subject": subject(facts),
        }
    )


def _by_ending(output: Path | None) -> Format:
    ending = output.suffix.removeprefix(".") if output else Format.TEXT
    if ending not in list(Format):
        known = ", ".join(Format)
        raise CommandError(f"{output}: name a format with --format ({known})")
    return Format(ending)


def _facts(
    loaded: Config, brand: str | None, date: str | None, kind: Kind, lang: Lang | None
) -> DigestFacts:
    now = utc_now()
    with reading(open_store(loaded.store_url)) as conn:
        row = brand_row(conn, loaded, brand)
        zone = plan_for(loaded, row.slug).zone
        today: calendar_date = now.astimezone(zone).date()
        period = Period.holding(kind.value, day(date) if date else today, zone)
        return build_digest(
            conn,
            row,
            period if date else period.back(1),
            options_for(loaded, row.slug, now, lang),
        )


def _rendered(facts: DigestFacts, chosen: Format, loaded: Config) -> bytes:
    if chosen is Format.PDF:
        return render_pdf(render_html(facts))
    if chosen is Format.MAIL:
        plan = plan_for(loaded, facts.slug)
        message = digest_message(facts, plan.recipients, loaded.digest.pages)
        return compose_email(_mail_channel(loaded), message).as_bytes()
    return _TEXTS[chosen](facts).encode("utf-8", "replace")


def _mail_channel(loaded: Config) -> EmailChannel:
    """The first e-mail channel; without one a letter from nobody to nobody."""
    channels = [channel for channel in loaded.channels if isinstance(channel, EmailChannel)]
    nobody = EmailChannel(
        name="mail", host="localhost", sender="molva@localhost", to=("reader@localhost",)
    )
    return next(iter(channels), nobody)


def _write(output: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = output.with_name(output.name + ".part")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(output)
    except OSError as error:
        raise CommandError(f"{output}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
