"""`molva run`: the steps of the pipeline as jobs of one APScheduler, until SIGTERM.

The schedule itself lives in the store (`next_poll_at` of each source), so a restart forgets
nothing. One tick takes the sources that are due. A lease row keeps a second process from running
the same store.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from molva.app import App
from molva.pipeline.label import label_pending, prepare
from molva.pipeline.rematch import rematch_pending
from molva.pipeline.reread import reread_due
from molva.pipeline.tell import deliver, detect, write_digests
from molva.polls import Polls
from molva.rooms import forget_crashed_polls
from sentiment.interface import ModelError
from store.engine import writing
from store.leases import acquire, holder_of, release, renew
from store.retention import expire

log = logging.getLogger(__name__)

LEASE = "scheduler"
LEASE_SECONDS = 60.0
LOADING_SECONDS = 10.0
"""How long the first polls wait for the model; one from a hub may first have to be fetched."""

NIGHT = 3
"""The hour of UTC at which old texts expire."""


class AlreadyRunningError(Exception):
    """Another process runs the scheduler of this store."""


class Scheduler:
    """Runs an app's steps on their intervals.

    Args:
        tick: seconds between two looks for due sources, unlabelled mentions and messages.
        watch: seconds between two looks for spikes and due digests.
    """

    def __init__(self, app: App, *, tick: float = 5.0, watch: float = 60.0) -> None:
        self._app = app
        self._tick = tick
        self._watch = watch
        self._holder = f"{_machine()}:{os.getpid()}"
        self._polls = Polls(app.rooms)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Work until `stop` is called or SIGTERM or SIGINT arrives; polls at work finish.

        Raises:
            AlreadyRunningError: another process holds the store's lease.
        """
        async with self.lease():
            for name in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(name, self.stop)
            loading = asyncio.create_task(self.settle())
            await asyncio.wait({loading}, timeout=LOADING_SECONDS)
            await self._work()

    @asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """Hold the store's one scheduler lease, and tidy what a killed holder left.

        Raises:
            AlreadyRunningError: another process holds it.
        """
        self._take_lease()
        crashed = forget_crashed_polls(self._app.rooms)
        if crashed:
            log.warning("%d polls were cut off by a crash; their sources go on", crashed)
        renewing = asyncio.create_task(self._keep_lease())
        try:
            yield
        finally:
            renewing.cancel()
            with writing(self._app.rooms.engine) as conn:
                release(conn, LEASE, self._holder)

    def stop(self) -> None:
        """Ask the run to end after what is in flight."""
        self._stop.set()

    async def _work(self) -> None:
        scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
            timezone="UTC",
        )
        jobs: list[tuple[str, Callable[[], Awaitable[None]], float]] = [
            ("poll", self._poll_due, self._tick),
            ("label", self._label, self._tick),
            ("watch", self._watch_brands, self._watch),
            ("reread", self._reread, self._watch),
            ("rematch", self._rematch, self._watch),
            ("deliver", self._deliver, self._tick),
        ]
        now = self._app.rooms.clock()
        for name, job, seconds in jobs:
            scheduler.add_job(
                job, "interval", seconds=seconds, id=name, next_run_time=now, jitter=seconds * 0.1
            )
        # At the start, too: some machines sleep at night.
        scheduler.add_job(
            self._expire, "cron", hour=NIGHT, id="expire", jitter=600, next_run_time=now
        )
        scheduler.start()
        log.info("running; %d sources", len(self._app.rooms.collectors))
        await self._stop.wait()
        log.info("stopping after %d polls in flight", len(self._polls))
        scheduler.shutdown(wait=False)
        await self._polls.finish()

    async def settle(self) -> None:
        """Load the model before the first poll: importing and opening it holds every thread up."""
        try:
            await asyncio.to_thread(prepare, self._app.rooms)
        except ModelError as error:
            # The job says so again, and works as soon as the model does.
            log.error("nothing can be labelled: %s", error)  # noqa: TRY400 - no trace is needed
        # What is loaded by now stays. Looking through it for garbage stops every poll for 0.2 s.
        gc.collect()
        gc.freeze()

    async def _poll_due(self) -> None:
        self._polls.start_due()

    async def _rematch(self) -> None:
        changed = await asyncio.to_thread(rematch_pending, self._app.rooms)
        if changed:
            log.info("%d kept mentions name other products, places or writers now", changed)

    async def _label(self) -> None:
        report = await asyncio.to_thread(label_pending, self._app.rooms)
        if report.labels:
            log.info("labelled %d mentions, %d causes", report.labels, report.causes)

    async def _watch_brands(self) -> None:
        await asyncio.to_thread(detect, self._app.rooms)
        await asyncio.to_thread(write_digests, self._app.rooms)

    async def _reread(self) -> None:
        report = await reread_due(self._app.rooms)
        if report.changed or report.deleted:
            log.info(
                "read %d mentions again: %d edited, %d deleted",
                report.read,
                report.changed,
                report.deleted,
            )

    async def _deliver(self) -> None:
        report = await deliver(self._app.rooms)
        if report.failed:
            log.warning("delivery: %s", report.failures)

    async def _expire(self) -> None:
        rooms = self._app.rooms
        days = rooms.config.retention.by_terms()
        expired = await asyncio.to_thread(expire, rooms.engine, days, rooms.clock())
        if any(expired.values()):
            shown = ", ".join(f"{count} {terms}" for terms, count in expired.items() if count)
            log.info("texts kept long enough are gone: %s", shown)

    def _take_lease(self) -> None:
        rooms = self._app.rooms
        with writing(rooms.engine) as conn:
            former = holder_of(conn, LEASE)
            if former and _is_gone(former):
                # Killed here a moment ago: nobody has to wait for its time to be up.
                release(conn, LEASE, former)
            taken = acquire(
                conn, LEASE, self._holder, rooms.clock(), timedelta(seconds=LEASE_SECONDS)
            )
        if not taken:
            raise AlreadyRunningError(
                "another molva run holds this store; stop it, or wait a minute after a crash"
            )

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            try:
                held = await asyncio.to_thread(self._renew_lease)
            except SQLAlchemyError:
                log.exception("the lease of this store could not be renewed; trying again")
                continue
            if not held:
                log.error("the lease of this store was lost to another process; stopping")
                self.stop()
                return

    def _renew_lease(self) -> bool:
        rooms = self._app.rooms
        with writing(rooms.engine) as conn:
            return renew(conn, LEASE, self._holder, rooms.clock(), timedelta(seconds=LEASE_SECONDS))


def _machine() -> str:
    # The host's name and a network card: two containers may share the one, hardly both.
    return f"{socket.gethostname()}:{uuid.getnode():x}"


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that is no more; in doubt it is there."""
    machine, _, pid = holder.rpartition(":")
    if os.name != "posix" or machine != _machine():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # somebody else's process, so there is one
    return False
