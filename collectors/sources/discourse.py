"""Posts of a Discourse forum: all that are public, or what its search finds.

Collects title, text, author, likes, replies and readers. Text quoted from other posts is left
out. Without `queries` every new public post is read, which misses nothing; deletions among the
newest page are noticed. With `queries` less is read from a busy forum, but its search finds only
the newest hit in each topic, and a topic may have had several since the last poll; every poll
looks 6 hours back, and once a day a week back. Known posts are read again by their numbers, so
edits and deletions are noticed and likes grow. Posts that become public later (moved from a
private category) are not seen.

Credentials: none on public forums. Otherwise name the variable with a key in `key_env`: your own
user key, or an administrator's (Admin → API) together with `key_user`. The key's owner should
see public categories alone, for whatever it may read is collected.

Limits: set by each forum, often 200 requests a minute for an address, fewer for searches; 60 a
minute with an administrator's key. A search is cut at 10 pages of about 50 topics, so the walk
goes back in slices of days.

Terms: set by each forum. Deleted posts must go here too.

    [[source]]
    name = "coffee-forum"
    type = "discourse"
    url = "https://forum.example"
    interval = "15m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from collectors.discourse_api import Forum
from collectors.discourse_lookup import look_up
from collectors.discourse_search import Search
from collectors.discourse_stream import STREAM, Stream
from collectors.interface import Collector, Cursor, Duration, Page, SourceSettings, Terms
from collectors.paging import Plan, Walks, walk_back
from collectors.rereads import Rereads

SWEEP = timedelta(days=7)
Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class DiscourseSettings(SourceSettings):
    """One forum; `queries` in its own syntax: `"a phrase"`, `#category`, `tags:a`, `@user`."""

    url: str = Field(pattern=r"^https?://[^@?#\s]+$", description="The forum's address.")
    queries: tuple[Query, ...] = Field(default=(), max_length=20)
    key_env: str = Field(default="", description="Variable that holds an API key.")
    key_user: str = Field(default="", description="Whose name an administrator's key acts in.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=50, ge=1, description="Most pages a poll for each query.")
    result_pages: int = Field(default=10, ge=1, description="Pages of one search the forum shows.")


class DiscourseCollector(Rereads, Collector[DiscourseSettings]):
    """Walks the numbers of all posts back to the last known one, or each search back in time."""

    type = "discourse"
    Settings = DiscourseSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=6)
    reread_size = 20

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now; what the forum does not find is deleted."""
        return await look_up(self._forum, ids, self.clock)

    @property
    def _forum(self) -> Forum:
        settings = self.settings
        return Forum(self.http, self._base, settings.key_env, settings.key_user)

    @property
    def scope(self) -> str:
        """A post's number is unique in its forum only."""
        return f"discourse:{self._base.partition('://')[2].lower()}"

    @property
    def _base(self) -> str:
        return self.settings.url.rstrip("/")

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield all posts, or each query's, newest first."""
        settings, now = self.settings, self.clock()
        forum = self._forum
        if not settings.queries:
            stream = Stream(forum, settings.pages, now - settings.backfill, now)
            async for page in stream.walk(Walks(cursor, [STREAM])):
                yield page
            return
        searches = {
            f"query {query}": Search(forum, query, settings.result_pages, now)
            for query in settings.queries
        }
        walks = Walks(cursor, searches)
        plan = Plan(now, self.overlap, settings.backfill, settings.pages, SWEEP)
        for key in walks.in_turn:
            search = searches[key]
            async for page in walk_back(walks, key, plan, search.fetch):
                yield replace(page, deleted=search.gone)
