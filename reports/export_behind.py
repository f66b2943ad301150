"""Writing in a thread of its own: compressing a batch and reading the next go on side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import pyarrow as pa

from reports.columns import TableName
from reports.export_formats import Writer

_AHEAD = 2
"""Batches that may wait: few, so memory stays flat."""


class Behind:
    """A writer whose work is done in one other thread, in order.

    Only for writers whose work is Arrow's: one that works in Python would hold up the reader at
    every row, for SQLite's driver hands over the interpreter's lock that often. What goes wrong
    there is raised here, by a later call.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._under_way: deque[Future[None]] = deque()

    @property
    def cut_cells(self) -> int:
        """How many values the writer had to cut; asked after `finish` or between batches."""
        self._wait(0)
        return self._writer.cut_cells

    def __enter__(self) -> Self:
        self._writer.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._writer.__exit__(*error)

    def write(self, table: TableName, batch: pa.RecordBatch) -> None:
        """Add rows to a table, soon."""
        self._wait(_AHEAD)
        self._under_way.append(self._thread.submit(self._writer.write, table, batch))

    def finish(self, about: Mapping[str, Any], dictionary: list[list[str]]) -> None:
        """Wait for all rows, then add what a file can hold of the export itself."""
        self._wait(0)
        self._writer.finish(about, dictionary)

    def _wait(self, left: int) -> None:
        while len(self._under_way) > left:
            self._under_way.popleft().result()
