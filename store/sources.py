"""Configured sources, their cursors, and the polls that tell an outage from a quiet hour."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    Connection,
    Row,
    String,
    bindparam,
    case,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)

from store.interface import KeptPage, PageToKeep, PollRow, SourceRow, SourceSpec
from store.rereads import begin_rereads
from store.tables import MENTION, POLL, SIGHTING, SOURCE

Outcome = Literal["ok", "fatal", "retriable", "throttled"]

AnyRow = Row[*tuple[Any, ...]]

_COLUMNS = [SOURCE.c[name] for name in SourceRow.__dataclass_fields__]
SILENT_INTERVALS = 3
"""A source that was not polled for this many of its intervals was out."""


def sync_sources(conn: Connection, specs: Sequence[SourceSpec], now: datetime) -> list[SourceRow]:
    """Make the stored sources those of the configuration; what is gone from it becomes inactive.

    A new source is due at once. Another type or scope under an old name is another walk, so its
    cursor is dropped; a source that comes back goes on from where it stood.
    """
    stored = {row.name: row for row in conn.execute(select(SOURCE))}
    for spec in specs:
        _keep_source(conn, spec, stored.get(spec.name), now, active=True)
    names = [spec.name for spec in specs]
    conn.execute(update(SOURCE).where(SOURCE.c.name.not_in(names)).values(active=False))
    return sources(conn)


def imported_source(conn: Connection, spec: SourceSpec, now: datetime) -> SourceRow:
    """The stored source of a file that is brought in by hand.

    It is never active: nobody reads it again, so it is neither out nor behind the others.
    """
    stored = conn.execute(select(SOURCE).where(SOURCE.c.name == spec.name)).one_or_none()
    _keep_source(conn, spec, stored, now, active=False)
    return _source(conn.execute(select(*_COLUMNS).where(SOURCE.c.name == spec.name)).one())


def _keep_source(
    conn: Connection, spec: SourceSpec, row: AnyRow | None, now: datetime, *, active: bool
) -> None:
    values: dict[str, Any] = {
        "type": spec.type,
        "scope": spec.scope,
        "terms": spec.terms,
        "active": active,
        "interval_seconds": spec.interval_seconds,
        "rereads": spec.rereads,
    }
    if row is None:
        values |= {"name": spec.name, "cursor": {}, "next_poll_at": now, "created_at": now}
        conn.execute(insert(SOURCE).values(values))
        return
    if spec.rereads and not row.rereads:
        begin_rereads(conn, spec.scope, spec.terms, now)
    if (row.type, row.scope) != (spec.type, spec.scope):
        values |= {"cursor": {}, "next_poll_at": now, "error_count": 0}
        values |= {"outcome_since": None, "last_success_at": None}
    elif not row.active or row.interval_seconds != spec.interval_seconds:
        latest = now + timedelta(seconds=spec.interval_seconds)
        values["next_poll_at"] = min(row.next_poll_at, latest)
    conn.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(values))


def sources(conn: Connection) -> list[SourceRow]:
    """The active sources by name."""
    rows = conn.execute(select(*_COLUMNS).where(SOURCE.c.active).order_by(SOURCE.c.name))
    return [_source(row) for row in rows]


def source_by_name(conn: Connection, name: str) -> SourceRow | None:
    """The source of this configured name, active or not."""
    row = conn.execute(select(*_COLUMNS).where(SOURCE.c.name == name)).one_or_none()
    return None if row is None else _source(row)


def due_sources(
    conn: Connection, now: datetime, limit: int, *, without: Sequence[int] = ()
) -> list[SourceRow]:
    """The active sources whose poll is due, the most overdue first; some may be left out by id."""
    due = select(*_COLUMNS).where(SOURCE.c.active, SOURCE.c.next_poll_at <= now)
    if without:
        due = due.where(SOURCE.c.id.not_in(without))
    rows = conn.execute(due.order_by(SOURCE.c.next_poll_at, SOURCE.c.id).limit(limit))
    return [_source(row) for row in rows]


def start_poll(conn: Connection, source_id: int, now: datetime, next_poll_at: datetime) -> int:
    """Note that a poll begins, and plan the next one before the request is made.

    Returns:
        The poll's id, for `keep_page` and `finish_poll`.
    """
    conn.execute(_START, {"source": source_id, "now": now, "next": next_poll_at})
    poll = conn.execute(_POLL, {"source_id": source_id, "started_at": now, "gaps": []})
    return int(poll.scalar_one())


def advance_poll(
    conn: Connection,
    source_id: int,
    poll_id: int,
    page: PageToKeep,
    kept: KeptPage,
    now: datetime,
) -> None:
    """Move the cursor over a page that was kept, and count what it brought."""
    counted = {
        "pages": 1,
        "fetched": page.fetched,
        "matched": sum(bool(mention.matches) for mention in page.mentions),
        "stored": len(kept.stored),
        "changed": len(kept.changed),
        "known": kept.known,
        "deleted": len(kept.deleted),
        "skipped": kept.skipped,
    }
    conn.execute(_COUNT, {"poll": poll_id, **{f"new_{n}": v for n, v in counted.items()}})
    if page.gaps:
        _add_gaps(conn, poll_id, page)
    moved = {"new_cursor": dict(page.cursor), "new_items": len(kept.stored), "new_note": page.note}
    conn.execute(_MOVE, {"source": source_id, **moved})
    if kept.stored:
        conn.execute(_ITEM_CAME, {"source": source_id, "at": now})


def _add_gaps(conn: Connection, poll_id: int, page: PageToKeep) -> None:
    mine = POLL.c.id == poll_id
    gaps = conn.execute(select(POLL.c.gaps).where(mine)).scalar_one()
    # Times of a gap have no JSON form of their own.
    gaps += json.loads(json.dumps(list(map(dict, page.gaps)), default=str))
    conn.execute(update(POLL).where(mine).values(gaps=gaps))


def finish_poll(
    conn: Connection,
    poll_id: int,
    *,
    outcome: Outcome,
    now: datetime,
    next_poll_at: datetime,
    error: str = "",
    note: str = "",
) -> None:
    """Note how a poll ended.

    A success ends the count of errors in a row; a failure after pages were kept begins it anew.
    """
    ended = {"poll": poll_id, "now": now, "outcome": outcome, "error": error}
    source_id, pages = conn.execute(_END, ended).one()
    values = {"source": source_id, "now": now, "next": next_poll_at, "note": note}
    if outcome == "ok":
        conn.execute(_SUCCESS, values | {"kind": ""})
    else:
        conn.execute(_FAILURE, values | {"kind": outcome, "error": error, "pages": pages})


# Written once: a thousand polls would spend longer making these statements than running them.
_START = (
    update(SOURCE)
    .where(SOURCE.c.id == bindparam("source"))
    .values(last_started_at=bindparam("now"), next_poll_at=bindparam("next"))
)
_POLL = insert(POLL).returning(POLL.c.id)
_COUNTED = ("pages", "fetched", "matched", "stored", "changed", "known", "deleted", "skipped")
_COUNT = (
    update(POLL)
    .where(POLL.c.id == bindparam("poll"))
    .values({name: POLL.c[name] + bindparam(f"new_{name}") for name in _COUNTED})
)
_MOVE = (
    update(SOURCE)
    .where(SOURCE.c.id == bindparam("source"))
    .values(
        cursor=bindparam("new_cursor"),
        items_total=SOURCE.c.items_total + bindparam("new_items"),
        note=bindparam("new_note"),
    )
)
_ITEM_CAME = (
    update(SOURCE).where(SOURCE.c.id == bindparam("source")).values(last_item_at=bindparam("at"))
)
_END = (
    update(POLL)
    .where(POLL.c.id == bindparam("poll"))
    .values(finished_at=bindparam("now"), outcome=bindparam("outcome"), error=bindparam("error"))
    .returning(POLL.c.source_id, POLL.c.pages)
)
_ENDED = (
    update(SOURCE)
    .where(SOURCE.c.id == bindparam("source"))
    .values(
        next_poll_at=bindparam("next"),
        note=bindparam("note"),
        last_error_kind=bindparam("kind"),
        outcome_since=case(
            (
                or_(
                    SOURCE.c.outcome_since.is_(None),
                    SOURCE.c.last_error_kind != bindparam("kind"),
                ),
                bindparam("now", type_=SOURCE.c.outcome_since.type),
            ),
            else_=SOURCE.c.outcome_since,
        ),
    )
)
_SUCCESS = _ENDED.values(last_success_at=bindparam("now"), error_count=0, last_error="")
_FAILURE = _ENDED.values(
    last_error_at=bindparam("now"),
    # A walk that got on before it failed is no source that fails time after time.
    error_count=case((bindparam("pages") > 0, 1), else_=SOURCE.c.error_count + 1),
    last_error=bindparam("error"),
)


def close_crashed_polls(conn: Connection, now: datetime) -> int:
    """End the polls that a killed process left running; their sources are due at once.

    Call it only while holding the scheduler's lease: another process's polls look the same.
    """
    crashed = (
        update(POLL)
        .where(POLL.c.outcome == "running")
        .values(outcome="crashed", finished_at=now, error="the process ended during the poll")
        .returning(POLL.c.source_id)
    )
    ids = [int(id_) for id_ in conn.execute(crashed).scalars()]
    if ids:
        conn.execute(update(SOURCE).where(SOURCE.c.id.in_(set(ids))).values(next_poll_at=now))
    return len(ids)


def wake_blocked(conn: Connection, now: datetime) -> None:
    """Make due what was blocked: whoever starts Molva anew may have mended it."""
    blocked = update(SOURCE).where(SOURCE.c.active, SOURCE.c.last_error_kind == "fatal")
    conn.execute(blocked.values(next_poll_at=now))


def outages(conn: Connection, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches of `[start, end)` in which some active source could not be read.

    A source is out from its last success before a failure, or before a silence longer than
    `SILENT_INTERVALS` of its intervals, until its next success. Overlapping stretches of several
    sources are joined. Before its first success a source counts as not yet there.
    """
    stretches: list[tuple[datetime, datetime]] = []
    for source in conn.execute(select(SOURCE).where(SOURCE.c.active)).all():
        silence = timedelta(seconds=SILENT_INTERVALS * source.interval_seconds)
        interval = {"source": source.id, "start": start - silence, "end": end + silence}
        polls = [(row.started_at, row.outcome == "ok") for row in conn.execute(_POLLS, interval)]
        stretches += _stretches(polls, silence)
    return _join(
        [(max(a, start), min(b, end)) for a, b in stretches if max(a, start) < min(b, end)]
    )


