"""Commands about sources: how they are, try one, add one, import a list of feeds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from collectors.interface import Post, SourceSettings
from molva.cli.common import (
    DEFAULT_CONFIG,
    CommandError,
    ConfigOption,
    JsonOption,
    configure,
    console,
    refuse_before,
    tables,
    write_line,
)
from molva.config import Config
from molva.health import State
from molva.probe import Look, try_source
from molva.source_states import source_states
from reports.words import Words, plain

app = typer.Typer(name="sources", invoke_without_command=True)

_HEADS = ("name", "type", "state", "since", "success", "next", "items", "why", "do")
_SHORT = ("state",)
_COLOURS = {
    State.HEALTHY: "green",
    State.CONFIGURED: "cyan",
    State.THROTTLED: "yellow",
    State.SILENT: "yellow",
    State.FAILING: "red",
    State.BLOCKED: "bold red",
    State.NOT_CONFIGURED: "magenta",
    State.OFF: "dim",
}


@app.callback()
def sources(
    context: typer.Context,
    config: ConfigOption = DEFAULT_CONFIG,
    json_lines: JsonOption = False,
) -> None:
    """Each source: its state, since when, why, what to do; or test, add, import sources."""
    context.obj = config
    refuse_before(context, inherited=("config",))
    if context.invoked_subcommand is not None:
        return
    loaded = configure(config)
    words = Words(loaded.language, loaded.timezone)
    states = source_states(loaded)
    if json_lines:
        for state in states:
            write_line(state.as_json(words))
        return
    table = Table(box=None)
    for head in _HEADS:
        table.add_column(words.say(f"source_head_{head}"), no_wrap=head in _SHORT)
    for state in states:
        cells = [Text(cell) for cell in state.cells(words)]
        cells[2].stylize(_COLOURS[state.health.state])
        table.add_row(*cells)
    tables.print(table)


OwnConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file.", show_default="molva.toml"),
]


def chosen_config(context: typer.Context, own: Path | None) -> Path:
    """The file named after the subcommand, else the one named before it."""
    return own or (context.obj if isinstance(context.obj, Path) else DEFAULT_CONFIG)


@app.command("test")
def try_one(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The source's name in the configuration.")],
    config: OwnConfigOption = None,
    json_lines: JsonOption = False,
) -> None:
    """Fetch a page of a source and show an item and the limits left; nothing is stored."""
    loaded = configure(chosen_config(context, config))
    settings = next((source for source in loaded.sources if source.name == name), None)
    if settings is None:
        known = ", ".join(source.name for source in loaded.sources) or "none"
        raise CommandError(f"no source named {name!r} in {loaded.path}; there are: {known}")
    if not show_look(loaded, settings, json_lines=json_lines):
        raise typer.Exit(1)


def show_look(config: Config, settings: SourceSettings, *, json_lines: bool = False) -> bool:
    """Try a source and print what it shows; whether it could be read."""
    look = asyncio.run(try_source(config, settings))
    if json_lines:
        write_line(_as_json(settings.name, look))
    else:
        for line in _lines(settings.name, look, config):
            console.print(line, soft_wrap=True)
    return not look.error


def _lines(name: str, look: Look, config: Config) -> list[Text]:
    mark = Text("failed ", "red") if look.error else Text("ok ", "green")
    lines = [mark + Text(f"{name}: {look.error or _found(look)}", "default")]
    if look.post is not None:
        post, words = look.post, Words(config.language, config.timezone)
        at = words.moment(post.published_at) if post.published_at else "–"
        who = post.author.name or post.author.handle
        lines += [Text(f"  {plain(part)}") for part in (post.title, post.text, post.url) if part]
        lines.append(Text(f"  {at}{f', {plain(who)}' if who else ''}"))
    lines += [Text(f"  skipped {n}: {plain(why)}") for why, n in look.skipped.items()]
    lines += [Text(f"  note: {look.note}")] if look.note else []
    limits = look.limits or ("the service tells of none",)
    return [*lines, *(Text(f"  limits: {limit}") for limit in limits)]


def _found(look: Look) -> str:
    if look.post is None:
        return "it answers, and has nothing now"
    return f"an item and {look.items - 1} more on its page"


def _as_json(name: str, look: Look) -> dict[str, Any]:
    return {
        "source": name,
        "ok": not look.error,
        "error": look.error or None,
        "items": look.items,
        "item": _item(look.post) if look.post else None,
        "skipped": dict(look.skipped),
        "note": look.note,
        "limits": list(look.limits),
    }


def _item(post: Post) -> dict[str, Any]:
    return {
        "id": post.native_id,
        "title": post.title,
        "text": post.text,
        "url": post.url,
        "published_at": post.published_at,
        "author": post.author.handle or post.author.name,
    }
