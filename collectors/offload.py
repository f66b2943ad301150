"""Heavy, pure work off the event loop: big pieces in other processes, small ones in a thread.

A process costs some 0.3 s to start, so none is started before the first big piece; they are
kept for as long as the program runs, and then spare the program's own thread of small pieces too.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache, partial
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Final, ParamSpec, TypeVar

SMALL: Final = 24_000
"""Bytes up to which a thread is quicker than starting other processes."""

TINY: Final = 4_000
"""Bytes up to which a thread is quicker than a process that is there: about a millisecond."""

LONGEST: Final = 60
"""Seconds after which a piece of work in another process is given up."""

WORKERS: Final = max(1, min(4, os.cpu_count() or 1))

_STARTING: Final = threading.Lock()

P = ParamSpec("P")
T = TypeVar("T")


class GaveUpError(Exception):
    """The work took too long, or took its process down with it."""


async def run(size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of `function(*args, **kwargs)`, computed without holding up the event loop.

    Args:
        size: bytes of input, which decides where it runs.
        function: importable by name; it, its arguments and its result must pickle.
        args: for it.
        kwargs: for it.

    Raises:
        GaveUpError: it took longer than `LONGEST`, or its process died.
    """
    work = partial(function, *args, **kwargs)
    if size <= (TINY if _pool.cache_info().currsize else SMALL):
        return await asyncio.to_thread(work)
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(await _started(), _bounded, work)
    except TimeoutError:
        raise GaveUpError(f"it took longer than {LONGEST} s") from None
    except BrokenProcessPool:
        _pool.cache_clear()
        raise GaveUpError("its process died, out of memory perhaps") from None


async def _started() -> ProcessPoolExecutor:
    """The processes; starting them takes long enough to hold the event loop up."""
    if _pool.cache_info().currsize:
        return _pool()
    return await asyncio.to_thread(_start)


def _start() -> ProcessPoolExecutor:
    with _STARTING:
        return _pool()


@cache
def _pool() -> ProcessPoolExecutor:
    pool = ProcessPoolExecutor(WORKERS, mp_context=_Lean(), initializer=_settle)
    # The first piece of work is what starts them.
    pool.submit(int)
    return pool


class _LeanProcess(SpawnProcess):
    """A process that does not import the program's main module again.

    It has no use for it, and would pay a second and 60 MB; and a script that calls Molva without
    a `__main__` guard would start itself over and over.
    """

    def start(self) -> None:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            super().start()
        finally:
            sys.modules["__main__"] = main


class _Lean(SpawnContext):
    """spawn, because a fork would copy the parent's threads' locks in whatever state they are."""

    Process = _LeanProcess


def _settle() -> None:
    """Prepare a worker: leave Ctrl-C to the parent, and never outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: multiprocessing.process.BaseProcess) -> None:
    """End with the parent even if it is killed: the pool's own pipes stay open among workers."""
    parent.join()
    os._exit(1)


def _bounded(work: Callable[[], T]) -> T:
    if not hasattr(signal, "setitimer"):  # Windows
        return work()
    signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, LONGEST)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ring(signum: int, frame: object) -> None:
    raise TimeoutError
