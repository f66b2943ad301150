"""Tell: spikes become alerts, days become digests, and the outbox is sent."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from molva.config import Config, ConfigError
from molva.digests import options_for, plan_for
from molva.rooms import Rooms, config_taxonomy
from reports.alert_words import NUMBER, commands
from reports.alerts import run_detection
from reports.deliver import DeliveryReport, deliver_due
from reports.digest import build_digest
from reports.interface import Audience, CauseNames
from reports.links import SHORTEST_SECRET, Links
from reports.manners import Manners
from reports.periods import Period
from reports.render import digest_message
from store.digests import DigestKey, digest_exists, save_digest
from store.engine import reading, writing
from store.interface import BrandRow
from store.outbox import enqueue
from store.sources import sources

log = logging.getLogger(__name__)


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
        manners=Manners(rooms.config.timezone, rooms.config.quiet_hours),
        lang=rooms.config.language,
    )


def alert_links(config: Config) -> Callable[[int, datetime], Mapping[str, str]]:
    """What says how an alert is answered: its number, with signed links or else with commands.

    Without a secret the alerts go out without links, and the log says so: an alert matters more.
    """
    ways = _link_maker(config) or commands
    return lambda alert_id, now: {NUMBER: str(alert_id), **ways(alert_id, now)}


def _link_maker(config: Config) -> Callable[[int, datetime], Mapping[str, str]] | None:
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
