"""How the sources are: one item fetched from each for `molva check`, their states for `sources`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collectors.http import HttpClient
from collectors.interface import Clock, Collector, CollectorError, Page
from collectors.registry import create
from molva.clock import utc_now
from molva.config import Config
from sentiment.choice import load_models
from sentiment.interface import ModelError
from store.engine import open_store, reading
from store.interface import SourceRow
from store.sources import sources

QUIET_INTERVALS = 50
"""A source with no new item for this many of its polls, and at least a day, is silent."""


@dataclass(frozen=True)
class Probe:
    """What one source (or the model) answered: a sample, or why there is none."""

    name: str
    sample: str = ""
    error: str = ""


def probe_model(config: Config) -> Probe:
    """Load the models that would label, and say which."""
    try:
        models = load_models(config.sentiment.choice(config.folder))
    except ModelError as error:
        return Probe("model", error=str(error))
    languages = ", ".join(sorted(models.judge.languages))
    note = f"; {models.note}" if models.note else ""
    return Probe("model", sample=f"{models.judge.version} ({languages}){note}")


async def probe_sources(config: Config, clock: Clock = utc_now) -> list[Probe]:
    """Fetch the first page of every enabled source, side by side; nothing is stored."""
    async with HttpClient(config.http, clock) as http:
        collectors = [create(source, http, clock) for source in config.sources if source.enabled]
        return list(await asyncio.gather(*(_probe(collector) for collector in collectors)))


async def _probe(collector: Collector[Any]) -> Probe:
    name = collector.settings.name
    pages = collector.poll({})
    try:
        async for page in pages:
            return Probe(name, sample=_sample(page))
    except CollectorError as error:
        return Probe(name, error=str(error))
    finally:
        await pages.aclose()  # type: ignore[attr-defined]
    return Probe(name, sample="it answers, and has nothing now")


def _sample(page: Page) -> str:
    if not page.posts:
        return page.note or "it answers, and has nothing now"
    post = page.posts[0]
    line = " ".join((post.title or post.text).split())
    return f"{len(page.posts)} items, e.g. {line[:100]!r}"


@dataclass(frozen=True)
class SourceState:
    """One source for a person: how it is, since when, and when it is polled next."""

    row: SourceRow
    state: str

    def as_json(self) -> dict[str, Any]:
        """For scripts; times are ISO 8601 in UTC."""
        row = self.row
        return {
            "source": row.name,
            "type": row.type,
            "state": self.state,
            "last_success": row.last_success_at,
            "last_item": row.last_item_at,
            "last_error": row.last_error or None,
            "last_error_kind": row.last_error_kind or None,
            "last_error_at": row.last_error_at,
            "errors_in_a_row": row.error_count,
            "next_poll": row.next_poll_at,
            "items": row.items_total,
            "note": row.note,
        }

    def cells(self, zone: ZoneInfo) -> tuple[str, ...]:
        """For a table; times in the reader's zone."""
        row = self.row
        error = f"{row.last_error_kind}: {row.last_error}" if row.last_error else ""
        return (
            row.name,
            row.type,
            self.state,
            _local(row.last_success_at, zone),
            _local(row.next_poll_at, zone),
            str(row.items_total),
            error if row.error_count else (row.note or (error and f"(over) {error}")),
        )


def source_states(config: Config, clock: Clock = utc_now) -> list[SourceState]:
    """The state of every source of the store, as of now.

    Raises:
        StoreError: the store cannot be opened.
    """
    engine = open_store(config.store_url)
    with reading(engine) as conn:
        rows = [row for row in sources(conn) if row.active]
    engine.dispose()
    return [SourceState(row, state_of(row, clock())) for row in rows]


def state_of(row: SourceRow, now: datetime) -> str:
    """`new`, `healthy`, `failing`, `blocked` (a person must act) or `silent` (nothing new)."""
    if row.error_count:
        return "blocked" if row.last_error_kind == "fatal" else "failing"
    if row.last_success_at is None:
        return "new"
    patience = max(timedelta(seconds=row.interval_seconds * QUIET_INTERVALS), timedelta(days=1))
    if now - (row.last_item_at or row.created_at) > patience:
        return "silent"
    return "healthy"


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "–"
