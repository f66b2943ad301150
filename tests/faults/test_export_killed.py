"""Kill -9 in the middle of an export: what lies under its name is whole, or what was there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reports.export import export
from reports.export_formats import Format
from reports.export_read import open_export
from store.interface import MentionFilter
from tests.reports.world import NOON, new_world

WRITER = """\
import sys
from datetime import UTC, datetime
from pathlib import Path
from reports.export import export
from store.engine import open_store
from store.export_rows import mention_batches
from store.interface import MentionFilter

mention_batches.__defaults__ = (3,)

def half_way(rows):
    if rows == 6:
        print(rows, flush=True)
        sys.stdin.read()

url, path, format_ = sys.argv[1:]
now = datetime(2026, 3, 3, tzinfo=UTC)
export(open_store(url), Path(path), format_, MentionFilter(), half_way, now=now)
"""


@pytest.mark.parametrize(
    ("name", "format_"),
    [("o.csv", "csv"), ("o.parquet", "parquet"), ("o.zip", "jsonl"), ("o", "csv")],
)
@pytest.mark.parametrize("before", [False, True], ids=["new", "replacing"])
def test_a_killed_export_leaves_no_half_file(
    tmp_path: Path, name: str, format_: Format, before: bool
) -> None:
    world = new_world(tmp_path / "molva.db")
    for number in range(12):
        world.post(f"Zerno number {number}", NOON)
    world.save(NOON)
    path = tmp_path / "out" / name
    path.parent.mkdir()
    if before:
        export(world.engine, path, format_, MentionFilter(mention_id=1), now=NOON)
    url = str(world.engine.url)
    command = [sys.executable, "-c", WRITER, url, str(path), format_]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "6\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert path.exists() == before
    if before:
        with open_export(path) as kept:
            assert kept.damaged() == []
            assert [row["mention_id"] for row in kept.mentions()] == [1]
    made = export(world.engine, path, format_, MentionFilter(), now=NOON)
    assert made.rows == 12
    world.engine.dispose()
