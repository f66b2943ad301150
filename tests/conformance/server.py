"""A loopback HTTP server whose answers a test decides, request by request."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from websockets.frames import Frame, Opcode
from websockets.utils import accept_key


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    every: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """All values of each parameter; `query` has the last."""

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Answer:
    """`chunks` are sent with `pause` seconds between them, without a Content-Length."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    chunks: tuple[bytes, ...] = ()
    pause: float = 0.0


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    named = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(status, json.dumps(value).encode(), named)


def stream_answer(request: Request, messages: Iterable[str]) -> Answer:
    """A WebSocket that sends its messages and breaks off, if that is what was asked for."""
    key = request.headers.get("sec-websocket-key", "")
    if request.headers.get("upgrade", "").lower() != "websocket" or not key:
        return Answer(426)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Accept": accept_key(key),
    }
    frames = (Frame(Opcode.TEXT, message.encode()) for message in messages)
    return Answer(101, b"".join(frame.serialize(mask=False) for frame in frames), headers)


Respond = Callable[[Request], Answer]


class Server:
    """Serves what `respond` says and keeps every request it was sent."""

    def __init__(self, respond: Respond) -> None:
        self.respond = respond
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.owner = self

    @property
    def port(self) -> int:
        return self._http.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        self._http.serve_forever(poll_interval=0.01)

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show a fault of the stand-in, but not that a client has hung up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Http

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            parse_qs(parts.query),
        )
        owner = self.server.owner
        owner.requests.append(request)
        try:
            self._send(owner.respond(request), owner.closing)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_GET  # noqa: N815 - the name the standard library looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep standard error for the tests."""

    def _send(self, answer: Answer, closing: threading.Event) -> None:
        closing.wait(answer.delay)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunks:
            self.send_header("Connection", "close")
        elif answer.status not in {101, 204, 304}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        for chunk in answer.chunks:
            self.wfile.write(chunk)
            self.wfile.flush()
            if closing.wait(answer.pause):
                break
        self.close_connection |= bool(answer.chunks) or answer.status == 101
        self.wfile.write(b"" if answer.chunks else answer.body)
        self.wfile.flush()


@contextmanager
def serving(respond: Respond) -> Iterator[Server]:
    server = Server(respond)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(timeout=5)
