"""Commands about sources: how they are, try one, add one, import a list of feeds."""

from __future__ import annotations

import typer
from rich.table import Table
from rich.text import Text

from molva.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    configure,
    tables,
    write_line,
)
from molva.health import State
from molva.source_states import source_states
from reports.words import Words

app = typer.Typer(name="sources", invoke_without_command=True)

_HEADS = ("name", "type", "state", "since", "success", "next", "items", "why", "do")
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
    """Each source: its state, since when, why, what to do; `test`, `add` and `import` them."""
    if context.invoked_subcommand is not None:
        return
    loaded = configure(config)
    words = Words(loaded.language, loaded.timezone)
    states = source_states(loaded)
    if json_lines:
        for state in states:
            write_line(state.as_json(words))
        return
    table = Table(*(words.say(f"source_head_{head}") for head in _HEADS), box=None)
    for state in states:
        cells = [Text(cell) for cell in state.cells(words)]
        cells[2].stylize(_COLOURS[state.health.state])
        table.add_row(*cells)
    tables.print(table)
