"""Bluesky posts found by a search, through the account's own server.

Collects what the search finds for each query: text, language, author, likes, reposts, replies.
The search matches loosely; your brand queries decide what is kept. A post that its author dated
years back sorts to that date and is not seen, nor are posts of those who block the account.

Credentials: a Bluesky account and an *app password* (Settings → Privacy and security → App
passwords). Give the handle in `identifier` and the name of the environment variable that holds
the app password in `password_env`. Servers of your own may answer without.

Limits: 3,000 requests in 5 minutes; 300 sign-ins a day, which Molva keeps to one. Bluesky asks
to keep searches to a few a minute.

Terms: posts are public; a deleted post has to be deleted here too.

    [[source]]
    name = "bluesky"
    type = "bluesky"
    queries = ["zerno coffee", "#zerno"]
    identifier = "you.bsky.social"
    password_env = "BLUESKY_APP_PASSWORD"
    interval = "10m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from collectors.atproto import Account, Agent, error_name
from collectors.bluesky_lookup import gone
from collectors.bluesky_view import to_post
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    FatalError,
    Page,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.items import convert, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.rereads import Rereads, reread_page

SEARCH = "app.bsky.feed.searchPosts"
POSTS = "app.bsky.feed.getPosts"

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]


class BlueskySettings(SourceSettings):
    """Searches in Bluesky's own syntax: `"a phrase"`, `#tag`, `lang:ru`, `from:handle`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    identifier: str = Field(default="", description="Your handle.")
    password_env: str = Field(default="", description="Variable that holds an app password.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=50, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=100, ge=1, le=100)
    base_url: str = Field(default="https://bsky.social", description="Where to sign in.")

    @model_validator(mode="after")
    def _both_or_none(self) -> BlueskySettings:
        if bool(self.identifier) != bool(self.password_env):
            raise ValueError("give both identifier and password_env, or neither")
        return self


class BlueskyCollector(Rereads, Collector[BlueskySettings]):
    """Walks each search from now back to the overlap before the newest known post."""

    type = "bluesky"
    Settings = BlueskySettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(minutes=15)
    reread_size = 25

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each query's posts, newest first."""
        settings, now, agent = self.settings, self.clock(), self._agent()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        size = settings.page_size
        async for page in walk_all(
            cursor, settings.queries, plan, lambda query: _Search(agent, query, size, now).fetch
        ):
            yield page

    def _agent(self) -> Agent:
        settings = self.settings
        account = Account(settings.base_url.rstrip("/"), settings.identifier, settings.password_env)
        return Agent(self.http, account)

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now; one left out of the answer is deleted, or only hidden."""
        agent = self._agent()
        response = await agent.get(POSTS, {"uris": list(ids)})
        if response.status == 400:
            raise FatalError(f"the lookup was refused: {error_name(response)}")
        views = mapping(response.json()).get("posts")
        if not isinstance(views, list):
            raise RetriableError("the lookup answered without posts: not the API's format")
        found = convert(
            views, partial(to_post, now=self.clock()), lambda view: mapping(view).get("uri")
        )
        shown = {string(mapping(view).get("uri")) for view in views}
        missing = [uri for uri in ids if uri not in shown]
        return reread_page(ids, found, gone=await gone(agent, missing), missing_are_gone=False)


class _Search:
    def __init__(self, agent: Agent, query: str, size: int, now: datetime) -> None:
        self.agent, self.query, self.size, self.now = agent, query, size, now
        self.begun = False

    async def fetch(self, window: Window) -> Batch:
        """One page; a page may be short or empty with more to come, only no cursor is the end."""
        at, response = window.at, await self._there(window)
        if response is None:
            at, response = None, await self._answer(Window(window.start, window.ceiling))
        if response.status == 400:
            raise FatalError(f"the search {self.query!r} was refused: {error_name(response)}")
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("posts"), list):
            raise RetriableError("the search answered without posts: not the API's format")
        posts = sequence(answer["posts"])
        indexed = (parse_date(mapping(post).get("indexedAt"), now=self.now) for post in posts)
        converted = convert(
            posts, partial(to_post, now=self.now), lambda post: mapping(post).get("uri")
        )
        next_at = string(answer.get("cursor")) or None
        times, again = tuple(t for t in indexed if t), next_at == at is not None
        return Batch(converted, times, None if again else next_at, again=again)

    async def _there(self, window: Window) -> Response | None:
        """The answer at a place; `None` if the server has forgotten it: begin the window anew."""
        at, resumed = window.at, not self.begun
        self.begun = True
        try:
            response = await self._answer(window)
        except RetriableError as error:
            # The reference AppView calls a place of an earlier poll a fault of its own (502).
            if at is None or not resumed or error.throttled:
                raise
            return None
        return response if response.status != 400 or at is None else None

    async def _answer(self, window: Window) -> Response:
        params: dict[str, str | int] = {
            "q": self.query,
            "sort": "latest",
            "since": window.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "limit": self.size,
        }
        if window.at is not None:
            params["cursor"] = str(window.at)
        return await self.agent.get(SEARCH, params)
