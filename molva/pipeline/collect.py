"""Collect, match, store: pages in, mentions kept, each page with its cursor in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from collectors.interface import (
    CollectorError,
    FatalError,
    Page,
    Post,
    RetriableError,
)
from collectors.query import Document
from collectors.registry import create
from collectors.sources.file import FileSettings
from collectors.text import canonical_url
from molva import cadence
from molva.rooms import Rooms, source_spec
from store.engine import reading, writing
from store.interface import BrandMatch, KeptPage, NewMention, PageToKeep, SourceRow
from store.mentions import keep_page
from store.sources import (
    due_sources,
    finish_poll,
    imported_source,
    sources,
    start_poll,
    sync_sources,
)

log = logging.getLogger(__name__)


@dataclass
class SourceOutcome:
    """What one poll of one source brought."""

    name: str
    pages: int = 0
    fetched: int = 0
    stored: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    known: int = 0
    unmatched: int = 0
    error: str = ""
    error_kind: Literal["", "fatal", "retriable", "throttled"] = ""
    note: str = ""
    goes_on: bool = False

    def add(self, page: Page, kept: KeptPage) -> None:
        """Count one kept page."""
        self.pages += 1
        self.fetched += len(page.posts) + len(page.skipped)
        self.stored += kept.stored
        self.changed += kept.changed
        self.deleted += kept.deleted
        self.skipped += [(item.native_id, item.reason) for item in page.skipped]
        self.known += kept.known
        self.unmatched = self.fetched - len(self.skipped) - len(self.stored)
        self.unmatched -= len(self.changed) + self.known
        self.note = page.note or self.note


async def collect_due(
    rooms: Rooms, *, force: bool = False, limit: int = 100
) -> list[SourceOutcome]:
    """Poll every source whose time has come, side by side; one that fails stops no other.

    Args:
        force: poll every source, due or not.
        limit: how many sources at most.
    """
    with reading(rooms.engine) as conn:
        rows = sources(conn) if force else due_sources(conn, rooms.clock(), limit)
    due = [row for row in rows if row.name in rooms.collectors]
    return list(await asyncio.gather(*(collect_source(rooms, row) for row in due)))


async def collect_source(rooms: Rooms, source: SourceRow) -> SourceOutcome:
    """Poll one source to its end, keeping each page with its cursor in one transaction."""
    collector = rooms.collectors[source.name]
    outcome = SourceOutcome(source.name)
    interval = timedelta(seconds=source.interval_seconds)
    # Scheduled before the first request, so that a crash cannot make us hammer the source.
    poll_id = await rooms.writer.write(partial(_start, rooms, source, interval))
    asked: timedelta | None = None
    cursor = source.cursor
    try:
        async for page in collector.poll(source.cursor):
            asked = page.poll_after or asked
            outcome.goes_on |= page.goes_on
            if _is_nothing(page) and page.cursor == cursor:
                # Most polls of most feeds: the end of the poll says all there is to say.
                outcome.note = page.note or outcome.note
                continue
            kept_page = await rooms.writer.prepare(partial(to_keep, rooms, source, page))
            keep = partial(_keep, rooms, source, poll_id, kept_page)
            outcome.add(page, await rooms.writer.write(keep, weight=1 + len(page.posts)))
            cursor = page.cursor
    except CollectorError as error:
        outcome.error, outcome.error_kind = str(error), _kind(error)
        next_poll_at = _after_error(rooms, source, outcome, error)
    except Exception as error:
        # A bug in one collector must not stop the other sources; it is logged with its trace.
        log.exception("source %s failed in an unexpected way", source.name)
        outcome.error, outcome.error_kind = f"{type(error).__name__}: {error}", "retriable"
        next_poll_at = _after_error(rooms, source, outcome, error)
    else:
        goes_on = outcome.goes_on
        next_poll_at = cadence.after_success(
            rooms.clock(), interval, asked, rooms.rng, goes_on=goes_on
        )
    await rooms.writer.write(partial(_finish, rooms, poll_id, outcome, next_poll_at))
    return outcome


def import_settings(file: Path, **fields: object) -> FileSettings:
    """The source that a file is brought in by.

    Args:
        file: CSV, JSON Lines or Excel, by an absolute path.
        fields: other fields of its table.

    Raises:
        pydantic.ValidationError: a field is wrong.
    """
    table = {"name": f"import {file.name}", "type": "file", "path": file, **fields}
    return FileSettings.model_validate(table)


async def import_posts(rooms: Rooms, settings: FileSettings) -> SourceOutcome:
    """Bring in a file of posts through the file collector; again adds nothing twice."""
    name = settings.name
    collector = create(settings, rooms.http, rooms.clock)
    with writing(rooms.engine) as conn:
        now = rooms.clock()
        sync_sources(conn, [source_spec(each) for each in rooms.collectors.values()], now)
        source = imported_source(conn, source_spec(collector), now)
    rooms = replace(rooms, collectors={**rooms.collectors, name: collector})
    return await collect_source(rooms, source)


def _start(rooms: Rooms, source: SourceRow, interval: timedelta, conn: Connection) -> int:
    now = rooms.clock()
    return start_poll(conn, source.id, now, now + interval)


def _finish(
    rooms: Rooms, poll_id: int, outcome: SourceOutcome, next_poll_at: datetime, conn: Connection
) -> None:
    finish_poll(
        conn,
        poll_id,
        outcome=outcome.error_kind or "ok",
        now=rooms.clock(),
        next_poll_at=next_poll_at,
        error=outcome.error,
        note=outcome.note,
    )


def _kind(error: CollectorError) -> Literal["fatal", "retriable", "throttled"]:
    if isinstance(error, FatalError):
        return "fatal"
    throttled = isinstance(error, RetriableError) and error.throttled
    return "throttled" if throttled else "retriable"


def _after_error(
    rooms: Rooms, source: SourceRow, outcome: SourceOutcome, error: Exception
) -> datetime:
    """When to try again: soon, if pages were kept before the failure, as a long walk needs it."""
    now, interval = rooms.clock(), timedelta(seconds=source.interval_seconds)
    if isinstance(error, FatalError):
        return cadence.after_fatal(now, rooms.rng)
    asked = error.retry_after if isinstance(error, RetriableError) else None
    failures = 1 if outcome.pages else source.error_count + 1
    return cadence.after_failure(now, interval, failures, asked, rooms.rng)


def _is_nothing(page: Page) -> bool:
    return not (page.posts or page.skipped or page.deleted or page.gaps)


def to_keep(rooms: Rooms, source: SourceRow, page: Page) -> PageToKeep:
    """A page after matching, as the store keeps it."""
    return PageToKeep(
        cursor=page.cursor,
        mentions=tuple(_mentions(rooms, source.type, page.posts)),
        skipped=tuple((item.native_id, item.reason) for item in page.skipped),
        deleted=page.deleted,
        fetched=len(page.posts) + len(page.skipped),
        gaps=tuple(
            {"reason": gap.reason, "start": _iso(gap.start), "end": _iso(gap.end)}
            for gap in page.gaps
        ),
        note=page.note,
    )


def _keep(
    rooms: Rooms, source: SourceRow, poll_id: int, page: PageToKeep, conn: Connection
) -> KeptPage:
    return keep_page(conn, source.id, poll_id, page, rooms.clock())


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _mentions(rooms: Rooms, source_type: str, posts: Iterable[Post]) -> Iterator[NewMention]:
    brands = {brand.slug: brand for brand in rooms.brands}
    for post in posts:
        seen = document(post, source_type)
        found = rooms.matcher.match(seen)
        facets = rooms.facets.named(seen, post.author.location, {match.key for match in found})
        matches = tuple(
            BrandMatch(
                brand_id=brands[match.key].id,
                query_version=brands[match.key].query_version,
                term=match.term,
                spans=match.spans,
                in_title=match.in_title,
                facets=facets.get(match.key, ()),
                own=rooms.facets.is_own(match.key, post.author.handle, post.author.id),
            )
            for match in found
        )
        yield new_mention(post, matches)


def document(post: Post, source_type: str) -> Document:
    """A post as the brand query language sees it."""
    return Document(
        text=full_text(post),
        lang=post.lang or "",
        source=source_type,
        author=post.author.handle or post.author.name,
        site=post.site or post.url,
        thread=post.thread_id,
    )


def full_text(post: Post) -> str:
    """All that was said, the title first: what is matched, stored, labelled and quoted.

    One text, so that every offset (of a match, of evidence) counts in the same characters.
    """
    if not post.title or post.text.startswith(post.title):
        return post.text
    return f"{post.title}\n{post.text}" if post.text else post.title


def new_mention(post: Post, matches: tuple[BrandMatch, ...]) -> NewMention:
    """A collector's post as the store keeps it; without matches it only revises a known one."""
    return NewMention(
        native_id=post.native_id,
        kind=post.kind,
        title=post.title,
        text=full_text(post),
        url=post.url,
        # Most posts of a feed match nothing, and a known one keeps the address it has.
        canonical_url=canonical_url(post.url) if matches and post.url else "",
        site=post.site,
        lang=post.lang or "",
        author_id=post.author.id,
        author_handle=post.author.handle,
        author_name=post.author.name,
        author_followers=post.author.followers,
        author_verified=post.author.verified,
        author_created_at=post.author.created_at,
        author_location=post.author.location,
        likes=post.engagement.likes,
        comments=post.engagement.comments,
        shares=post.engagement.shares,
        views=post.engagement.views,
        rating=post.rating,
        rating_scale=post.rating_scale,
        parent_id=post.parent_id,
        thread_id=post.thread_id,
        published_at=post.published_at,
        edited_at=post.edited_at,
        matches=matches,
    )
