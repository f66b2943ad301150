"""The `reader` library's side of the ingest benchmark; imports nothing of Molva's.

python benchmarks/ingest_reader.py FOLDER SERVER KIND FEEDS EXPECTED
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from reader import make_reader


def run(database: Path, server: str, kind: str, feeds: int, expected: int) -> dict[str, float]:
    """Seconds to open and add the feeds, for their first update and for an unchanged second.

    Raises:
        RuntimeError: it stored another number of entries than the feeds hold.
    """
    start = time.perf_counter()
    with make_reader(str(database)) as reader:
        for number in range(feeds):
            reader.add_feed(f"{server}/{kind}/{number}.xml")
        opened = time.perf_counter()
        reader.update_feeds(workers=10, scheduled=False)
        polled = time.perf_counter()
        reader.update_feeds(workers=10, scheduled=False)
        ended = time.perf_counter()
        stored = reader.get_entry_counts().total
    if stored != expected:
        raise RuntimeError(f"reader stored {stored} of {expected}")
    return {"open": opened - start, "first": polled - opened, "second": ended - polled}


def main(folder: str, server: str, kind: str, feeds: str, expected: str) -> None:
    """Run once and print the seconds as JSON."""
    found = run(Path(folder) / "reader.db", server, kind, int(feeds), int(expected))
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
