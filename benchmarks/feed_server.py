"""A loopback server of made feeds, in a process of its own so that no peer pays for it.

/etag/7.xml    answers 304 to a client that has it
/plain/7.xml   gives no validators and ignores those it is sent
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from benchmarks.feeds import rss

BODIES: Final[dict[str, bytes]] = {}


class Handler(BaseHTTPRequestHandler):
    """Serves `BODIES` by their names."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        """Answer with a feed, or with 304."""
        _, kind, name = self.path.split("/")
        body = BODIES[name]
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        if kind == "etag" and self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", etag)
        else:
            self._answer(200, body, etag if kind == "etag" else "")

    def _answer(self, status: int, body: bytes, etag: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        if etag:
            self.send_header("ETag", etag)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a line a request would be measured too."""


class Server(ThreadingHTTPServer):
    """Takes in ten connections at once; the default drops them, and each waits a second."""

    daemon_threads = True
    request_queue_size = 128


@contextmanager
def serving(feeds: int, count: int) -> Iterator[str]:
    """The address of a server of so many feeds of so many entries, while the block runs."""
    command = [sys.executable, "-m", "benchmarks.feed_server", str(feeds), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def main(feeds: int, count: int) -> None:
    """Serve on a free port, told on the standard output, until terminated."""
    BODIES.update({f"{feed}.xml": rss(feed, count) for feed in range(feeds)})
    server = Server(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
