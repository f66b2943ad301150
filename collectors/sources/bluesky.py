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

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from collectors.atproto import Account, Agent, error_name
from collectors.bluesky_lookup import gone
from collectors.bluesky_record import language_of, text_of
from collectors.dates import parse_date
from collectors.http import Response
from collectors.interface import (
    Author,
    Collector,
    Cursor,
    Duration,
    Engagement,
    FatalError,
    Page,
    Post,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Plan, Walks, Window, walk_back
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
        walks = Walks(cursor, settings.queries)
        for query in settings.queries:
            search = _Search(agent, query, settings.page_size, now)
            async for page in walk_back(walks, query, plan, search.fetch):
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

    async def fetch(self, window: Window) -> Batch:
        """One page; a page may be short or empty with more to come, only no cursor is the end."""
        at = window.at
        response = await self._answer(window)
        if response.status == 400 and at is not None:
            # The server has forgotten the place we stopped at: begin the window anew.
            at = None
            response = await self._answer(Window(window.start, window.ceiling))
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
        if next_at == at:
            next_at = None
        return Batch(converted, tuple(t for t in indexed if t), next_at)

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


def to_post(view: Mapping[str, Any], now: datetime) -> Post:
    """The post of a view, as searches and lookups give it."""
    uri, record, author = string(view["uri"]), mapping(view["record"]), mapping(view["author"])
    reply = mapping(record.get("reply"))
    reposts = [count(view.get("repostCount")), count(view.get("quoteCount"))]
    did, key = string(author.get("did")), uri.rsplit("/", 1)[-1]
    return Post(
        native_id=uri,
        text=text_of(record),
        url=f"https://bsky.app/profile/{did}/post/{key}",
        published_at=parse_date(record.get("createdAt"), now=now),
        author=Author(
            id=did,
            handle=string(author.get("handle")),
            name=string(author.get("displayName")),
            followers=count(author.get("followersCount")),
            verified=_verified(author),
            created_at=parse_date(author.get("createdAt"), now=now),
        ),
        engagement=Engagement(
            likes=count(view.get("likeCount")),
            comments=count(view.get("replyCount")),
            shares=sum(filter(None, reposts)) if any(n is not None for n in reposts) else None,
        ),
        lang=language_of(record),
        parent_id=string(mapping(reply.get("parent")).get("uri")),
        thread_id=string(mapping(reply.get("root")).get("uri")),
        site="bsky.app",
    )


def _verified(author: Mapping[str, Any]) -> bool | None:
    status = string(mapping(author.get("verification")).get("verifiedStatus"))
    return status == "valid" if status else None
