"""One contestant of the export benchmark, in a process of its own.

Prints seconds, how many of them the processor worked, and peak MB. pyarrow would import pandas
where it finds it, 25 MB that no export needs and the default install does not have: not here.
"""

from __future__ import annotations

import json
import re
import resource
import sqlite3
import sys
import time
from datetime import UTC, datetime
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import sqlite

from store.engine import open_store
from store.export_rows import columns_statement
from store.interface import MentionFilter
from store.tables import BRAND, BRAND_MENTION, LABEL, MODEL_VERSION, SIGHTING, SOURCE


def main(name: str, place: Path) -> None:
    """Run the bare cursor, or an export of that format."""
    sys.meta_path.insert(0, _WithoutPandas())
    seconds, worked = _cursor(place) if name == "cursor" else _export(name, place)
    print(json.dumps({"seconds": seconds, "processor": worked, "memory": _peak()}))


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> None:
        """Refuse one name; all others are found elsewhere."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)


def _peak() -> float:
    # What `getrusage` tells on Linux begins at the peak of the process that started this one.
    if (status := Path("/proc/self/status")).exists():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        if found:
            return int(found[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _cursor(place: Path) -> tuple[float, float]:
    open_store(f"sqlite:///{place / 'molva.db'}").dispose()
    statement = _plain().compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with sqlite3.connect(place / "molva.db") as bare:
        bare.execute("PRAGMA cache_size = -65536")
        start = _clocks()
        cursor = bare.execute(f"{statement} ORDER BY brand_mention.id")
        while cursor.fetchmany(10_000):
            pass
        return _since(start)


def _plain() -> Select[Any]:
    """The mentions of an export in one SELECT: the export's own, and what it joins by itself."""
    seen = (
        select(func.group_concat(SOURCE.c.name))
        .join_from(SIGHTING, SOURCE, SOURCE.c.id == SIGHTING.c.source_id)
        .where(SIGHTING.c.mention_id == BRAND_MENTION.c.mention_id)
        .correlate(BRAND_MENTION)
    )
    return (
        columns_statement()
        .add_columns(BRAND.c.slug, BRAND.c.name, MODEL_VERSION.c.model, MODEL_VERSION.c.taxonomy)
        .add_columns(seen.scalar_subquery())
        .join(BRAND, BRAND.c.id == BRAND_MENTION.c.brand_id)
        .outerjoin(MODEL_VERSION, MODEL_VERSION.c.id == LABEL.c.version_id)
    )


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
