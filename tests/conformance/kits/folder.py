from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.kits.file import row_of


class FolderKit(Kit):
    """A file for every four items, so that several are read and one grows."""

    type = "folder"
    over_http = False
    lag = timedelta(days=300)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"path": str(folder / "incoming"), "page_size": 3}

    def publish(self, items: Sequence[Item], folder: Path) -> None:
        incoming = folder / "incoming"
        incoming.mkdir(exist_ok=True)
        for start in range(0, len(items), 4):
            lines = "".join(json.dumps(row_of(item)) + "\n" for item in items[start : start + 4])
            path = incoming / f"part-{start:05}.jsonl"
            if not path.exists() or path.read_text() != lines:
                path.write_text(lines)
                settled = (NOW - timedelta(hours=1)).timestamp()
                os.utime(path, (settled, settled + len(lines) / 1e6))


KIT = FolderKit()
