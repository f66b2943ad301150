"""What the stand-in writes down of every request, at once, so that it outlives a SIGKILL."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Entry:
    """One request.

    Attributes:
        at: simulated seconds, when the answer began.
        site: index of the source.
        phase: of the pass that asked: `poll`, `reread` or `drain`.
        fault: how it failed; empty if it did not, `killed` if the process was while it was sent.
        marks: of the posts the answer shows, as `source.post.version`.
        body: a hash of it.
        early: whether the service had asked for silence until later.
    """

    at: float
    site: int
    phase: str
    fault: str
    status: int = 200
    marks: tuple[str, ...] = ()
    body: int = 0
    early: bool = False


class Log:
    """Appends entries to a file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def add(self, entry: Entry) -> None:
        """Write it down before the answer is sent."""
        os.write(self._file, (json.dumps(asdict(entry)) + "\n").encode())


def entries(path: Path) -> Iterator[Entry]:
    """All entries in their order."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            read = json.loads(line)
            yield Entry(**{**read, "marks": tuple(read["marks"])})
