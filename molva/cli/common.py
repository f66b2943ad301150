"""What every command shares: messages on stderr, JSON Lines on stdout, errors as sentences."""

from __future__ import annotations

import getpass
import json
import logging
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from sqlalchemy import Connection

from molva.config import Config, load_config
from store.brands import brand_by_slug
from store.facet_rows import FacetKind, FacetRow
from store.facets import facets
from store.interface import BrandRow

USAGE = 2
"""Exit status of a wrong command line, configuration, query, model or input file."""

console = Console(stderr=True, highlight=False)
"""Messages for people go to stderr; colours only on a terminal."""

tables = Console(highlight=False)
"""What a person asked to see (and may pipe) goes to stdout."""

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", help="The configuration file.", show_default=True)
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON Lines for scripts.")]
DEFAULT_CONFIG = Path("molva.toml")
ProductOption = Annotated[
    str | None, typer.Option("--product", help="Only what speaks of this product, by id or name.")
]
PlaceOption = Annotated[
    str | None, typer.Option("--place", help="Only what speaks of this place, by id or name.")
]


class CommandError(Exception):
    """A command cannot go on; the message is for the person who typed it."""


def fail(message: str, status: int = USAGE) -> typer.Exit:
    """Print a message to stderr and give the exception that ends the command."""
    for line in message.splitlines():
        console.print(f"[red]error[/]: {_escape(line)}", soft_wrap=True)
    return typer.Exit(status)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def configure(path: Path) -> Config:
    """Load a configuration; `ConfigError` is turned into sentences by the command line's end."""
    return load_config(path)


def log_to_stderr(*, verbose: bool) -> None:
    """Send the log to stderr; times only where a terminal shows them."""
    handler = RichHandler(console=console, show_path=False, omit_repeated_times=False)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(message)s",
        handlers=[handler],
        force=True,
    )
    for noisy in ("httpx", "httpcore", "apscheduler", "alembic", "stamina", "pymorphy3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def write_line(value: Mapping[str, Any], stream: IO[str] | None = None) -> None:
    """Write one JSON object and a newline; lone surrogates are escaped, never a crash."""
    line = json.dumps(value, ensure_ascii=False, default=_plain)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        line = json.dumps(value, ensure_ascii=True, default=_plain)
    (stream or sys.stdout).write(line + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@contextmanager
def input_file(path: str) -> Iterator[IO[str]]:
    """Open a text file, or standard input for `-`, as UTF-8 with any byte order mark dropped.

    Raises:
        CommandError: the file cannot be read.
    """
    if path == "-":
        reconfigure: Callable[..., None] | None = getattr(sys.stdin, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8-sig", errors="surrogateescape")
        yield sys.stdin
        return
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(
                Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="")
            )
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
        yield stream


@contextmanager
def output_file(path: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that appears whole or not at all."""
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("w", encoding="utf-8") as stream:
            yield stream
        partial.replace(path)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def progress_bar() -> Progress:
    """A progress bar on stderr that vanishes when done and stays silent off a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def moment(value: str | None, config: Config) -> datetime | None:
    """A date or time of the command line, read in the configured zone.

    Raises:
        CommandError: it is not ISO 8601.
    """
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        zoned = parsed if parsed.tzinfo else parsed.replace(tzinfo=config.timezone)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the first and last days have no other zone
        raise CommandError(f"{value!r} is not a date; write 2026-11-21 or 2026-11-21T09:00") from (
            error
        )


def day(value: str) -> date:
    """A calendar day of the command line.

    Raises:
        CommandError: it is not a date.
    """
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise CommandError(f"{value!r} is not a date; write 2026-11-21") from error


def brand_row(conn: Connection, config: Config, slug: str | None) -> BrandRow:
    """The stored brand of that id; without one, the first that is no rival.

    Raises:
        CommandError: the store has none of that id.
    """
    first = next((own.id for own in config.brands if not own.rival), config.brands[0].id)
    row = brand_by_slug(conn, slug or first)
    if row is None:
        known = ", ".join(brand.id for brand in config.brands)
        raise CommandError(f"no brand {slug or first!r} in the store; {config.path} names: {known}")
    return row


def asked_facets(
    conn: Connection, product: str | None, place: str | None, brand_id: int | None = None
) -> tuple[FacetRow, ...]:
    """The product and the place that a command was given, as far as it was.

    Raises:
        CommandError: there is none of that name; says which there are.
    """
    asked: dict[FacetKind, str | None] = {"product": product, "place": place}
    given = ((kind, name) for kind, name in asked.items() if name is not None)
    return tuple(_facet_row(conn, kind, name, brand_id) for kind, name in given)


def _facet_row(conn: Connection, kind: FacetKind, named: str, brand_id: int | None) -> FacetRow:
    """A configured facet by its id or any of its names."""
    known = [row for row in facets(conn, brand_id) if row.kind == kind]
    wanted = named.casefold()
    for row in known:
        if wanted in {name.casefold() for name in (row.slug, row.name, *row.names.values())}:
            return row
    if not known:
        raise CommandError(
            f"no {kind} is configured in the store: write [[brand.{kind}]] tables, then molva run"
        )
    shown = ", ".join(row.slug for row in known)
    raise CommandError(f"there is no {kind} {named!r}; there are: {shown}")


def refuse_before(context: typer.Context, inherited: Collection[str] = ()) -> None:
    """Refuse options of a group that its subcommand would never read.

    Args:
        inherited: names of parameters that the subcommand does read.

    Raises:
        CommandError: one stands before the subcommand; says where to put it.
    """
    command = context.invoked_subcommand
    if command is None:
        return
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name in inherited or source is None or source.name != "COMMANDLINE":
            continue
        raise CommandError(
            f"{option.opts[0]} stands before {command}, which would not heed it; put the options "
            f"after the command: {context.command_path} {command} … {option.opts[0]}; "
            f"{context.command_path} {command} --help names those it takes"
        )


def user_name() -> str:
    """Who is logged in; empty where that has no name, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
