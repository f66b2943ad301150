"""Tell: spikes become alerts, days become digests, and the outbox is sent."""

from __future__ import annotations

import asyncio
import os
from datetime import date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from molva.config import Config
from molva.rooms import Rooms, config_taxonomy
from reports.alerts import run_detection
from reports.deliver import DeliveryReport, deliver_due
from reports.digest import build_digest, day_bounds
from reports.interface import Audience, CauseNames
from reports.render import digest_message
from store.digests import digest_exists, save_digest
from store.engine import reading, writing
from store.interface import BrandRow
from store.outbox import enqueue
from store.sources import sources


class _Which(TypedDict):
    """What makes a digest one and the same."""

    brand_id: int
    day: date
    zone: str
    lang: str


def detect(rooms: Rooms) -> int:
    """Look for spikes of every watched brand; events and messages land in one transaction.

    Returns:
        How many alert events (opened, updated, over) were written.
    """
    watched = [brand for brand in rooms.brands if not brand.is_rival]
    config = rooms.config
    audience = Audience(
        lang=config.language,
        zone=config.timezone,
        channels=tuple(channel.name for channel in config.channels if channel.wants("alert")),
        cause_names=reporting_names(config),
    )
    with writing(rooms.engine) as conn:
        return run_detection(conn, watched, rooms.clock(), config.alerts, audience)


def write_digests(rooms: Rooms) -> int:
    """Write yesterday's digest of each watched brand once its hour has come; once a day.

    Returns:
        How many were written.
    """
    config = rooms.config
    now = rooms.clock()
    local = now.astimezone(config.timezone)
    if not config.digest.enabled or local.hour < config.digest.hour:
        return 0
    day = local.date() - timedelta(days=1)
    watched = [brand for brand in rooms.brands if not brand.is_rival]
    return sum(_write_digest(rooms, brand, day, now) for brand in watched)


def _write_digest(rooms: Rooms, brand: BrandRow, day: date, now: datetime) -> bool:
    config = rooms.config
    which = _Which(brand_id=brand.id, day=day, zone=config.timezone.key, lang=config.language)
    with reading(rooms.engine) as conn:
        if digest_exists(conn, **which) or not _watched_on(conn, day, config.timezone):
            return False
        facts = build_digest(
            conn,
            brand,
            day,
            config.timezone,
            config.language,
            now,
            cause_names=reporting_names(config),
        )
    message = digest_message(facts)
    with writing(rooms.engine) as conn:
        if not save_digest(conn, **which, facts=facts.as_json(), now=now):
            return False
        for channel in config.channels:
            if channel.wants(message.kind):
                enqueue(conn, message.key, channel.name, message.as_payload(), now)
    return True


def _watched_on(conn: Connection, day: date, zone: ZoneInfo) -> bool:
    """Whether any source was already read that day: before the first there is nothing to tell."""
    _, end = day_bounds(day, zone)
    return any(source.created_at < end for source in sources(conn))


def reporting_names(config: Config) -> CauseNames:
    """What the causes and drivers in use are called, in both languages."""
    return config_taxonomy(config).names()


async def deliver(rooms: Rooms) -> DeliveryReport:
    """Send what the outbox holds and is due."""
    return await asyncio.to_thread(
        deliver_due,
        rooms.engine,
        rooms.config.channels_by_name,
        rooms.clock,
        environment=os.environ,
        jitter=rooms.rng.random,
    )
