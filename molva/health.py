"""How a source is: one pure decision from its settings and what the store has recorded of it.

Every state comes with since when it lasts, why, and what a person can do; a source that brought
nothing never stands there without a reason. Reasons and advice are messages of the catalogues.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from collectors.interface import SourceSettings
from store.interface import PollRow, SourceRow

QUIET_POLLS: Final = 50
QUIET_GAPS: Final = 5
SHORTEST_QUIET: Final = timedelta(days=1)
LONGEST_QUIET: Final = timedelta(days=30)
"""A source is silent after so many of its polls and of its usual gaps without a new mention."""


class State(StrEnum):
    """How a source is."""

    OFF = "off"
    NOT_CONFIGURED = "not_configured"
    CONFIGURED = "configured"
    HEALTHY = "healthy"
    THROTTLED = "throttled"
    BLOCKED = "blocked"
    FAILING = "failing"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Message:
    """A key of the catalogues with its values; an empty key says nothing.

    Attributes:
        parts: messages to be listed in its place `{parts}`.
    """

    key: str = ""
    values: Mapping[str, str | int | timedelta] = field(default_factory=dict)
    parts: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a source besides its settings.

    Attributes:
        row: as stored; `None` if it never was.
        poll: its last finished poll.
        usual_gap: between two of its mentions.
    """

    row: SourceRow | None = None
    poll: PollRow | None = None
    usual_gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """A state, since when it lasts if that is known, why, and what to do."""

    state: State
    since: datetime | None = None
    why: Message = Message()
    advice: Message = Message()


_ERRORS: Final = {"fatal": State.BLOCKED, "throttled": State.THROTTLED}


def health_of(
    name: str,
    settings: SourceSettings | None,
    missing: tuple[str, ...],
    record: Record,
    now: datetime,
) -> Health:
    """How a source is.

    Args:
        name: of the source.
        settings: `None` if the file no longer holds it, as after an import.
        missing: environment variables it names and that are not set.
        record: what the store knows.
        now: aware.
    """
    row = record.row
    if settings is not None and not settings.enabled:
        return Health(State.OFF, None, Message("source_why_off"), Message("source_do_off"))
    if missing:
        why = Message("source_why_missing", {"names": ", ".join(missing)})
        return Health(State.NOT_CONFIGURED, None, why, Message("source_do_missing"))
    if row is None or row.last_started_at is None or record.poll is None:
        since = None if row is None else row.created_at
        return Health(
            State.CONFIGURED, since, Message("source_why_new"), _advice("source_do_new", name)
        )
    if row.error_count:
        state = _ERRORS.get(row.last_error_kind, State.FAILING)
        why = Message("source_why_said", {"said": row.last_error})
        since = row.outcome_since or row.last_error_at
        return Health(state, since, why, _advice(f"source_do_{state}", name))
    return _working(name, row, record.poll, record.usual_gap, now)


def _working(
    name: str, row: SourceRow, poll: PollRow, usual: timedelta | None, now: datetime
) -> Health:
    quiet = now - (row.last_item_at or row.created_at)
    why, advice = _why_nothing(row, poll)
    # One that shows posts, all about something else, works; one that shows none may be dead.
    if row.last_item_at is None and poll.fetched:
        return Health(State.HEALTHY, row.outcome_since, why, advice)
    if quiet > patience(row.interval_seconds, usual):
        since = row.last_item_at or row.created_at
        return Health(
            State.SILENT, since, _silence(row, quiet, usual), _advice("source_do_silent", name)
        )
    return Health(State.HEALTHY, row.outcome_since, why, advice)


def patience(interval_seconds: int, usual: timedelta | None) -> timedelta:
    """How long a source may bring nothing new before it counts as silent."""
    wait = max(timedelta(seconds=interval_seconds * QUIET_POLLS), SHORTEST_QUIET)
    return max(wait, min((usual or timedelta(0)) * QUIET_GAPS, LONGEST_QUIET))


def _silence(row: SourceRow, quiet: timedelta, usual: timedelta | None) -> Message:
    if row.last_item_at is None:
        return Message("source_why_never", {"span": quiet})
    if usual is None:
        return Message("source_why_silent", {"span": quiet, "usual": "–"})
    return Message("source_why_silent", {"span": quiet, "usual": usual})


def _why_nothing(row: SourceRow, poll: PollRow) -> tuple[Message, Message]:
    """Why the last poll brought nothing new, and what to do; nothing to say if it did."""
    if poll.gaps:
        reason = str(poll.gaps[0].get("reason", ""))
        return Message("source_why_gap", {"reason": reason}), Message("source_do_gap")
    if row.note:
        return Message("source_why_said", {"said": row.note}), Message()
    if poll.stored:
        return Message(), Message()
    if not poll.fetched:
        return Message("source_why_nothing"), Message()
    unmatched = poll.fetched - poll.skipped - poll.stored - poll.changed - poll.known
    counts = {
        "known": poll.known,
        "changed": poll.changed,
        "unmatched": max(unmatched, 0),
        "skipped": poll.skipped,
    }
    parts = tuple(
        Message(f"source_why_{name}", {"n": number}) for name, number in counts.items() if number
    )
    advice = Message("source_do_unmatched" if unmatched and not row.items_total else "")
    return Message("source_why_read", {"read": poll.fetched}, parts), advice


def _advice(key: str, name: str) -> Message:
    return Message(key, {"name": shlex.quote(name)})
