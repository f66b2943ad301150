"""Work in one other thread: shaping and compressing a batch go on beside reading the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

_AHEAD = 2
"""Batches that may wait: few, so memory stays flat."""


class Behind:
    """Does in one other thread, in order, what it is told.

    Only for work that is Arrow's: work in Python would hold up the reader at every row, for
    SQLite's driver hands over the interpreter's lock that often. What goes wrong there is raised
    here, by a later call.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def do(self, work: Callable[[], None]) -> None:
        """Do this, soon."""
        self._wait(_AHEAD)
        self._under_way.append(self._thread.submit(work))

    def finish(self) -> None:
        """Wait until all is done."""
        self._wait(0)

    def _wait(self, left: int) -> None:
        while len(self._under_way) > left:
            self._under_way.popleft().result()