_POLLS = (
    select(POLL.c.started_at, POLL.c.outcome)
    .where(
        POLL.c.source_id == bindparam("source"),
        POLL.c.started_at >= bindparam("start"),
        POLL.c.started_at < bindparam("end"),
        POLL.c.outcome != "running",
    )
    .order_by(POLL.c.started_at, POLL.c.id)
)


def last_polls(conn: Connection) -> dict[int, PollRow]:
    """The last finished poll of each source, by the source's id."""
    last = select(func.max(POLL.c.id)).where(POLL.c.outcome != "running").group_by(POLL.c.source_id)
    names = tuple(PollRow.__dataclass_fields__)
    rows = conn.execute(
        select(POLL.c.source_id, *(POLL.c[name] for name in names)).where(POLL.c.id.in_(last))
    )
    return {row[0]: PollRow(**dict(zip(names, row[1:], strict=True))) for row in rows}


def usual_gaps(conn: Connection, since: datetime) -> dict[int, timedelta]:
    """How long a source usually is between two mentions, by the source's id.

    Args:
        since: from when on publications count; a source with fewer than two has no usual gap.
    """
    at = MENTION.c.published_at
    rows = conn.execute(
        select(SIGHTING.c.source_id, func.count(), func.min(at), func.max(at))
        .join_from(SIGHTING, MENTION, SIGHTING.c.mention_id == MENTION.c.id)
        .where(at >= since)
        .group_by(SIGHTING.c.source_id)
    )
    return {
        source: (last - first) / (number - 1) for source, number, first, last in rows if number > 1
    }


