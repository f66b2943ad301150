"""Molva's side of the ingest benchmark: the real collectors, matcher and store, without labels.

python -m benchmarks.ingest_molva FOLDER SERVER KIND FEEDS EXPECTED all|tenth
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.feeds import COMPANIES, ENGLISH, RUSSIAN
from molva.app import App
from molva.config import load_config
from molva.pipeline.collect import SourceOutcome, collect_due

HTTP: Final = """
[http]
allow_private = true
per_host_concurrency = 4
requests_per_second = 10000
"""


def brands(*, every: bool) -> str:
    """Fifty brands: of all the companies in the feeds, or of one in ten and 45 near misses."""
    return "\n".join(
        _brand(number, _query(number) if every or number % 10 == 0 else _near_miss(number))
        for number in range(COMPANIES)
    )


def _brand(number: int, query: str) -> str:
    name = ENGLISH[number].title()
    return f'[[brand]]\nid = "brand-{number}"\nname = "{name}"\n{query}\n'


def _query(number: int) -> str:
    english, russian = ENGLISH[number].title(), RUSSIAN[number]
    return (
        f'aliases = ["{russian}"]',
        f"query = '{english} OR {russian}'",
        f"query = '({english} OR {russian}) AND (customers OR \"в очереди\" OR клиент)'",
        f"query = '({english} OR {russian}) AND NOT (\"football club\" OR сериал*)'",
        f"query = '{english} OR (компания NEAR/3 {russian})'",
    )[number % 5]


def _near_miss(number: int) -> str:
    english, russian = ENGLISH[number].title(), RUSSIAN[number]
    return (
        f'query = \'"{english} Nord" OR "{russian} Плюс"\'',
        f'query = \'({english} OR {russian}) AND ("press office" OR "пресс-служба")\'',
        f"query = '{english}lab OR {russian}строй'",
        f"query = '({english} OR {russian}) AND site:elsewhere.example'",
    )[number % 4]


def configuration(server: str, kind: str, feeds: int, *, every: bool) -> str:
    """The `molva.toml` of the run."""
    sources = "\n".join(
        f'[[source]]\nname = "feed-{number}"\ntype = "rss"\nurl = "{server}/{kind}/{number}.xml"\n'
        for number in range(feeds)
    )
    return f"{brands(every=every)}\n{sources}{HTTP}"


async def run(config: Path, expected: int) -> dict[str, float]:
    """Seconds to open everything, for the first poll of all feeds and for an unchanged second."""
    start = time.perf_counter()
    async with App.open(load_config(config), seed=0) as app:
        opened = time.perf_counter()
        first = await collect_due(app.rooms)
        polled = time.perf_counter()
        second = await collect_due(app.rooms, force=True)
        ended = time.perf_counter()
    _prove(first, second, expected)
    return {"open": opened - start, "first": polled - opened, "second": ended - polled}


def _prove(first: list[SourceOutcome], second: list[SourceOutcome], expected: int) -> None:
    """A run that did not do the work has no time.

    Raises:
        RuntimeError: a poll failed, or brought other numbers than the feeds hold.
    """
    problems = [outcome.error for outcome in (*first, *second) if outcome.error]
    stored = sum(len(outcome.stored) for outcome in first)
    again = sum(len(outcome.stored) + len(outcome.changed) for outcome in second)
    if problems or stored != expected or again:
        raise RuntimeError(f"stored {stored} of {expected}, then {again}; {problems[:3]}")


def main(folder: str, server: str, kind: str, feeds: str, expected: str, match: str) -> None:
    """Run once and print the seconds as JSON."""
    logging.basicConfig(level=logging.WARNING)
    config = Path(folder) / "molva.toml"
    text = configuration(server, kind, int(feeds), every=match == "all")
    config.write_text(text, encoding="utf-8")
    sys.stdout.write(json.dumps(asyncio.run(run(config, int(expected)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
