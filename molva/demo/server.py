"""The stand-in server: the world as feeds and social APIs on loopback, in the real formats.

It answers as of the clock it is given, so the collectors see the world grow as simulated time
moves. The addresses are those of the real services below one root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import ClassVar
from urllib.parse import parse_qs, quote, unquote, urlsplit

from molva.demo import apis, bluesky, feeds
from molva.demo.apis import Params
from molva.demo.faults import Faults
from molva.demo.posts import PLACES, Place
from molva.demo.shelf import Shelf
from molva.demo.world import World

CHANNEL = "vetrogorsk_coffee"
FEEDS: dict[str, tuple[Place, str, Callable[[Shelf, datetime], str]]] = {
    "/post/feed": ("city-news", "application/rss+xml", feeds.news_rss),
    "/segodnya/atom.xml": ("city-news-ru", "application/atom+xml", feeds.news_atom),
    "/crumbs/feed": ("blog", "application/rss+xml", feeds.blog_rss),
    "/chashka/feed.json": ("reviews", "application/feed+json", feeds.reviews_json),
}
_TAG = "/api/v1/timelines/tag/"
_INSTANCE = (
    '{"domain": "vetro.example", "version": "4.5.0", "configuration": {"timelines_access": '
    '{"hashtag_feeds": {"local": "public", "remote": "public"}}}}'
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire."""

    status: int
    body: str = ""
    kind: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)


_NOT_FOUND = Reply(404, '{"error": "Record not found"}')


class Town:
    """Answers requests from the world as it is at the clock's now."""

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.requests = 0
        self.refused = 0
        start, end = world.calendar.outage
        self._faults = Faults(world.seed, world.outage_place, start, end)
        self._shelves = {place: Shelf(world.by_place[place]) for place in PLACES}
        self._tags: dict[frozenset[str], Shelf] = {}
        self._cached: dict[str, tuple[int, str]] = {}
        self._sessions = bluesky.Sessions()
        self._search = bluesky.Search(self._shelves["bluesky"])

    def get(self, target: str, headers: dict[str, str]) -> Reply:
        """Answer a GET of a path with its query."""
        self.requests += 1
        parts = urlsplit(target)
        params = parse_qs(parts.query)
        path = parts.path.rstrip("/")
        place = self._place(path)
        if place is None:
            return Reply(200, _INSTANCE) if path == "/api/v2/instance" else _NOT_FOUND
        fault = self._faults.fault(place, self.clock())
        if fault:
            self.refused += 1
            wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            return Reply(fault.status, "try again later", "text/plain", wait)
        return self._answer(place, path, params, headers)

    @staticmethod
    def _place(path: str) -> Place | None:
        if path in FEEDS:
            return FEEDS[path][0]
        starts: tuple[tuple[str, Place], ...] = (
            ("/api/v1/search_by_date", "hackernews"),
            (_TAG, "mastodon"),
            (f"/s/{CHANNEL}", "telegram"),
            ("/xrpc/app.bsky.", "bluesky"),
            ("/xrpc/com.atproto.repo.", "bluesky"),
        )
        return next((place for start, place in starts if path.startswith(start)), None)

    def _answer(self, place: Place, path: str, params: Params, headers: dict[str, str]) -> Reply:
        now, shelf = self.clock(), self._shelves[place]
        if path in FEEDS:
            return self._feed(path, headers)
        if place == "hackernews":
            return Reply(200, apis.search_hacker_news(shelf, now, params))
        if place == "mastodon":
            return self._timeline(unquote(path.removeprefix(_TAG)), params)
        if place == "telegram":
            page = apis.telegram_page(shelf, now, CHANNEL, params)
            return Reply(200, page, "text/html; charset=utf-8")
        answer = self._bluesky(path, params, headers)
        return Reply(answer.status, answer.body)

    def _feed(self, path: str, headers: dict[str, str]) -> Reply:
        place, kind, render = FEEDS[path]
        now, shelf = self.clock(), self._shelves[place]
        version = shelf.version(now)
        tag = f'W/"{place}-{version}"'
        validators = {"ETag": tag}
        changed = shelf.changed_at(now)
        if changed:
            validators["Last-Modified"] = format_datetime(changed, usegmt=True)
        if headers.get("if-none-match") == tag:
            return Reply(304, headers=validators)
        if self._cached.get(path, (-1, ""))[0] != version:
            self._cached[path] = (version, render(shelf, now))
        return Reply(200, self._cached[path][1], f"{kind}; charset=utf-8", validators)

    def _timeline(self, tag: str, params: Params) -> Reply:
        wanted = frozenset(one.casefold() for one in (tag, *params.get("any[]", ())))
        if wanted not in self._tags:
            whole = self._shelves["mastodon"]
            self._tags[wanted] = whole.only(lambda post: not wanted.isdisjoint(post.tags))
        body, ids = apis.mastodon_timeline(self._tags[wanted], self.clock(), params)
        if not ids:
            return Reply(200, body)
        oldest, newest = ids.split()
        base = f"{apis.INSTANCE}{_TAG}{quote(tag)}"
        link = f'<{base}?max_id={oldest}>; rel="next", <{base}?min_id={newest}>; rel="prev"'
        return Reply(200, body, headers={"Link": link})

    def _bluesky(self, path: str, params: Params, headers: dict[str, str]) -> bluesky.Answer:
        now = self.clock()
        refused = self._sessions.refused(now, _bearer(headers))
        if refused:
            return refused
        if path.endswith(".feed.searchPosts"):
            return self._search.answer(now, params)
        if path.endswith(".feed.getPosts"):
            return self._search.posts(now, params)
        if path.endswith(".repo.getRecord"):
            return self._search.record(now, params)
        if path.endswith(".actor.getProfiles"):
            return bluesky.profiles(self._shelves["bluesky"], params)
        return bluesky.Answer(501, '{"error": "MethodNotImplemented"}')

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        """Answer a POST: logging in, and refreshing a session."""
        self.requests += 1
        now = self.clock()
        if path.endswith("com.atproto.server.createSession"):
            answer = self._sessions.create(now, body)
        elif path.endswith("com.atproto.server.refreshSession"):
            answer = self._sessions.refresh(now, _bearer(headers))
        else:
            return _NOT_FOUND
        return Reply(answer.status, answer.body)


def _bearer(headers: dict[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with kept connections for a `Town`."""

    town: ClassVar[Town]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        self._send(self.town.get(self.path, self._lower()))

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._send(self.town.post(urlsplit(self.path).path, self.rfile.read(length), self._lower()))

    def _lower(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _send(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 304:
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if reply.status != 304:
            self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Give the `Date` header in simulated time."""
        del timestamp
        return format_datetime(self.town.clock(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing: the collectors keep the record."""


class DemoServer:
    """Runs a `Town` on 127.0.0.1 and a free port, as a context manager.

    Args:
        world: what to serve.
        clock: its now decides what has been written so far (aware UTC).
    """

    def __init__(self, world: World, clock: Callable[[], datetime]) -> None:
        self.town = Town(world, clock)
        handler = type("Handler", (_Handler,), {"town": self.town})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The root address, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> DemoServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
