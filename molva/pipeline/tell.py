"""Tell: spikes become alerts, days become digests, and the outbox is sent."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from molva.config import Config, ConfigError
from molva.rooms import Rooms, config_taxonomy
from reports.alerts import run_detection
from reports.deliver import DeliveryReport, deliver_due
from reports.digest import build_digest, day_bounds
from reports.interface import Audience, CauseNames
from reports.links import SHORTEST_SECRET, Links
from reports.manners import Manners
from reports.render import digest_message
from store.digests import digest_exists, save_digest
from store.engine import reading, writing
from store.interface import BrandRow
from store.outbox import enqueue
from store.sources import sources

log = logging.getLogger(__name__)


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
        routes={channel.name: channel.route for channel in config.channels},
        links=alert_links(config),
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
        manners=Manners(rooms.config.timezone, rooms.config.quiet_hours),
        lang=rooms.config.language,
    )


def alert_links(config: Config) -> Callable[[int, datetime], Mapping[str, str]] | None:
    """What makes the signed links of an alert; None if they are not configured.

    Without a secret the alerts go out without links, and the log says so: an alert matters more.
    """
    if config.links is None:
        return None
    try:
        secret = link_secret(config)
    except ConfigError as error:
        log.warning("alerts have no links: %s", error)
        return None
    return Links(config.links.base_url, secret, timedelta(days=config.links.valid_days)).of


def link_secret(config: Config) -> str:
    """The secret that links are signed with.

    Raises:
        ConfigError: links are not configured, or the secret is not set or too short.
    """
    if config.links is None:
        raise ConfigError([f"{config.path}: links: no [links] table, so no link was made here"])
    secret = os.environ.get(config.links.secret_env, "")
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(
            [
                f"{config.path}: links.secret_env: set {config.links.secret_env} to at least "
                f"{SHORTEST_SECRET} random characters, e.g. from: openssl rand -hex 32"
            ]
        )
    return secret
