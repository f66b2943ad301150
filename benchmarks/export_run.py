"""One contestant of the export benchmark, in a process of its own.

Prints seconds, how many of them the processor worked, and peak MB.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.dialects import sqlite

from store.engine import open_store
from store.export_rows import columns_statement
from store.interface import MentionFilter


def main(name: str, place: Path) -> None:
    """Run the bare cursor, or an export of that format."""
    seconds, worked = _cursor(place) if name == "cursor" else _export(name, place)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "processor": worked, "memory": peak}))


def _cursor(place: Path) -> tuple[float, float]:
    open_store(f"sqlite:///{place / 'molva.db'}").dispose()
    statement = columns_statement().compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    with sqlite3.connect(place / "molva.db") as bare:
        bare.execute("PRAGMA cache_size = -65536")
        start = _clocks()
        cursor = bare.execute(f"{statement} ORDER BY brand_mention.id")
        while cursor.fetchmany(10_000):
            pass
        return _since(start)


def _export(name: str, place: Path) -> tuple[float, float]:
    from reports.export import export  # noqa: PLC0415 - the cursor needs none of it
    from reports.export_formats import FORMATS  # noqa: PLC0415

    format_ = next(one for one in FORMATS if one == name)
    engine = open_store(f"sqlite:///{place / 'molva.db'}")
    start = _clocks()
    export(engine, place / f"out.{name}", format_, MentionFilter(), now=datetime.now(UTC))
    return _since(start)


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> tuple[float, float]:
    wall, worked = _clocks()
    return wall - start[0], worked - start[1]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
