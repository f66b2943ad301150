"""The states of all sources, read from the store and put into words for `molva sources`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from collectors.interface import Clock, SourceSettings
from molva.clock import utc_now
from molva.config import Config
from molva.health import Health, Message, Record, health_of
from reports.words import Words, plain
from store.engine import open_store, reading
from store.sources import last_polls, sources, usual_gaps

USUAL_DAYS = timedelta(days=60)
"""How far back a source's usual gap is measured."""

LONGEST_REASON = 500


@dataclass(frozen=True)
class SourceState:
    """One source for a person: how it is, since when, why, and when it is polled next."""

    name: str
    type: str
    health: Health
    record: Record

    def as_json(self, words: Words) -> dict[str, Any]:
        """For scripts; times are ISO 8601 in UTC, `why` and `advice` in the language of reports."""
        row = self.record.row
        return {
            "source": self.name,
            "type": self.type,
            "state": str(self.health.state).replace("_", "-"),
            "since": self.health.since,
            "why": in_words(self.health.why, words) or None,
            "advice": in_words(self.health.advice, words) or None,
            "last_success": row and row.last_success_at,
            "last_item": row and row.last_item_at,
            "last_error": (row and row.last_error) or None,
            "last_error_kind": (row and row.last_error_kind) or None,
            "last_error_at": row and row.last_error_at,
            "errors_in_a_row": row.error_count if row else 0,
            "next_poll": row and row.next_poll_at,
            "items": row.items_total if row else 0,
            "note": row.note if row else "",
        }

    def cells(self, words: Words) -> tuple[str, ...]:
        """For a table; times in the reader's zone."""
        row = self.record.row
        return (
            self.name,
            self.type,
            words.say(f"source_{self.health.state}"),
            _local(self.health.since, words),
            _local(row.last_success_at if row else None, words),
            _local(row.next_poll_at if row else None, words),
            words.number(row.items_total if row else 0),
            in_words(self.health.why, words),
            in_words(self.health.advice, words),
        )


def source_states(config: Config, clock: Clock = utc_now) -> list[SourceState]:
    """The state of every source of the file, and of those active in the store beside it.

    Raises:
        StoreError: the store cannot be opened.
    """
    now = clock()
    engine = open_store(config.store_url)
    with reading(engine) as conn:
        rows = {row.name: row for row in sources(conn)}
        polls, gaps = last_polls(conn), usual_gaps(conn, now - USUAL_DAYS)
    engine.dispose()
    records = {name: Record(row, polls.get(row.id), gaps.get(row.id)) for name, row in rows.items()}
    settings = {source.name: source for source in config.sources}
    names = [*settings, *(name for name in rows if name not in settings)]
    return [_state(name, settings, records.get(name, Record()), now) for name in names]


def _state(
    name: str, settings: Mapping[str, SourceSettings], record: Record, now: datetime
) -> SourceState:
    given = settings.get(name)
    missing = given.missing_variables if given else ()
    kind = given.type if given else record.row.type if record.row else ""
    return SourceState(name, kind, health_of(name, given, missing, record, now), record)


def in_words(message: Message, words: Words) -> str:
    """A message in the reader's language, on one line; empty if it says nothing."""
    if not message.key:
        return ""
    values: dict[str, Any] = {
        name: words.duration(value) if isinstance(value, timedelta) else value
        for name, value in message.values.items()
    }
    if message.parts:
        values["parts"] = ", ".join(in_words(part, words) for part in message.parts)
    return plain(words.say(message.key, **values), LONGEST_REASON)


def _local(moment: datetime | None, words: Words) -> str:
    return moment.astimezone(words.zone).strftime("%Y-%m-%d %H:%M") if moment else "–"
