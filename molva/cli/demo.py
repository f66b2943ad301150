"""`molva demo` on a terminal: progress while it runs, then what to look at."""

from __future__ import annotations

from pathlib import Path

from molva.cli.common import console, progress_bar
from molva.demo.run import run_demo
from reports.interface import Lang


def show_demo(output: Path, language: Lang) -> None:
    """Run the demo into a folder and print the paths and the headline figures."""
    console.print("five simulated weeks of a coffee chain, in English and Russian …")
    with progress_bar() as progress:
        task = progress.add_task("hours", total=None)
        result = run_demo(
            output,
            lang=language,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    for line in result.lines():
        print(line)  # noqa: T201 - the command's own output
