"""Heavy work runs in other processes without waking the program that asked."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """\
import asyncio
from collectors import offload

print("main", __name__)
print(asyncio.run(offload.run(offload.SMALL + 1, sorted, [3, 1, 2])))
"""


SMALL_ONES = """\
import asyncio, os
from collectors import offload

async def main():
    first = await offload.run(offload.SMALL, os.getpid)
    await offload.run(offload.SMALL + 1, os.getpid)
    later = await offload.run(offload.SMALL, os.getpid)
    tiny = await offload.run(offload.TINY, os.getpid)
    print(first == os.getpid(), later == os.getpid(), tiny == os.getpid())

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_small_pieces_go_to_the_processes_only_once_a_big_one_has_started_them(tmp_path: Path):
    assert said_by(SMALL_ONES, tmp_path) == "True False True\n"


def test_a_script_without_a_main_guard_is_not_started_again_in_the_workers(tmp_path: Path):
    assert said_by(SCRIPT, tmp_path) == "main __main__\n[1, 2, 3]\n"


def said_by(text: str, folder: Path) -> str:
    script = folder / "script.py"
    script.write_text(text)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout
