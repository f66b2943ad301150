"""Public posts on Threads found by Meta's keyword search.

Collects text, author's name, whether it is a reply. Threads tells no counts of other people's
posts. The search matches loosely; your brand queries decide what is kept.

Credentials: a Meta app with the permissions `threads_basic` and `threads_keyword_search`; the
second needs Meta's App Review. *Before it is approved the search finds only your own posts*, and
looks like "no mentions": give your name in `username`, and pages that hold only your posts say so.
Put a long-lived access token into the environment variable named in `token_env`. It ends after 60
days; renew it before with
`curl "https://graph.threads.net/refresh_access_token?grant_type=th_refresh_token&access_token=…"`.

Limits: 2,200 searches in 24 hours. Words that Meta finds sensitive are answered with nothing.
Every poll looks 2 hours back.

Terms: Meta's platform terms; a deleted post has to be deleted here too.

    [[source]]
    name = "threads"
    type = "threads"
    queries = ["zerno coffee", "зерно кофейня"]
    token_env = "THREADS_TOKEN"
    username = "zerno"
    interval = "15m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from collectors.credentials import secret
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Cursor,
    Duration,
    Page,
    Post,
    RetriableError,
    Terms,
)
from collectors.items import mapping, string
from collectors.meta_errors import error_in, error_of
from collectors.paging import Batch, Window
from collectors.text import clean, site_of
from collectors.token_pages import Listed, Reading, read_page
from collectors.walking import Walker, WalkSettings

FIELDS = "id,text,permalink,timestamp,username,has_replies,is_quote_post,is_reply,media_type"
OWN = "only your own posts were found: has Meta approved threads_keyword_search?"

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class ThreadsSettings(WalkSettings):
    """Words to search for; with `mode = "TAG"` topics, without `#`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    token_env: str = Field(min_length=1, description="Variable with a long-lived access token.")
    mode: Literal["KEYWORD", "TAG"] = "KEYWORD"
    username: str = Field(default="", description="Yours, to notice a search of your posts only.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most requests a poll for each query.")
    page_size: int = Field(default=100, ge=1, le=100)
    base_url: str = "https://graph.threads.net/v1.0"


class ThreadsCollector(Walker[ThreadsSettings]):
    """Walks each search from now back to the overlap before the newest known post."""

    type = "threads"
    Settings = ThreadsSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=2)

    @property
    def keys(self) -> Sequence[str]:
        """The queries."""
        return self.settings.queries

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each query's posts, newest first."""
        own = self.settings.username.removeprefix("@").casefold()
        async for page in super().poll(cursor):
            names = {post.author.handle.casefold() for post in page.posts}
            warning = OWN if own and names == {own} else ""
            yield replace(page, note="; ".join(filter(None, (warning, page.note))))

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of a search."""
        reading = Reading(self._post, self._written, lambda one: mapping(one).get("id"))
        return await read_page(window, partial(self._ask, key, window), reading)

    async def _ask(self, query: str, window: Window, token: str) -> Listed | None:
        settings = self.settings
        (access,) = secret(settings.token_env)
        params: dict[str, str | int] = {
            "q": query,
            "search_type": "RECENT",
            "search_mode": settings.mode,
            "since": int(window.start.timestamp()),
            "until": int(window.ceiling.timestamp()) + 1,
            "limit": settings.page_size,
            "fields": FIELDS,
            "access_token": access,
        }
        response = await self.http.get(
            f"{settings.base_url.rstrip('/')}/keyword_search",
            params={**params, **({"after": token} if token else {})},
            ok=(200, 400, 403, 500),
        )
        error = error_in(response)
        if response.status == 400 and token and error.get("code") == 100:
            return None
        if error or response.status != 200:
            raise error_of(error, response, access)
        answer = mapping(response.json())
        if not isinstance(answer.get("data"), list):
            raise RetriableError("Threads answered without posts: not the API's format")
        cursors = mapping(mapping(answer.get("paging")).get("cursors"))
        return Listed(answer["data"], string(cursors.get("after")) if answer["data"] else "")

    def _written(self, post: object) -> datetime | None:
        return parse_date(mapping(post).get("timestamp"), now=self.clock())

    def _post(self, post: Mapping[str, Any]) -> Post:
        url, name = string(post.get("permalink")), string(post.get("username"))
        return Post(
            native_id=string(post["id"]),
            kind="comment" if post.get("is_reply") is True else "post",
            text=clean(string(post.get("text"))),
            url=url,
            published_at=self._written(post),
            author=Author(id=name, handle=name),
            site=site_of(url) or "threads.net",
        )
