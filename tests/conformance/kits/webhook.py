from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from collectors.inbox import Inbox
from tests.conformance.kit import Item, Kit


class WebhookKit(Kit):
    """A sender that delivers everything it has again and again, a page at a time."""

    type = "webhook"
    over_http = False
    environment: ClassVar = {"HOOK_SECRET": "s3cret-of-the-webhook"}
    lag = timedelta(days=300)

    def __init__(self) -> None:
        self._deliveries = count()

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {"secret_env": "HOOK_SECRET", "inbox": str(folder), "page_size": 3}

    def publish(self, items: Sequence[Item], folder: Path) -> None:
        inbox = Inbox(folder / "a-source")
        inbox.remove(inbox.names())
        for start in range(0, len(items), self.page):
            body = json.dumps([_post(item) for item in items[start : start + self.page]])
            inbox.put(f"{next(self._deliveries):06}", body.encode())


def _post(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    post = {
        "id": item.number if item.has_id else None,
        "text": item.text,
        "published_at": item.stamp() or None,
        "author": {"handle": "@anna"},
    }
    return {name: value for name, value in post.items() if value is not None}


KIT = WebhookKit()