def poll_counts(conn: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """How many polls started in `[start, end)`, by outcome."""
    rows = conn.execute(
        select(POLL.c.outcome, func.count())
        .where(POLL.c.started_at >= start, POLL.c.started_at < end)
        .group_by(POLL.c.outcome)
    )
    return {outcome: int(count) for outcome, count in rows}


def incomplete_polls(conn: Connection, start: datetime, end: datetime) -> int:
    """How many polls of `[start, end)` could not read back as far as they should."""
    counted = select(func.count()).where(
        POLL.c.started_at >= start, POLL.c.started_at < end, cast(POLL.c.gaps, String) != "[]"
    )
    return int(conn.execute(counted).scalar_one())


def _source(row: AnyRow) -> SourceRow:
    return SourceRow(*row)


def _stretches(
    polls: Sequence[tuple[datetime, bool]], silence: timedelta
) -> list[tuple[datetime, datetime]]:
    """Where one source was out, from its polls in order."""
    found: list[tuple[datetime, datetime]] = []
    last_ok: datetime | None = None
    failed: datetime | None = None
    for at, ok in polls:
        if not ok:
            failed = failed or last_ok or at
            continue
        if failed is not None:
            found.append((failed, at))
        elif last_ok is not None and at - last_ok > silence:
            found.append((last_ok, at))
        last_ok, failed = at, None
    if failed is not None:
        found.append((failed, max(polls[-1][0], failed) + silence))
    return found


def _join(stretches: Sequence[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
