"""Issues and pull requests on GitHub, and their comments if you ask for them.

Collects what the search finds for each query, in GitHub's own syntax (`"a phrase"`, `-org:zerno`,
`repo:owner/name`): title, text, author, thumbs up, number of comments. Issues and pull requests
are searched for apart, by their last update, so edits are noticed. A hit in a comment brings the
issue; `comments = true` reads the new comments of every issue found too, by one more request
each. What bots write is skipped unless `skip_bots = false`. Your brand queries decide what is
kept. Discussions are not searched.

Credentials: none, or better a token: a fine-grained one without any permission reads all that is
public (Settings → Developer settings → Personal access tokens). Name the variable with it in
`token_env`.

Limits: 30 searches a minute with a token, 10 without; 5,000 other requests an hour, 60 without. A
search shows 1,000 results, so the walk goes back in slices of time.

With a token issues are read again by their ids later on, for edits, reactions and deletions.

Terms: what is public may be read; texts stay their authors'. A deleted text has to be deleted
here too.

    [[source]]
    name = "github"
    type = "github"
    queries = ['"zerno coffee" -org:zerno']
    token_env = "GITHUB_TOKEN"
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from collectors.dates import parse_date
from collectors.github_api import Api
from collectors.github_issues import Json, as_rest, issue_post, node_of
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Gap,
    Page,
    SourceSettings,
    Terms,
)
from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.rereads import Rereads, reread_page
from collectors.text import site_of
from collectors.time_slices import Slice

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=256)]


class GitHubSettings(SourceSettings):
    """Searches for issues and pull requests."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    kinds: tuple[Literal["issue", "pull-request"], ...] = Field(
        default=("issue", "pull-request"), min_length=1
    )
    token_env: str = Field(default="", description="Variable that holds a token.")
    comments: bool = Field(default=False, description="Also read new comments of what is found.")
    skip_bots: bool = Field(default=True, description="Skip what bots write.")
    backfill: Duration = Field(default=timedelta(days=30), description="First run: how far back.")
    pages: int = Field(default=10, ge=1, description="Most searches a poll for each query, kind.")
    page_size: int = Field(default=100, ge=2, le=100)
    reachable: int = Field(default=1000, ge=2, description="Results a search shows at most.")
    base_url: str = Field(default="https://api.github.com", description="Or your own server's.")


class GitHubCollector(Rereads, Collector[GitHubSettings]):
    """Walks each search from now back to the overlap before the newest known update."""

    type = "github"
    Settings = GitHubSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(minutes=15)
    reread_size = 100

    @property
    def can_reread(self) -> bool:
        """Only with a token: the API for it is closed without."""
        return bool(self.settings.token_env)

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these issues, pull requests and comments are now; null is what is gone."""
        settings, now = self.settings, self.clock()
        api = Api(self.http, self.clock, settings.base_url.rstrip("/"), settings.token_env)
        read = partial(issue_post, now=now, skip_bots=settings.skip_bots)
        items = [as_rest(node) for node in await api.nodes(ids)]
        found = convert(items, lambda item: read(item, item["thread"]), node_of)
        return reread_page(ids, found, missing_are_gone=True)

    @property
    def scope(self) -> str:
        """Ids are unique on one server."""
        host = site_of(self.settings.base_url)
        return self.type if host == "api.github.com" else f"{self.type}:{host}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield what each query finds, the last updated first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        api = Api(self.http, self.clock, settings.base_url.rstrip("/"), settings.token_env)
        queries = [f"{q} is:{kind}" for q, kind in product(settings.queries, settings.kinds)]
        async for page in walk_all(
            cursor, queries, plan, lambda query: _Search(api, settings, query, now).fetch
        ):
            yield page


class _Search:
    def __init__(self, api: Api, settings: GitHubSettings, query: str, now: datetime) -> None:
        self.api, self.settings, self.query, self.now = api, settings, query, now
        self._post = partial(issue_post, now=now, skip_bots=settings.skip_bots)

    async def fetch(self, window: Window) -> Batch:
        """One page of the window's present slice, with comments if they are wanted."""
        place, size = Slice.of(window), self.settings.page_size
        where = "" if " in:" in f" {self.query}" else " in:title,body,comments"
        span = f"updated:{_stamp(place.start)}..{_stamp(place.until)}"
        answer = await self.api.search(
            {
                "q": f"{self.query}{where} {span}",
                "sort": "updated",
                "order": "desc",
                "per_page": size,
                "page": place.page,
            }
        )
        items = sequence(answer["items"])
        updated = [parse_date(mapping(item).get("updated_at"), now=self.now) for item in items]
        times = tuple(moment for moment in updated if moment)
        found, gaps = await self._with_comments(items, window)
        if answer.get("incomplete_results") is True:
            until = datetime.fromtimestamp(place.until, UTC)
            gaps.append(Gap("the search timed out and answered in part", window.start, until))
        total = count(answer.get("total_count")) or 0
        seconds = [int(moment.timestamp()) for moment in times]
        again = place.repeated_by(seconds)
        whole = len(items) < size and total <= len(items) + (place.page - 1) * size
        if again or whole or not items:
            return Batch(found, times, gaps=tuple(gaps), again=again)
        next_at, beyond = place.further(seconds, pages=max(self.settings.reachable // size, 1))
        return Batch(found, times, next_at, (*gaps, *beyond))

    async def _with_comments(
        self, items: Sequence[Json], window: Window
    ) -> tuple[Converted, list[Gap]]:
        """The issues as posts, each with the comments that are new since the window began."""
        found = [convert(items, self._post, node_of)]
        gaps: list[Gap] = []
        for issue in map(mapping, items) if self.settings.comments else ():
            if not count(issue.get("comments")):
                continue
            url = string(issue.get("comments_url"))
            comments, whole = await self.api.comments(url, _stamp(window.start.timestamp()))
            thread = node_of(issue)
            found.append(convert(comments, partial(self._post, thread=thread), node_of))
            if not whole:
                reason = f"{string(issue.get('html_url'))} has more comments than are read at once"
                gaps.append(Gap(reason, window.start, window.ceiling))
        posts = tuple(post for part in found for post in part.posts)
        return Converted(posts, tuple(one for part in found for one in part.skipped)), gaps


def _stamp(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
