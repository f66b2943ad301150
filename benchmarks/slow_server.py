"""A loopback server of feeds, each as slow as a site far away, in a process of its own.

`/7.xml` is feed 7: 200 with an ETag, 304 to a client that has it. `/stats` tells what was answered.
It listens on one address of 127.0.1.0/24 for each host, as limits are by host (Linux only).
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.feeds import rss

FASTEST: Final = 0.05
SLOWEST: Final = 0.5
"""Seconds until an answer begins."""


def latency(feed: int) -> float:
    """The same for the same feed, so that what is ideal can be told."""
    return random.Random(feed).uniform(FASTEST, SLOWEST)


def host(feed: int, hosts: int) -> str:
    """The address a feed is at."""
    return f"127.0.1.{feed % hosts + 1}"


class _Site:
    def __init__(self, entries: int) -> None:
        self.answered: Counter[str] = Counter()
        self._entries = entries
        self._body = rss(0, entries)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                writer.write(await self._answer(head.decode("latin-1")))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str) -> bytes:
        name = head.split(" ", 2)[1].strip("/")
        if name == "stats":
            return _reply("200 OK", json.dumps(self.answered).encode())
        feed = int(name.removesuffix(".xml"))
        await asyncio.sleep(latency(feed))
        etag = f'"{feed}"'
        if f"if-none-match: {etag}" in head.lower():
            self.answered["304"] += 1
            return _reply("304 Not Modified", None, f"ETag: {etag}\r\n")
        self.answered["200"] += 1
        own = self._body.replace(b"/0/", f"/{feed}/".encode())
        return _reply("200 OK", own, f"ETag: {etag}\r\nContent-Type: application/rss+xml\r\n")


def _reply(status: str, body: bytes | None, headers: str = "") -> bytes:
    length = "" if body is None else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{headers}{length}\r\n".encode() + (body or b"")


async def _run(addresses: Sequence[str], entries: int) -> None:
    site = _Site(entries)
    first = await asyncio.start_server(site.serve, addresses[0], 0, backlog=512)
    port = first.sockets[0].getsockname()[1]
    if addresses[1:]:
        await asyncio.start_server(site.serve, addresses[1:], port, backlog=512)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


@contextmanager
def serving(hosts: int, entries: int) -> Iterator[int]:
    """The port of a server at so many addresses, while the block runs."""
    command = [sys.executable, "-m", "benchmarks.slow_server", str(hosts), str(entries)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


if __name__ == "__main__":
    asyncio.run(
        _run([host(feed, int(sys.argv[1])) for feed in range(int(sys.argv[1]))], int(sys.argv[2]))
    )
