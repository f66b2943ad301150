"""Ten thousand entries of a hundred feeds: fetched, parsed, matched, stored; against `reader`.

Both fetch the same feeds from the same loopback server (`reader` with ten workers, Molva with four
connections, which is twice its default for one host) into a fresh SQLite file,
each run in a fresh process. `reader` stores every entry and matches nothing; Molva matches every
entry against 50 brands. The comparison that counts is the one where every entry matches, because
then both store all of them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from benchmarks.feed_server import serving
from benchmarks.feeds import entries
from benchmarks.measure import Ratio, Seconds, interleaved, ratio

READER = "reader==3.26"
ENTRIES = 100


def run(*, quick: bool) -> list[Ratio]:
    """The ratios; `quick` reads a tenth of the feeds, twice."""
    feeds, runs = (10, 2) if quick else (100, 3)
    with tempfile.TemporaryDirectory() as folder, serving(feeds, ENTRIES) as server:
        ours = [sys.executable, "-m", "benchmarks.ingest_molva"]
        theirs = [_reader_python(Path(folder)), str(Path(__file__).with_name("ingest_reader.py"))]
        stored, tenth = feeds * ENTRIES, _matching_a_tenth(feeds)

        def contestant(
            command: list[str], kind: str, expected: int, *more: str
        ) -> Callable[[], Seconds]:
            arguments = [server, kind, str(feeds), str(expected), *more]
            return partial(_measured, command, Path(folder), arguments)

        found = interleaved(
            {
                "molva": contestant(ours, "etag", stored, "all"),
                "reader": contestant(theirs, "etag", stored),
                "molva-tenth": contestant(ours, "etag", tenth, "tenth"),
                "molva-plain": contestant(ours, "plain", stored, "all"),
                "reader-plain": contestant(theirs, "plain", stored),
            },
            runs,
        )
    return _ratios(found, stored, tenth)


def _ratios(found: dict[str, dict[str, list[float]]], stored: int, tenth: int) -> list[Ratio]:
    reader, plain = found["reader"], found["reader-plain"]
    full = found["molva"]
    return [
        ratio(
            f"first poll, all {stored:,} entries stored",
            READER,
            full["first"],
            reader["first"],
            target=1.0,
        ),
        ratio(
            f"first poll, {tenth:,} entries match",
            READER,
            found["molva-tenth"]["first"],
            reader["first"],
            note=f"reader stores all {stored:,}",
        ),
        ratio("unchanged poll, 304", READER, full["second"], reader["second"], target=1.5),
        ratio(
            "unchanged poll, no validators",
            READER,
            found["molva-plain"]["second"],
            plain["second"],
            target=1.5,
        ),
        ratio(
            "open, configure, first poll",
            READER,
            [a + b for a, b in zip(full["open"], full["first"], strict=True)],
            [a + b for a, b in zip(reader["open"], reader["first"], strict=True)],
            note="Molva compiles 50 queries and migrates its store",
        ),
    ]


def _matching_a_tenth(feeds: int) -> int:
    every = (entry for feed in range(feeds) for entry in entries(feed, ENTRIES))
    return sum(entry.company % 10 == 0 for entry in every)


def _measured(command: list[str], folder: Path, arguments: list[str]) -> Seconds:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        done = subprocess.run(
            [*command, place, *arguments], stdout=subprocess.PIPE, text=True, check=True
        )
    return cast("dict[str, float]", json.loads(done.stdout))


def _reader_python(folder: Path) -> str:
    """An interpreter that has `reader`: this one, or one of an environment made for the run."""
    if find_spec("reader"):
        return sys.executable
    python = folder / "peer" / "bin" / "python"
    commands: list[list[Any]] = [
        [sys.executable, "-m", "venv", folder / "peer"],
        [python, "-m", "pip", "install", "--quiet", READER],
    ]
    for command in commands:
        subprocess.run(command, check=True)
    return str(python)
