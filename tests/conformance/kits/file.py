from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import Item, Kit


class FileKit(Kit):
    type = "file"
    over_http = False
    lag = timedelta(days=300)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"path": str(folder / "posts.jsonl"), "page_size": 3}

    def publish(self, items: Sequence[Item], folder: Path) -> None:
        lines = "".join(json.dumps(row_of(item)) + "\n" for item in items)
        path = folder / "posts.jsonl"
        if not path.exists() or path.read_text() != lines:
            path.write_text(lines)


def row_of(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    row = {
        "id": str(item.number) if item.has_id else None,
        "text": item.text,
        "date": item.stamp() or None,
        "author": "anna",
    }
    return {name: value for name, value in row.items() if value is not None}


KIT = FileKit()
