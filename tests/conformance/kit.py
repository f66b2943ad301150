"""What a source supplies to the conformance suite: a small world in its service's own format."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, cast

from collectors.http import HttpClient, HttpSettings
from collectors.interface import Collector, Gap, Page, Post, Skipped
from collectors.registry import collector_types, create, parse_settings
from tests.conformance.server import Answer, Request, Respond, Server

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)

FULL = 50
"""Items on a full page, where it is the service that decides."""

FAST = HttpSettings(
    allow_private=True,
    requests_per_second=10_000,
    host_rates={},
    per_host_concurrency=8,
    retries=1,
    retry_wait=0.01,
    patience=0.0,
    read_timeout=5,
)


@dataclass(frozen=True)
class Item:
    """Something a person wrote.

    `number` is its place in the order of arrival, `at` the date it claims. A field set to `None`
    is left out of the answer, `junk` replaces the whole item. `arrived` is when the service took it
    in, for services that tell it; unless given, the date it claims.
    """

    number: int
    text: str | None
    at: datetime | None = NOW - timedelta(minutes=5)
    has_id: bool = True
    naive: bool = False
    junk: Any = None
    arrived: datetime | None = None

    def edited(self, text: str) -> Item:
        return replace(self, text=text)

    def stamp(self) -> str:
        """The claimed date as ISO 8601, without a zone if it is to be naive."""
        if self.at is None:
            return ""
        moment = self.at.replace(tzinfo=None) if self.naive else self.at
        return moment.isoformat(timespec="seconds")


class Kit(ABC):
    """How a source's service shows a list of items.

    Class attributes:
        type: the collector it is for.
        environment: variables its settings name; their values must never be shown.
        secrets: other strings that must never be shown.
        lag: how late an item may arrive with its own date and still has to be found.
        over_http: whether it is read over HTTP; if not, it has `publish` instead of `answer`.
        truncation_is_an_error: whether a cut answer cannot be salvaged, as HTML and XML can.
        size: the parameter that asks for a size of page, where the service may give fewer.
        span: the time within which the service shows ten thousand items.
        most: the newest items that the service shows at all.
        at_scale: settings with which ten thousand items can be read.

    Attributes:
        page: items on a page, where it is the service that decides.
        shown: hits of one search that can be paged through, where that has an end.
        empty_tail: whether the last page with items promises one more, as some services do.
    """

    type: ClassVar[str]
    over_http: ClassVar[bool] = True
    environment: ClassVar[Mapping[str, str]] = {}
    secrets: ClassVar[tuple[str, ...]] = ()
    lag: ClassVar[timedelta] = timedelta(minutes=10)
    truncation_is_an_error: ClassVar[bool] = True
    size: ClassVar[str] = ""
    span: ClassVar[timedelta] = timedelta(hours=10)
    most: ClassVar[int] = 10_000
    at_scale: ClassVar[Mapping[str, Any]] = {}
    shown = 0
    page = 3
    empty_tail = False

    @abstractmethod
    def table(self, base_url: str, folder: Path) -> dict[str, Any]:
        """The `[[source]]` table, with small pages so that several are needed."""

    def answer(self, request: Request, items: Sequence[Item]) -> Answer:
        """What the service answers while it holds `items`, in order of arrival."""
        raise NotImplementedError

    def goes_on(self, begin: int, size: int, total: int) -> bool:
        """Whether a page of `size` items from `begin` on says that another follows it."""
        return begin + size < total or (self.empty_tail and begin < total)

    def publish(self, items: Sequence[Item], folder: Path) -> None:
        """Put the items where a source that is not read over HTTP finds them."""
        if not self.over_http:
            raise NotImplementedError


@dataclass
class Run:
    """What a poll brought, page by page."""

    pages: list[Page] = field(default_factory=list)

    @property
    def posts(self) -> list[Post]:
        return [post for page in self.pages for post in page.posts]

    @property
    def texts(self) -> dict[str, str]:
        return {post.native_id: post.text for post in self.posts}

    @property
    def skipped(self) -> list[Skipped]:
        return [item for page in self.pages for item in page.skipped]

    @property
    def gaps(self) -> list[Gap]:
        return [gap for page in self.pages for gap in page.gaps]

    @property
    def notes(self) -> list[str]:
        return [page.note for page in self.pages if page.note]

    @property
    def goes_on(self) -> bool:
        return any(page.goes_on for page in self.pages)

    @property
    def cursor(self) -> dict[str, Any]:
        return json.loads(json.dumps(self.pages[-1].cursor)) if self.pages else {}


class World:
    """A service with its items, its clock and its moods, and the collector that reads it."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self.kit = kit
        self.folder = folder
        self.items: list[Item] = []
        self.settings: dict[str, Any] = {}
        self.now = NOW
        self.mood: Respond | None = None
        self.server: Server | None = None
        self.http_settings = FAST

    def respond(self, request: Request) -> Answer:
        return self.mood(request) if self.mood else self.kit.answer(request, self.items)

    def table(self) -> dict[str, Any]:
        base_url = self.server.url if self.server else ""
        table = {**self.kit.table(base_url, self.folder), **self.settings}
        return {"name": "a source", "type": self.kit.type, **table}

    def page_by(self, size: int | None) -> None:
        """Let pages hold `size` more items than the kit's, or as many as Molva asks for.

        Args:
            size: what is added; `None` takes the collector's own default.
        """
        small = self.kit.table("", self.folder)
        known = [name for name in ("page_size", "comment_page_size") if name in small]
        fields = collector_types()[self.kit.type].Settings.model_fields
        self.kit.page = FULL if size is None else type(self.kit).page + size
        self.settings = {
            name: fields[name].default if size is None else small[name] + size for name in known
        }
        if size is None:
            self.settings |= self.kit.at_scale
            self.kit.shown = self.kit.shown and fields["reachable"].default
            self.settings |= {"reachable": self.kit.shown} if self.kit.shown else {}

    async def poll_out(self, cursor: Mapping[str, Any] | None = None) -> list[Run]:
        """Poll until no walk is left unfinished at its page cap."""
        runs = [await self.poll(cursor)]
        while runs[-1].goes_on:
            runs.append(await self.poll(runs[-1].cursor))
        return runs

    def collector(self, http: HttpClient) -> Collector[Any]:
        return create(parse_settings(self.table()), http, lambda: self.now)

    async def poll(self, cursor: Mapping[str, Any] | None = None, *, pages: int = 10_000) -> Run:
        """Poll with a client and a collector of their own, as after a restart.

        Args:
            cursor: as an earlier run left it.
            pages: after how many pages the process is killed.
        """
        self.kit.publish(self.items, self.folder)
        run = Run()
        async with (
            HttpClient(self.http_settings, lambda: self.now) as http,
            # Every poll is an async generator, though the contract only asks for an iterator.
            aclosing(
                cast("AsyncGenerator[Page, None]", self.collector(http).poll(dict(cursor or {})))
            ) as steps,
        ):
            async for page in steps:
                run.pages.append(page)
                if len(run.pages) == pages:
                    break
        return run
