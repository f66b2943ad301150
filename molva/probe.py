"""One look at the model and at each source, for `molva check` and `molva sources test`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collectors.http import HttpClient
from collectors.interface import (
    Clock,
    Collector,
    CollectorError,
    Cursor,
    Page,
    Post,
    SourceSettings,
)
from collectors.registry import create
from molva.clock import utc_now
from molva.config import Config
from molva.ledger import ledger_of
from sentiment.choice import load_models
from sentiment.interface import ModelError
from store.engine import open_store, reading, store_exists
from store.sources import source_by_name

MOST_PAGES = 5
"""Pages looked at until one shows an item: of several searches the first may find nothing."""


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
    async with ledger_of(config) as ledger, HttpClient(config.http, clock, ledger) as http:
        collectors = [create(source, http, clock) for source in config.sources if source.enabled]
        return list(await asyncio.gather(*(_probe(collector) for collector in collectors)))


async def _probe(collector: Collector[Any]) -> Probe:
    look = await look_at(collector, {}, most_pages=1)
    if look.error:
        return Probe(collector.settings.name, error=look.error)
    return Probe(collector.settings.name, sample=_sample(look))


def _sample(look: Look) -> str:
    if look.post is None:
        return look.note or "it answers, and has nothing now"
    line = " ".join((look.post.title or look.post.text).split())
    return f"{look.items} items, e.g. {line[:100]!r}"


@dataclass(frozen=True)
class Look:
    """What a source shows to one who only looks.

    Attributes:
        items: posts on the page that was shown.
        skipped: how many items there could not become posts, by reason.
        note: what the collector said of the page, gaps included.
        limits: what is left of its limits, as headers, quotas and caps tell.
        error: why it could not be read.
    """

    post: Post | None = None
    items: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    limits: tuple[str, ...] = ()
    error: str = ""


async def try_source(config: Config, settings: SourceSettings, clock: Clock = utc_now) -> Look:
    """Fetch one page of a source, configured or about to be; nothing is stored.

    Money and the requests of a day that this costs are counted where the store knows the source.

    Raises:
        StoreError: the store cannot be opened.
    """
    known = _known_cursor(config, settings.name)
    paid = config.model_copy(update={"sources": (*config.sources, settings)})
    async with ledger_of(paid) as ledger, HttpClient(config.http, clock, ledger) as http:
        collector = create(settings, http, clock)
        return await look_at(collector, collector.afresh(known))


async def look_at(
    collector: Collector[Any], cursor: Cursor, *, most_pages: int = MOST_PAGES
) -> Look:
    """The first page with an item, or the last looked at."""
    pages = collector.poll(cursor)
    seen: list[Page] = []
    try:
        async for page in pages:
            seen.append(page)
            if page.posts or len(seen) == most_pages:
                break
    except CollectorError as error:
        return Look(error=str(error), limits=await _limits(collector, cursor))
    finally:
        await pages.aclose()  # type: ignore[attr-defined]
    posts = seen[-1].posts if seen else ()
    notes = [note for page in seen for note in (page.note, *(gap.reason for gap in page.gaps))]
    return Look(
        post=posts[0] if posts else None,
        items=len(posts),
        skipped=Counter(item.reason for page in seen for item in page.skipped),
        note="; ".join(dict.fromkeys(filter(None, notes))),
        limits=await _limits(collector, seen[-1].cursor if seen else cursor),
    )


async def _limits(collector: Collector[Any], cursor: Cursor) -> tuple[str, ...]:
    told = [f"{host}: {quota}" for host, quota in collector.http.quotas.items()]
    own = await collector.limits_left(cursor)
    return (*told, own) if own else tuple(told)


def _known_cursor(config: Config, name: str) -> Cursor:
    if not store_exists(config.store_url):
        return {}
    engine = open_store(config.store_url)
    try:
        with reading(engine) as conn:
            row = source_by_name(conn, name)
    finally:
        engine.dispose()
    return row.cursor if row else {}
