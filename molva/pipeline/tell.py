"""Tell: spikes become alerts, days become digests, and the outbox is sent."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime

from sqlalchemy import Connection

from molva.config import Config
from molva.digests import options_for, plan_for
from molva.rooms import Rooms, config_taxonomy
from reports.alerts import run_detection
from reports.deliver import DeliveryReport, deliver_due
from reports.digest import build_digest
from reports.interface import Audience, CauseNames
from reports.periods import Period
from reports.render import digest_message
from store.digests import DigestKey, digest_exists, save_digest
from store.engine import reading, writing
from store.interface import BrandRow
from store.outbox import enqueue
from store.sources import sources


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
    """Write every digest that is due and was not made yet: each once, late if need be.

    Returns:
        How many were written.
    """
    now = rooms.clock()
    return sum(
        _write_digest(rooms, brand, period, now)
        for brand in rooms.brands
        if not brand.is_rival
        for period in plan_for(rooms.config, brand.slug).due(now)
    )


def _write_digest(rooms: Rooms, brand: BrandRow, period: Period, now: datetime) -> bool:
    config, plan = rooms.config, plan_for(rooms.config, brand.slug)
    key = DigestKey(brand.id, period.kind, period.first, period.zone.key, plan.lang)
    with reading(rooms.engine) as conn:
        if digest_exists(conn, key) or not _watched_in(conn, period):
            return False
        facts = build_digest(conn, brand, period, options_for(config, brand.slug, now))
    message = digest_message(facts, plan.recipients, config.digest.pages)
    with writing(rooms.engine) as conn:
        if not save_digest(conn, key, facts.as_json(), now):
            return False
        for channel in config.channels:
            if channel.wants(message.kind) and plan.takes(channel.name):
                enqueue(conn, message.key, channel.name, message.as_payload(), now)
    return True


def _watched_in(conn: Connection, period: Period) -> bool:
    """Whether any source was already read by its end: before the first there is nothing to tell."""
    return any(source.created_at < period.end for source in sources(conn))


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
