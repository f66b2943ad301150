"""Listening to a WebSocket for a bounded time, as politely and deaf as `HttpClient`.

Private addresses are refused unless `allow_private`, as for HTTP; the address that was checked
is the one connected to.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from collectors.http import HttpClient, Response, is_public, tls
from collectors.interface import CollectorError, FatalError, RetriableError
from collectors.places import lent
from collectors.redact import redact

CLOSING: Final = 1.0
"""Seconds a server is given to say good-bye."""


class Stream:
    """An open connection.

    Attributes:
        ended: why `messages` stopped; empty before it has.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.ended: Literal["", "time", "quiet", "closed"] = ""

    async def send(self, message: str) -> None:
        """Send a text message; if the stream has ended, `messages` will say so."""
        with suppress(_library().ConnectionClosed):
            await self._connection.send(message)

    async def messages(self, *, seconds: float, quiet: float) -> AsyncIterator[str]:
        """Yield messages until the time is over, none comes for a while, or the stream ends.

        Args:
            seconds: how long to listen at most.
            quiet: how long to wait for one message.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (left := deadline - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, quiet)):
                    with lent():
                        message = await self._connection.recv(decode=True)
            except TimeoutError:
                self.ended = "quiet" if quiet < left else "time"
                return
            except _library().ConnectionClosed:
                self.ended = "closed"
                return
            yield message
        self.ended = "time"


@asynccontextmanager
async def listening(
    http: HttpClient, url: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[Stream]:
    """A connection to a ws or wss address.

    Raises:
        FatalError: asking again will not help, or the library for it is not installed.
        RetriableError: it may.
    """
    library, settings = _library(), http.settings
    try:
        connection = await library.connect(
            url,
            **await _address(url, allow_private=settings.allow_private),
            additional_headers=dict(headers or {}),
            user_agent_header=settings.user_agent,
            proxy=None,
            open_timeout=settings.read_timeout,
            close_timeout=CLOSING,
            max_size=settings.max_body_bytes,
        )
    except CollectorError:
        raise
    except library.InvalidStatus as error:
        raise _refused(http, url, error.response) from None
    except library.InvalidURI:
        raise FatalError(f"{redact(url)} is not the address of a stream") from None
    except TimeoutError:
        raise RetriableError(f"{redact(url)} opened no stream in time") from None
    except (OSError, ValueError, EOFError, library.WebSocketException) as error:
        reason = type(error).__name__
        raise RetriableError(f"{redact(url)} opened no stream: {reason}") from None
    try:
        yield Stream(connection)
    finally:
        await connection.close()


def _refused(http: HttpClient, url: str, answer: Any) -> CollectorError:
    status = int(answer.status_code)
    if status < 400:
        body = "a page" if answer.body else "an empty body"
        return RetriableError(
            f"{redact(url)} answered HTTP {status} with {body} and did not open a stream"
        )
    headers = {name.lower(): value for name, value in answer.headers.raw_items()}
    return http.refusal(Response(status, url, headers, answer.body or b""))


async def _address(url: str, *, allow_private: bool) -> dict[str, Any]:
    """Where to connect to: an address that may be asked, looked up once."""
    try:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "wss"
        port = parts.port or (443 if secure else 80)
    except ValueError:
        raise FatalError(f"{redact(url)} is not the address of a stream") from None
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise RetriableError(f"no address is known for {host}") from None
    for *_, place in found:
        address = ip_address(place[0])
        if allow_private or (address.is_global and is_public(host, address, port)):
            named = {"host": place[0], "port": port}
            return {**named, "ssl": tls(), "server_hostname": host} if secure else named
    raise FatalError(
        f"{host} is a private address; "
        "set allow_private = true under [http] if it is your own server"
    )


def _library() -> Any:
    try:
        client = importlib.import_module("websockets.asyncio.client")
        names = dict(vars(importlib.import_module("websockets.exceptions")))
    except ImportError:
        raise FatalError("streams need one more package: pip install 'molva[streams]'") from None
    # It logs whole requests, tokens included.
    logging.getLogger("websockets.client").setLevel(logging.WARNING)
    return type("Library", (), {**names, "connect": client.connect})
