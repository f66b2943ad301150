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


def test_a_script_without_a_main_guard_is_not_started_again_in_the_workers(tmp_path: Path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("main __main__\n[1, 2, 3]\n", "")
