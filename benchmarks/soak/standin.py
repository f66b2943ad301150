"""The stand-in of every source's service: one server at an address for each, in the client's loop.

The answers are those of the conformance kits; what goes wrong with them is drawn for each request.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.soak.faults import RATE, WAITS, Fault, bomb, draw
from benchmarks.soak.log import Entry, Log
from benchmarks.soak.loop import SimulatedLoop
from benchmarks.soak.posts import MARK, Shelf, Site
from tests.conformance.kit import Item, Kit
from tests.conformance.kits import kits
from tests.conformance.kits.discourse import DiscourseKit
from tests.conformance.kits.telegram import TelegramKit
from tests.conformance.kits.wordpress import WordPressKit
from tests.conformance.server import Answer, Request

_HTML: Final = b"<html><head><title>Nothing to see</title></head><body>An error page</body></html>"
_LOOP: Final = "/round-and-round"
_PRIVATE: Final = ("http://10.0.0.1/admin", "http://169.254.169.254/latest", "http://[::1]/")
_FASTEST, _SLOWEST = 0.05, 1.5
_LONGEST_DRIP, _DRIP = 120, 2.0
_SILENCE = 60.0

AfterHalf = Callable[[Entry], None]
"""Called when half of a good answer was sent."""


@dataclass
class Stand:
    """A source's service: its kit, its posts, until when it wants silence, what it showed last."""

    site: Site
    kit: Kit
    shelf: Shelf
    silent_until: float = 0.0
    shown: dict[str, Answer] = field(default_factory=dict)


