"""Sends what the outbox holds: each (message, channel) once in effect, a failure stops no other.

A message is written to the outbox with the decision that made it; here it is read back, sent and
marked. It is claimed first, so two processes do not send it at once. A process killed between
sending and marking leaves it to be sent again once the claim has run out, so every channel is
given the same key both times: a file is named by it, a webhook carries it as `Idempotency-Key`, an
e-mail has it as its Message-ID. A chat knows no such key and may show that one message twice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from reports.channels import Channel, send
from reports.failing import PATIENCE, tell_failing
from reports.folding import end_told, message_of
from reports.interface import ChannelError, Lang
from reports.manners import Manners, settle
from store.alert_rows import DueMessage
from store.engine import reading, writing
from store.outbox import claim, due, failing_channels, mark_retry, mark_sent

Clock = Callable[[], datetime]

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
GIVE_UP_AFTER = 12
"""Attempts: with the waits above, a channel may be down for about a day and a half."""
CLAIM = timedelta(minutes=10)
"""For so long nobody else sends a message that a process has taken; longer than any timeout."""
BATCH = 100


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one delivery run did, and why what failed did.

    Attributes:
        errors: of each that failed the channel and the reason.
        refused: the addresses that a mail server refused of a mail that it took, by channel.
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    errors: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def failures(self) -> str:
        """What went wrong: `1 failed (hook: the webhook answered 500)`; empty if nothing did."""
        failed = f"{self.failed} failed ({'; '.join(self.errors)})" if self.failed else ""
        refused = f"refused: {'; '.join(self.refused)}" if self.refused else ""
        return ", ".join(part for part in (failed, refused) if part)


@dataclass(frozen=True, slots=True)
class _Outcome:
    row: DueMessage
    error: str | None
    permanent: bool = False
    wait: timedelta = timedelta(0)
    refused: tuple[str, ...] = ()


def deliver_due(
    engine: Engine,
    channels: Mapping[str, Channel],
    clock: Clock,
    *,
    environment: Mapping[str, str],
    jitter: Callable[[], float] = random.random,
    manners: Manners | None = None,
    lang: Lang = "en",
) -> DeliveryReport:
    """Send every message that is due, the channels beside each other.

    Blocks; an asynchronous caller runs it in a thread. A channel's messages go in their order,
    and after its first failure the rest of them wait for the next run.

    Args:
        engine: the store.
        channels: the configured channels by name.
        clock: the current time.
        environment: where channels find their secrets by name.
        jitter: uniform in [0, 1); spreads retries.
        manners: when people want to be left alone; default: never.
        lang: of a notice about a failing channel.
    """
    rows = _to_send(engine, channels, clock(), manners or Manners(ZoneInfo("UTC")), lang)
    by_channel: dict[str, list[DueMessage]] = {}
    for row in rows:
        by_channel.setdefault(row.channel, []).append(row)
    if not by_channel:
        return DeliveryReport()
    with ThreadPoolExecutor(max_workers=min(8, len(by_channel))) as pool:
        jobs = [
            pool.submit(_serve, engine, channels.get(name), queue, clock, environment, jitter)
            for name, queue in by_channel.items()
        ]
        return _together([job.result() for job in jobs])


def _together(reports: Sequence[DeliveryReport]) -> DeliveryReport:
    return DeliveryReport(
        sent=sum(report.sent for report in reports),
        failed=sum(report.failed for report in reports),
        given_up=sum(report.given_up for report in reports),
        errors=tuple(error for report in reports for error in report.errors),
        refused=tuple(address for report in reports for address in report.refused),
    )


def _to_send(
    engine: Engine, channels: Mapping[str, Channel], now: datetime, manners: Manners, lang: Lang
) -> list[DueMessage]:
    """What is to be sent now; writes only where something has to be settled."""
    with reading(engine) as conn:
        rows = due(conn, now, BATCH)
        failing = failing_channels(conn)
    if not rows and all(now - row.since < PATIENCE for row in failing):
        return []
    with writing(engine) as conn:
        tell_failing(conn, channels, now, lang, manners.zone)
        return settle(conn, due(conn, now, BATCH), channels, manners, now)


def _serve(
    engine: Engine,
    channel: Channel | None,
    queue: list[DueMessage],
    clock: Clock,
    environment: Mapping[str, str],
    jitter: Callable[[], float],
) -> DeliveryReport:
    """Send one channel's messages until the first failure; mark each as soon as it is known."""
    sent, refused = 0, tuple[str, ...]()
    for row in queue:
        now = clock()
        with writing(engine) as conn:
            if not claim(conn, row.id, now, now + CLAIM):
                continue
        outcome = _attempt(channel, row, environment)
        now = clock()
        with writing(engine) as conn:
            if outcome.error is None:
                mark_sent(conn, row.id, now)
                end_told(conn, row, now)
                sent += 1
                refused += tuple(f"{row.channel}: {address}" for address in outcome.refused)
                continue
            give_up = outcome.permanent or row.attempts + 1 >= GIVE_UP_AFTER
            wait = max(back_off(row.attempts, jitter()), min(outcome.wait, LONGEST_WAIT))
            mark_retry(conn, row.id, outcome.error, now + wait, give_up=give_up)
        error = f"{row.channel}: {outcome.error}" + (", given up" if give_up else "")
        return DeliveryReport(sent, 1, int(give_up), (error,), refused)
    return DeliveryReport(sent, refused=refused)


def _attempt(channel: Channel | None, row: DueMessage, environment: Mapping[str, str]) -> _Outcome:
    if channel is None:
        return _Outcome(row, "no channel of this name is configured")
    try:
        refused = send(channel, message_of(row), environment)
    except ChannelError as error:
        return _Outcome(row, str(error), error.permanent, error.retry_after or timedelta(0))
    return _Outcome(row, None, refused=refused)


def back_off(attempts: int, jitter: float) -> timedelta:
    """How long to wait after that many earlier attempts: doubled each time, ± 25 %, capped."""
    wait: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 20))
    return wait * (0.75 + 0.5 * jitter)
