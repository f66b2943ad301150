"""A loopback server of two growing sources and a webhook, for processes that get killed."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

WINDOW = 90
"""Entries the feed shows at once, its newest."""


@dataclass(frozen=True)
class Item:
    id: str
    at: datetime
    text: str


@dataclass
class GrowingServer:
    """Serves `feed` as RSS and `toots` as a Mastodon tag timeline; counts webhook deliveries."""

    feed: list[Item] = field(default_factory=list)
    toots: list[Item] = field(default_factory=list)
    delivered: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/feed":
                    self._answer("application/rss+xml", owner.rss())
                elif parts.path.startswith("/api/v1/timelines/tag/"):
                    self._answer("application/json", owner.timeline(parse_qs(parts.query)))
                else:
                    self.send_error(404)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                owner.delivered[self.headers["Idempotency-Key"]] += 1
                self._answer("application/json", "{}")

            def _answer(self, kind: str, body: str) -> None:
                payload = body.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                try:
                    self.wfile.write(payload)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client was killed, as it should be

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def rss(self) -> str:
        items = "".join(
            f'<item><guid isPermaLink="false">{item.id}</guid><title>Post</title>'
            f"<description>{item.text}</description>"
            f"<pubDate>{format_datetime(item.at)}</pubDate></item>"
            for item in reversed(self.feed[-WINDOW:])
        )
        return f'<rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'

    def timeline(self, query: dict[str, list[str]]) -> str:
        toots = sorted(self.toots, key=lambda item: int(item.id), reverse=True)
        limit = int(query.get("limit", ["20"])[0])
        if "min_id" in query:
            newer = [item for item in toots if int(item.id) > int(query["min_id"][0])]
            page = newer[-limit:]
        else:
            below = int(query.get("max_id", ["9" * 18])[0])
            page = [item for item in toots if int(item.id) < below][:limit]
        return json.dumps([self._status(item) for item in page])

    def _status(self, item: Item) -> dict[str, object]:
        return {
            "id": item.id,
            "uri": f"{self.url}/statuses/{item.id}",
            "url": f"{self.url}/@a/{item.id}",
            "created_at": item.at.isoformat(),
            "edited_at": None,
            "content": f"<p>{item.text}</p>",
            "visibility": "public",
            "language": "en",
            "spoiler_text": "",
            "account": {"id": "1", "acct": "a", "display_name": "A", "followers_count": 5},
            "favourites_count": 0,
            "reblogs_count": 0,
            "replies_count": 0,
            "in_reply_to_id": None,
            "reblog": None,
            "tags": [],
        }
