"""The server of `molva receive`: deliveries to webhook sources, and the pages of signed links.

The standard library's threading server, because three routes need no framework, and because every
accepted delivery waits for the disk anyway. Connections, body sizes and times are bounded. TLS is
left to the web server in front.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

from molva import alert_page
from molva.alert_page import AlertPages, Page, token_of
from molva.receiver import LARGEST, Receiver, Reply

log = logging.getLogger(__name__)

CONNECTIONS: Final = 64
PATIENCE: Final = 15.0
"""Seconds a sender may take for a whole request."""

BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


class ReceiverServer(ThreadingHTTPServer):
    """Serves a receiver, and the pages of signed links if there are any; port 0 is any free one."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, receiver: Receiver, host: str, port: int, pages: AlertPages | None = None
    ) -> None:
        self.receiver = receiver
        self.pages = pages
        self._slots = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    @property
    def paths(self) -> list[str]:
        """The addresses that something is served at."""
        return [*self.receiver.paths, *([alert_page.PATH] if self.pages else [])]

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
        """Receive a delivery, or do what a signed link asks for."""
        # One delivery a connection: an unread rest cannot be taken for the next request.
        self.close_connection = True
        pages = self._pages()
        if pages is not None:
            self._act(pages)
        elif self.server.receiver.knows(self.path):
            self._receive()
        else:
            self._reply(Reply(404, {"error": "there is no such hook"}))

    def do_GET(self) -> None:
        """Show what a signed link would do; say that we are there, for a supervisor."""
        self.close_connection = True
        pages = self._pages()
        if pages is not None:
            self._show(pages.show(self._token()))
        elif self.path == "/health":
            self._reply(Reply(200, {"ok": True}))
        else:
            self._reply(Reply(404, {"error": "POST to a hook"}))

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Keep what senders do for the debug log; of an address no more than what is no secret."""
        plain = re.match(r"[A-Za-z0-9/_-]*", getattr(self, "path", ""))
        log.debug("%s %s: %s", self.command, plain[0] if plain else "", code)

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep the code alone: the words may quote a request, and with it the token of a link."""
        log.debug("a request could not be answered: %s", args[0] if args else format)

    def _pages(self) -> AlertPages | None:
        """What answers at this address, if it is that of signed links."""
        return self.server.pages if urlsplit(self.path).path == alert_page.PATH else None

    def _token(self) -> str:
        return token_of(urlsplit(self.path).query)

    def _act(self, pages: AlertPages) -> None:
        body = self._body(alert_page.LARGEST, lambda status, _: self._show(pages.refuse(status)))
        if body is not None:
            form = body.decode("ascii", errors="replace")
            self._show(pages.act(self._token() or token_of(form)))

    def _receive(self) -> None:
        body = self._body(
            LARGEST, lambda status, said: self._reply(Reply(status, {"error": said})), default=""
        )
        if body is not None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._reply(self.server.receiver.receive(self.path, headers, body))

    def _body(
        self, largest: int, refuse: Callable[[int, str], None], default: str = "0"
    ) -> bytes | None:
        """What was sent; None if it cannot be had, and `refuse` was told the status and why.

        Args:
            default: stands for a length that was not told.
        """
        given = self.headers.get("Content-Length", default)
        whole = given.isascii() and given.isdecimal() and len(given) <= 15
        if not whole or "Transfer-Encoding" in self.headers:
            refuse(411, "send a Content-Length")
            return None
        length = int(given)
        if length > largest:
            self._drain(min(length, 8 * LARGEST))
            refuse(413, f"a delivery may have {largest} bytes")
            return None
        body = self._read(length)
        if body is None:
            refuse(408, "the body did not arrive whole in time")
        return body

    def _read(self, length: int) -> bytes | None:
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
        self._send(reply.status, {**_JSON, **reply.headers}, body)

    def _show(self, page: Page) -> None:
        self._send(page.status, page.headers, page.html.encode(errors="replace"))

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
