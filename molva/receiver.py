"""The listening end of the `webhook` source: checks a delivery, keeps it, and answers.

The standard library's threading server, because one POST route needs no framework, and because
every accepted delivery waits for the disk anyway. Connections, body sizes and times are bounded.
TLS is left to the web server in front.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from collectors.inbox import Inbox
from collectors.interface import Clock, FatalError, SkippableError
from collectors.pushed import checked, items_of
from collectors.signing import SIGNATURE, TIMESTAMP, RefusedError, check
from collectors.sources.webhook import WebhookSettings

log = logging.getLogger(__name__)

LARGEST: Final = 1 << 20
"""Bytes of a delivery."""

MOST_WAITING: Final = 10_000
"""Deliveries in an inbox; when nobody reads it, senders are told to come later."""

CONNECTIONS: Final = 64
PATIENCE: Final = 15.0
"""Seconds a sender may take for a whole request."""

LATER: Final = {"Retry-After": "60"}
BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


@dataclass(frozen=True)
class Reply:
    """What a sender is told."""

    status: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Hook:
    secret: str
    inbox: Inbox


class Receiver:
    """Decides about deliveries; knows nothing of sockets.

    Args:
        sources: the webhook sources to receive for.
        clock: ours, which a timestamp is held against.

    Raises:
        FatalError: a secret is missing, or two sources have one address.
    """

    def __init__(self, sources: Iterable[WebhookSettings], clock: Clock) -> None:
        self._clock = clock
        self._hooks: dict[str, _Hook] = {}
        for source in sources:
            if source.hook in self._hooks:
                raise FatalError(f"two webhook sources would have the address /hooks/{source.hook}")
            self._hooks[source.hook] = _Hook(source.secret(), source.deliveries)

    @property
    def paths(self) -> list[str]:
        """The addresses that are received at."""
        return [f"/hooks/{name}" for name in self._hooks]

    def knows(self, path: str) -> bool:
        """Whether anything is received at this address."""
        return urlsplit(path).path in self.paths

    def receive(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Keep a delivery if it is signed and holds a post, and say what became of it.

        Args:
            path: of the request.
            headers: of the request, by lower-case names.
            body: as it was sent.
        """
        hook = self._hooks.get(urlsplit(path).path.removeprefix("/hooks/"))
        if hook is None:
            return Reply(404, {"error": "there is no such hook"})
        stamp, given = headers.get(TIMESTAMP.lower(), ""), headers.get(SIGNATURE.lower(), "")
        try:
            name = check(hook.secret, stamp, given, body, self._clock())
        except RefusedError as error:
            return Reply(401, {"error": str(error)})
        try:
            items = items_of(body)
        except ValueError as error:
            return Reply(400, {"error": str(error)})
        rejected = list(_problems(items))
        if len(rejected) == len(items):
            return Reply(422, {"error": "no post was accepted", "rejected": rejected})
        return self._keep(hook.inbox, name, body, len(items) - len(rejected), rejected)

    def _keep(
        self, inbox: Inbox, name: str, body: bytes, accepted: int, rejected: list[dict[str, Any]]
    ) -> Reply:
        try:
            if len(inbox.names()) >= MOST_WAITING:
                return Reply(503, {"error": "the inbox is full; is molva run running?"}, LATER)
            inbox.put(name, body)
        except OSError as error:
            log.error("a delivery could not be kept in %s: %s", inbox.folder, error.strerror)  # noqa: TRY400 - no fault of the code
            return Reply(503, {"error": "the delivery could not be kept"}, LATER)
        return Reply(202, {"id": name, "accepted": accepted, "rejected": rejected})


def _problems(items: list[Any]) -> Iterable[dict[str, Any]]:
    for index, item in enumerate(items):
        try:
            checked(item)
        except SkippableError as error:
            yield {"index": index, "error": str(error)}


class ReceiverServer(ThreadingHTTPServer):
    """Serves a receiver at an address; port 0 takes any free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver: Receiver, host: str, port: int) -> None:
        self.receiver = receiver
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, as long as there are not too many."""
        if not self._slots.acquire(blocking=False):
            try:
                request.sendall(BUSY)
            except OSError as error:
                log.debug("a sender left: %s", error)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with one connection; the others go on."""
        log.debug("a connection broke off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "molva"
    sys_version = ""
    timeout = PATIENCE
    disable_nagle_algorithm = True
    wbufsize = -1
    server: ReceiverServer

    def do_POST(self) -> None:
        """Receive a delivery."""
        # One delivery a connection: an unread rest cannot be taken for the next request.
        self.close_connection = True
        if not self.server.receiver.knows(self.path):
            self._reply(Reply(404, {"error": "there is no such hook"}))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._reply(Reply(411, {"error": "send a Content-Length"}))
            return
        if int(length) > LARGEST:
            self._drain(min(int(length), 8 * LARGEST))
            self._reply(Reply(413, {"error": f"a delivery may have {LARGEST} bytes"}))
            return
        body = self._body(int(length))
        if body is None:
            self._reply(Reply(408, {"error": "the body did not arrive whole in time"}))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._reply(self.server.receiver.receive(self.path, headers, body))

    def do_GET(self) -> None:
        """Say that it is there, for a supervisor."""
        self.close_connection = True
        alive = self.path == "/health"
        self._reply(Reply(200, {"ok": True}) if alive else Reply(404, {"error": "POST to a hook"}))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep what senders do for the debug log."""
        log.debug(format, *args)

    def _body(self, length: int) -> bytes | None:
        body, end = bytearray(), time.monotonic() + PATIENCE
        try:
            while len(body) < length and time.monotonic() < end:
                chunk = self.rfile.read1(min(65536, length - len(body)))
                if not chunk:
                    return None
                body += chunk
        except TimeoutError:
            return None
        return bytes(body) if len(body) == length else None

    def _drain(self, length: int) -> None:
        """Read on, or the sender would see a broken connection and not the reason."""
        end = time.monotonic() + PATIENCE
        try:
            while length > 0 and time.monotonic() < end:
                chunk = self.rfile.read1(min(65536, length))
                if not chunk:
                    return
                length -= len(chunk)
        except TimeoutError:
            log.debug("an oversized delivery did not end")

    def _reply(self, reply: Reply) -> None:
        body = json.dumps(reply.payload, ensure_ascii=False).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
