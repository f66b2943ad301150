from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.conformance.kit import Item, Kit
from tests.conformance.kits.mastodon import KIT as TIMELINE
from tests.conformance.server import Answer, Request, json_answer, stream_answer


class MastodonStreamKit(Kit):
    """The timelines of the other kit, and a stream that breaks off at once."""

    type = "mastodon_stream"
    environment = TIMELINE.environment
    lag = timedelta(days=300)

    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        return {**TIMELINE.table(base_url, folder), "listen": "1s"}

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        if request.path == "/api/v2/instance":
            return json_answer({"configuration": {"urls": {}}})
        if request.path == "/api/v1/streaming":
            if request.headers.get("authorization") != "Bearer s3cret-mastodon-token":
                return json_answer({"error": "Access token is missing"}, 401)
            return stream_answer(request, [json.dumps({"event": "filters_changed"})])
        return TIMELINE.answer(request, items)


KIT = MastodonStreamKit()
