"""The command line: `molva COMMAND`."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from collectors.query import QueryError
from molva.cli import (
    add_source,
    alert_actions,
    causes,
    exports,
    forgetting,
    models,
    sources,
    spikes,
    texts,
    verification,
    watch,
)
from molva.cli.common import CommandError, console, fail
from molva.cli.corrections import correct
from molva.cli.digest import digest
from molva.cli.evaluate import evaluate
from molva.cli.importing import import_file
from molva.cli.receive import receive
from molva.cli.training import train
from molva.config import ConfigError
from molva.scheduler import AlreadyRunningError
from reports.interface import Lang, ReportError
from sentiment.interface import ModelError
from store.interface import StoreError

app = typer.Typer(
    name="molva",
    help="Watch what people say of a brand: collect, label, explain, tell.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(watch.init)
app.command()(watch.run)
app.command()(watch.check)
sources.app.command("add")(add_source.add)
sources.app.command("import")(add_source.import_feeds)
app.add_typer(sources.app)
app.command()(watch.collect)
app.command("import")(import_file)
app.command()(receive)
app.command()(texts.label)
app.command()(evaluate)
app.command()(correct)
app.command()(train)
app.add_typer(models.app)
app.add_typer(causes.app)
app.command()(texts.match)
app.command()(spikes.spikes)
app.command("export")(exports.export_mentions)
app.command("verify")(verification.verify_export)
app.command("forget")(forgetting.forget_person)
app.command()(digest)
app.add_typer(alert_actions.app)


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="The folder to fill.")] = Path("demo"),
    language: Annotated[Lang, typer.Option(help="Of the alerts and the digest: en or ru.")] = "en",
) -> None:
    """A small world of posts, over five simulated weeks, through the whole of Molva."""
    from molva.cli.demo import show_demo  # noqa: PLC0415 - no other command needs the world

    show_demo(output, language)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"molva {version('molva')}")
        raise typer.Exit


@app.callback()
def _options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the command line; every error a person can mend becomes a sentence and status 2."""
    try:
        app()
    except (ConfigError, CommandError, QueryError, ModelError, ReportError, StoreError) as error:
        sys.exit(fail(str(error)).exit_code)
    except AlreadyRunningError as error:
        sys.exit(fail(str(error), status=1).exit_code)
    except BrokenPipeError:
        # The reader of our output (say, head) has enough; that is not an error.
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        console.print("interrupted")
        sys.exit(130)
