"""Commands that watch: init, run, check, collect."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from molva.app import App, PassReport
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    configure,
    console,
    log_to_stderr,
    write_line,
)
from molva.config import Config
from molva.pipeline.collect import SourceOutcome, collect_source
from molva.probe import probe_model, probe_sources
from molva.scheduler import Scheduler
from molva.starter import Start, starter_config
from reports.interface import Lang
from store.engine import reading
from store.sources import source_by_name


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = DEFAULT_CONFIG,
    brand: Annotated[str | None, typer.Option(help="The brand's name; asked if absent.")] = None,
    alias: Annotated[list[str] | None, typer.Option(help="Another spelling; repeatable.")] = None,
    rival: Annotated[list[str] | None, typer.Option(help="A rival's name; repeatable.")] = None,
    language: Annotated[
        Lang, typer.Option(help="Of reports and starter sources: en or ru.")
    ] = "en",
    timezone: Annotated[str, typer.Option(help="Of days and hours, e.g. Europe/Moscow.")] = "UTC",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented molva.toml with sources to start with."""
    if path.exists() and not force:
        raise CommandError(f"{path} exists; name another file, or replace it with --force")
    if brand is None:
        if not sys.stdin.isatty():
            raise CommandError("name the brand: molva init --brand NAME")
        brand = typer.prompt("Brand name", err=True)
        alias = _asked("Other spellings, comma-separated (Enter: none)")
        rival = _asked("Rivals, comma-separated (Enter: none)")
    start = Start(brand, tuple(alias or ()), tuple(rival or ()), language, timezone)
    path.write_text(starter_config(start), encoding="utf-8")
    configure(path)
    console.print(f"wrote {path}; next: molva check, then molva run", soft_wrap=True)


def _asked(question: str) -> list[str]:
    answer = typer.prompt(question, default="", show_default=False, err=True)
    return [part.strip() for part in answer.split(",") if part.strip()]


def run(
    config: ConfigOption = DEFAULT_CONFIG,
    once: Annotated[
        bool, typer.Option("--once", help="One pass over every source, then exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step.")] = False,
) -> None:
    """Watch: poll each source on its interval, label, alert, write digests, until SIGTERM.

    With --once, exits with 1 if any source failed, after finishing the others.
    """
    log_to_stderr(verbose=verbose)
    report = asyncio.run(_run(configure(config), once=once))
    if report is None:
        return
    _print_pass(report)
    if report.failed:
        raise typer.Exit(1)


async def _run(config: Config, *, once: bool) -> PassReport | None:
    async with App.open(config) as app:
        scheduler = Scheduler(app)
        if once:
            async with scheduler.lease():
                return await app.run_pass(force=True)
        await scheduler.run()
        return None


def _print_pass(report: PassReport) -> None:
    for outcome in report.sources:
        console.print(f"{outcome.name}: {_in_words(outcome)}", markup=False, soft_wrap=True)
    again = report.rereads
    failures = f"{report.delivery.failures}, " if report.delivery.failures else ""
    console.print(
        f"labelled {report.labels.labels}, causes {report.labels.causes}, "
        f"alert messages {report.alert_events}, digests {report.digests}, "
        f"delivered {report.delivery.sent}, {failures}"
        f"read again {again.read} ({again.changed} edited, {again.deleted} deleted)",
        markup=False,
        soft_wrap=True,
    )


def _in_words(outcome: SourceOutcome) -> str:
    if outcome.error:
        return f"FAILED ({outcome.error_kind}) {outcome.error}"
    counts = (
        f"{outcome.fetched} read, {len(outcome.stored)} new, {len(outcome.changed)} changed, "
        f"{outcome.known} known, {outcome.unmatched} without a brand, "
        f"{len(outcome.skipped)} skipped"
    )
    return f"{counts} ({outcome.note})" if outcome.note else counts


def check(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Validate the configuration, load the model, fetch one item from each source.

    Stores and sends nothing.
    """
    loaded = configure(config)
    console.print(
        f"{config}: {len(loaded.brands)} brands, {len(loaded.sources)} sources, "
        f"{len(loaded.channels)} channels: valid"
    )
    probes = [probe_model(loaded), *asyncio.run(probe_sources(loaded))]
    for probe in probes:
        mark = "[red]failed[/]" if probe.error else "[green]ok[/]"
        console.print(f"{mark} {probe.name}: ", end="")
        console.print(probe.error or probe.sample, markup=False, soft_wrap=True)
    if any(probe.error for probe in probes):
        raise typer.Exit(1)


def collect(
    source: Annotated[str, typer.Option(help="The source's name in the configuration.")],
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """Poll one source now; with --json, each stored, changed, deleted or skipped item."""
    outcome = asyncio.run(_collect(configure(config), source))
    report_outcome(outcome, json_lines=json_lines)


async def _collect(config: Config, name: str) -> SourceOutcome:
    if name not in {source.name for source in config.sources}:
        known = ", ".join(source.name for source in config.sources) or "none"
        raise CommandError(f"no source named {name!r} in {config.path}; there are: {known}")
    async with App.open(config) as app:
        with reading(app.rooms.engine) as conn:
            row = source_by_name(conn, name)
        if row is None or name not in app.rooms.collectors:
            raise CommandError(f"source {name!r} is not enabled in {config.path}")
        return await collect_source(app.rooms, row)


def report_outcome(outcome: SourceOutcome, *, json_lines: bool) -> None:
    """Say what a poll brought; exits with 1 if it failed."""
    if json_lines:
        _write_outcome(outcome)
    else:
        console.print(f"{outcome.name}: {_in_words(outcome)}", markup=False, soft_wrap=True)
    if outcome.error:
        raise typer.Exit(1)


def _write_outcome(outcome: SourceOutcome) -> None:
    for event in ("stored", "changed", "deleted"):
        for native_id in getattr(outcome, event):
            write_line({"event": event, "source": outcome.name, "id": native_id})
    for native_id, reason in outcome.skipped:
        write_line({"event": "skipped", "source": outcome.name, "id": native_id, "reason": reason})
    write_line(
        {
            "event": "summary",
            "source": outcome.name,
            "fetched": outcome.fetched,
            "stored": len(outcome.stored),
            "changed": len(outcome.changed),
            "deleted": len(outcome.deleted),
            "known": outcome.known,
            "unmatched": outcome.unmatched,
            "skipped": len(outcome.skipped),
            "error": outcome.error or None,
            "error_kind": outcome.error_kind or None,
            "note": outcome.note,
        }
    )
