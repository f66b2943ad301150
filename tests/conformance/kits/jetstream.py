from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from tests.conformance.kit import NOW, Item, Kit
from tests.conformance.server import Answer, Request, json_answer, stream_answer

DID = "did:plc:anna"


class JetstreamKit(Kit):
    type = "jetstream"
    environment: ClassVar = {}
    lag = timedelta(days=300)
    # Whole messages before the stream broke off are good.
    truncation_is_an_error = False

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        hosts = [base_url.replace("http://", "ws://")]
        return {"hosts": hosts, "page_size": 3, "backfill": "5h"}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path != "/subscribe":
            return json_answer({"error": "no such path"}, 404)
        cursor = int(request.query["cursor"])
        events = [_event(item) for item in items if time_us(item.number) >= cursor]
        # The network never sleeps: there is always something newer.
        beat = {"kind": "identity", "did": DID, "time_us": time_us(10**5)}
        return stream_answer(request, [json.dumps(event) for event in [*events, beat]])


def time_us(number: int) -> int:
    """When the network saw an item, whatever date it claims."""
    return int((NOW - timedelta(hours=1)).timestamp() * 1e6) + number * 10**6


def _event(item: Item) -> Any:
    if item.junk is not None:
        return item.junk
    record = {"$type": "app.bsky.feed.post", "text": item.text, "langs": ["en"]}
    record |= {"createdAt": item.stamp()} if item.at else {}
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "record": record}
    commit |= {"rkey": f"3k{item.number}"} if item.has_id else {}
    return {"did": DID, "time_us": time_us(item.number), "kind": "commit", "commit": commit}


KIT = JetstreamKit()
