"""Read mentions again by their ids: engagement grows, texts are edited, posts are deleted.

When each is due stands in the store, so a restart repeats nothing; what a source answers goes the
same way into the store as its polls do: edits become revisions, deletions tombstones.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection

from collectors.interface import CollectorError, FatalError, Page, RetriableError
from collectors.rereads import Rereads, rereader
from molva.pipeline.collect import to_keep
from molva.rooms import Rooms
from store.engine import reading
from store.interface import DueReread, KeptPage, PageToKeep, SourceRow
from store.mentions import keep_reread
from store.rereads import due_rereads, postpone_rereads
from store.sources import sources

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
"""Mentions looked for in one go; the next one takes the rest."""

SUSPICIOUS: Final = 10
"""So many posts asked for and every one of them gone is more likely a fault of the service."""

AFTER_FAILURE: Final = timedelta(hours=1)
AFTER_REFUSAL: Final = timedelta(days=1)


@dataclass
class RereadReport:
    """What one round brought: how many mentions were read, edited, deleted, put off."""

    read: int = 0
    changed: int = 0
    deleted: int = 0
    postponed: int = 0


@dataclass(frozen=True)
class _Batch:
    source: SourceRow
    reader: Rereads
    due: tuple[DueReread, ...]

    @property
    def ids(self) -> list[str]:
        return [row.native_id for row in self.due]


async def reread_due(rooms: Rooms, *, limit: int = MOST_AT_ONCE) -> RereadReport:
    """Ask sources again for the mentions whose time has come; one that fails stops no other.

    Args:
        limit: of mentions.
    """
    batches = await asyncio.to_thread(_batches, rooms, limit)
    report = RereadReport()
    by_source: dict[str, list[_Batch]] = {}
    for batch in batches:
        by_source.setdefault(batch.source.name, []).append(batch)
    await asyncio.gather(*(_one_by_one(rooms, group, report) for group in by_source.values()))
    return report


def _batches(rooms: Rooms, limit: int) -> list[_Batch]:
    with reading(rooms.engine) as conn:
        by_scope: dict[str, tuple[SourceRow, Rereads]] = {}
        for row in sources(conn):
            collector = rooms.collectors.get(row.name)
            reader = rereader(collector) if collector else None
            if reader is not None:
                by_scope.setdefault(row.scope, (row, reader))
        due = due_rereads(conn, by_scope, rooms.clock(), limit)
    batches = []
    for scope, (row, reader) in by_scope.items():
        mine = [mention for mention in due if mention.scope == scope]
        starts = range(0, len(mine), reader.reread_size)
        batches += [_Batch(row, reader, tuple(mine[at : at + reader.reread_size])) for at in starts]
    return batches


async def _one_by_one(rooms: Rooms, batches: Sequence[_Batch], report: RereadReport) -> None:
    for number, batch in enumerate(batches):
        try:
            page = await batch.reader.reread(batch.ids)
        except CollectorError as error:
            # To be asked to wait is nothing to look into: it is done later.
            waits = isinstance(error, RetriableError) and error.throttled
            level = logging.INFO if waits else logging.WARNING
            log.log(level, "%s could not read posts again: %s", batch.source.name, error)
            rest = [mention for other in batches[number:] for mention in other.due]
            await _postpone(rooms, rest, rooms.clock() + _wait(error), report)
            return
        except Exception:
            # A bug in one collector must not stop the other sources; it is logged with its trace.
            log.exception("%s failed to read posts again", batch.source.name)
            await _postpone(rooms, batch.due, rooms.clock() + AFTER_REFUSAL, report)
            continue
        if len(page.deleted) == len(batch.due) >= SUSPICIOUS:
            log.warning(
                "%s calls all of %d posts deleted; not believed, asked again in a day",
                batch.source.name,
                len(batch.due),
            )
            await _postpone(rooms, batch.due, rooms.clock() + AFTER_REFUSAL, report)
            continue
        await _take_in(rooms, batch, page, report)


async def _take_in(rooms: Rooms, batch: _Batch, page: Page, report: RereadReport) -> None:
    kept_page = await rooms.writer.prepare(partial(to_keep, rooms, batch.source, page))
    keep = partial(_keep, rooms, batch, kept_page)
    kept = await rooms.writer.write(keep, weight=1 + len(batch.due))
    report.read += len(batch.due)
    report.changed += len(kept.changed)
    report.deleted += len(kept.deleted)


def _keep(rooms: Rooms, batch: _Batch, page: PageToKeep, conn: Connection) -> KeptPage:
    return keep_reread(conn, batch.source.id, page, batch.ids, rooms.clock())


async def _postpone(
    rooms: Rooms, due: Sequence[DueReread], until: datetime, report: RereadReport
) -> None:
    ids = [mention.mention_id for mention in due]
    await rooms.writer.write(partial(_put_off, ids, until), weight=len(ids))
    report.postponed += len(ids)


def _put_off(ids: Sequence[int], until: datetime, conn: Connection) -> None:
    postpone_rereads(conn, ids, until)


def _wait(error: CollectorError) -> timedelta:
    if isinstance(error, FatalError):
        return AFTER_REFUSAL
    asked = error.retry_after if isinstance(error, RetriableError) else None
    return max(asked or timedelta(0), AFTER_FAILURE)