class StandIn:
    """Serves all sources.

    Args:
        log: where each request is written down.
        rng: draws the faults.
        port: the same at all addresses.

    Attributes:
        phase: who asks at present; written into the log.
        rate: how many of all requests fail.
        half: called in the middle of each good answer with posts.
        broken: what went wrong in the stand-in itself.
    """

    def __init__(self, log: Log, rng: random.Random, port: int) -> None:
        self.phase, self.rate, self.port = "poll", RATE, port
        self.half: AfterHalf | None = None
        self.broken: Exception | None = None
        self.requests = 0
        self._log, self._rng = log, rng
        self._stands: dict[str, Stand] = {}
        self._servers: list[asyncio.Server] = []

    def add(self, site: Site, shelf: Shelf, folder: Path) -> dict[str, Any]:
        """Open a source; its `[[source]]` table."""
        kit = type(kits()[site.kind.type])()
        if isinstance(kit, WordPressKit):
            kit.page = 10
        self._stands[site.host] = Stand(site, kit, shelf)
        table = kit.table(f"http://{site.host}:{self.port}", folder)
        return {"name": site.name, "type": site.kind.type, **table, **site.kind.settings}

    async def start(self) -> None:
        """Listen at every source's address."""
        hosts = list(self._stands)
        self._servers.append(await asyncio.start_server(self._serve, hosts, self.port, backlog=128))

    async def close(self) -> None:
        """Listen no more."""
        for server in self._servers:
            server.close()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stand = self._stands[writer.get_extra_info("sockname")[0]]
        try:
            while await self._answer(stand, await _request(reader), writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has gone, as clients do, or the run has ended
        except Exception as error:  # noqa: BLE001 - raised by the worker, which nobody here calls
            self.broken = self.broken or error
        finally:
            writer.close()

    async def _answer(self, stand: Stand, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer, well or badly; whether the connection goes on."""
        early = self._now < stand.silent_until
        await asyncio.sleep(self._rng.uniform(_FASTEST, _SLOWEST))
        entry = Entry(self._now, stand.site.index, self.phase, "", early=early)
        self.requests += 1
        if request.path == _LOOP:
            self._log.add(replace(entry, fault="redirect loop", status=302))
            return await self._send(stand, writer, Answer(302, b"", {"Location": _LOOP}))
        fault = draw(self._rng, self.rate)
        if fault is None:
            return await self._well(stand, request, writer, entry)
        return await self._badly(stand, request, writer, entry, fault)

    async def _well(
        self, stand: Stand, request: Request, writer: asyncio.StreamWriter, entry: Entry
    ) -> bool:
        answer = self._asked(stand, request, entry.at)
        entry = replace(
            entry, status=answer.status, marks=_marks(answer.body), body=zlib.crc32(answer.body)
        )
        half = self.half
        if half is not None and entry.marks:
            writer.write(_head(stand, answer) + answer.body[: len(answer.body) // 2])
            await writer.drain()
            half(entry)
            writer.write(answer.body[len(answer.body) // 2 :])
            self._log.add(entry)
            return True
        self._log.add(entry)
        return await self._send(stand, writer, answer)

    async def _badly(
        self,
        stand: Stand,
        request: Request,
        writer: asyncio.StreamWriter,
        entry: Entry,
        fault: Fault,
    ) -> bool:
        answer = Answer(fault.status or 200, _HTML, {"Content-Type": "text/html"})
        whole = fault.name in {"cut off", "truncated"}
        good = self._asked(stand, request, entry.at) if whole else None
        marks: tuple[str, ...] = ()
        if fault.wait:
            answer = replace(answer, headers=self._silenced(stand, fault))
        elif fault.name == "empty body":
            answer = Answer(200)
        elif fault.name == "garbage":
            answer = Answer(200, b"\x00\xff\xfe garbage \x80 " + self._rng.randbytes(40))
        elif fault.name == "truncated" and good is not None:
            answer = replace(good, body=good.body[: len(good.body) * 2 // 3])
            marks = _marks(answer.body)
        elif fault.status == 302:
            to = _LOOP if fault.name == "redirect loop" else self._rng.choice(_PRIVATE)
            answer = Answer(302, b"", {"Location": to})
        elif fault.name == "gzip bomb":
            answer = Answer(200, bomb(), {"Content-Encoding": "gzip"})
        self._log.add(replace(entry, fault=fault.name, status=answer.status, marks=marks))
        if fault.status:
            return await self._send(stand, writer, answer)
        await self._break_off(stand, writer, fault, good)
        return False

    async def _break_off(
        self, stand: Stand, writer: asyncio.StreamWriter, fault: Fault, good: Answer | None
    ) -> None:
        if fault.name == "silence":
            await asyncio.sleep(_SILENCE)
        elif fault.name == "slow drip":
            writer.write(_head(stand, Answer(200, bytes(10_000))))
            for _ in range(_LONGEST_DRIP):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(_DRIP)
        elif good is not None and good.body:
            writer.write(_head(stand, good) + good.body[: len(good.body) // 2])
            await writer.drain()
        writer.transport.abort()

    def _asked(self, stand: Stand, request: Request, at: float) -> Answer:
        """The kit's answer, with as many posts on a page as the service pleases."""
        kind, rng = stand.site.kind, self._rng
        items: Sequence[Item] = stand.shelf.at(at)
        if kind.shared and self.phase == "reread":
            same = (other for other in self._stands.values() if other.site.kind is kind)
            items = [item for other in same for item in other.shelf.at(at)]
        if kind.window:
            items = items[-kind.window :]
        if isinstance(stand.kit, DiscourseKit | TelegramKit):
            stand.kit.page = rng.randint(6, 20)
        size = stand.kit.size
        if size in request.query and rng.random() < 0.2:
            fewer = max(int(request.query[size]) * rng.randint(2, 9) // 10, 1)
            request = replace(request, query={**request.query, size: str(fewer)})
        answer = stand.kit.answer(request, items)
        if kind.place in request.query and rng.random() < 0.2 and _marks(answer.body):
            # Posts of the page before come again, as they do when others have arrived meanwhile.
            earlier = max(int(request.query[kind.place]) + kind.back, 0)
            shifted = replace(request, query={**request.query, kind.place: str(earlier)})
            answer = stand.kit.answer(shifted, items)
        before = stand.shown.pop(request.path, None)
        if before is not None and kind.place in request.query and rng.random() < 0.03:
            # The page before comes in place of the next, but never twice in a row.
            return before
        stand.shown[request.path] = answer
        return answer

    def _silenced(self, stand: Stand, fault: Fault) -> dict[str, str]:
        """Headers that ask for silence, and the memory of having asked."""
        seconds = self._rng.choice(WAITS)
        stand.silent_until = self._now + seconds
        until = _loop().clock() + stand.site.skew + timedelta(seconds=seconds)
        if fault.wait == "date":
            return {"Retry-After": format_datetime(until, usegmt=True)}
        if fault.wait == "epoch":
            return {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(until.timestamp()) + 1),
            }
        return {"Retry-After": str(seconds)}

    async def _send(self, stand: Stand, writer: asyncio.StreamWriter, answer: Answer) -> bool:
        writer.write(_head(stand, answer) + (b"" if answer.status == 304 else answer.body))
        await writer.drain()
        return True


def _marks(body: bytes) -> tuple[str, ...]:
    found = MARK.findall(body.decode("utf-8", "replace"))
    return tuple(map(".".join, found))


def _head(stand: Stand, answer: Answer) -> bytes:
    now = _loop().clock() + stand.site.skew
    headers: Mapping[str, str] = {"Date": format_datetime(now, usegmt=True), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if answer.status != 304:
        lines.append(f"Content-Length: {len(answer.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _loop() -> SimulatedLoop:
    loop = asyncio.get_running_loop()
    if not isinstance(loop, SimulatedLoop):
        raise TypeError("the stand-in runs on simulated time only")
    return loop


async def _request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    every = parse_qs(parts.query)
    query = {name: values[-1] for name, values in every.items()}
    return Request(method, parts.path, query, headers, body, every)
