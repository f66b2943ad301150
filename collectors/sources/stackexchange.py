"""Questions and answers on Stack Overflow and the other sites of Stack Exchange.

Collects what a site's search finds for each query, in the site's own syntax (`"a phrase"`,
`[tag]`): title, full text, author, score, number of answers. The search goes by last activity, so
an edit that brings the brand in is noticed; `order = "creation"` finds new posts only. Each site
is searched for itself: `stackoverflow`, `superuser`, `ru.stackoverflow` for Russian. Comments
cannot be searched. Your brand queries decide what is kept.

Credentials: none, or better a free key: register an application at https://stackapps.com and
name the variable with its key in `key_env`.

Limits: 300 requests a day for an address, 10,000 with a key. A poll needs one request for each
query on each site, and one more for each page of posts found. When the service asks for a pause
or the day's quota is used up, Molva keeps silent for as long.

Terms: CC BY-SA; keep the author and the link with every text shown.

    [[source]]
    name = "stack-overflow"
    type = "stackexchange"
    queries = ["zerno", '"zerno coffee"']
    sites = ["stackoverflow", "ru.stackoverflow"]
    key_env = "STACKEXCHANGE_KEY"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Page,
    SourceSettings,
)
from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.rereads import Rereads, reread_page
from collectors.stackexchange_api import Api
from collectors.stackexchange_post import Json, number_of, read_post
from collectors.time_slices import Slice

DATES = {"activity": "last_activity_date", "creation": "creation_date"}

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Site = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9.-]{2,80}$"),
    # The API's name of a site is its address without these.
    AfterValidator(lambda site: site.removesuffix(".com").removesuffix(".stackexchange")),
]


class StackExchangeSettings(SourceSettings):
    """Searches on sites of Stack Exchange."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    sites: tuple[Site, ...] = Field(default=("stackoverflow",), min_length=1, max_length=50)
    key_env: str = Field(default="", description="Variable that holds an application's key.")
    order: Literal["activity", "creation"] = Field(default="activity", description="What is new.")
    backfill: Duration = Field(default=timedelta(days=30), description="First run: how far back.")
    pages: int = Field(default=20, ge=1, description="Most pages a poll for each query and site.")
    page_size: int = Field(default=100, ge=2, le=100)
    page_limit: int = Field(default=25, ge=1, description="Pages of one search the API gives.")
    base_url: str = "https://api.stackexchange.com/2.3"


class StackExchangeCollector(Rereads, Collector[StackExchangeSettings]):
    """Walks each search from now back to the overlap before the newest known activity."""

    type = "stackexchange"
    Settings = StackExchangeSettings
    overlap = timedelta(hours=1)
    reread_size = 100

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now, site by site; deleted ones are left out of the answers."""
        settings, now = self.settings, self.clock()
        api = Api(self.http, self.clock, settings.base_url, settings.key_env)
        by_site: dict[str, list[str]] = {}
        for native_id in ids:
            site, _, number = native_id.rpartition("/")
            by_site.setdefault(site, []).append(number)
        found = [
            await _Search(api, settings, site, "", now).reread(numbers)
            for site, numbers in by_site.items()
        ]
        posts = tuple(post for part in found for post in part.posts)
        skipped = tuple(item for part in found for item in part.skipped)
        return reread_page(ids, Converted(posts, skipped), missing_are_gone=True)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each site's posts for each query, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        api = Api(self.http, self.clock, settings.base_url, settings.key_env)
        searches = {
            f"{site} {query}": _Search(api, settings, site, query, now)
            for site, query in product(settings.sites, settings.queries)
        }
        async for page in walk_all(cursor, searches, plan, lambda key: searches[key].fetch):
            yield page


class _Search:
    def __init__(
        self, api: Api, settings: StackExchangeSettings, site: str, query: str, now: datetime
    ) -> None:
        self.api, self.settings, self.now = api, settings, now
        self.site, self.query = site, query

    async def fetch(self, window: Window) -> Batch:
        """A page of hits; the search shows excerpts of posts, so they are read by their ids."""
        settings, place = self.settings, Slice.of(window)
        answer = await self.api.call(
            "search/excerpts",
            {
                "site": self.site,
                "q": self.query,
                "sort": settings.order,
                "order": "desc",
                "min": place.start,
                # Nothing says whether the bound itself is included.
                "max": place.until + 1,
                "page": place.page,
                "pagesize": settings.page_size,
            },
        )
        hits = sequence(answer["items"])
        dates = (count(mapping(hit).get(DATES[settings.order])) for hit in hits)
        seconds = [second for second in dates if second]
        posts = await self._posts(hits)
        converted = convert(hits, lambda hit: read_post(hit, posts, self.site, self.now), number_of)
        times = tuple(datetime.fromtimestamp(second, UTC) for second in seconds)
        again = place.repeated_by(seconds)
        if again or not hits or answer.get("has_more") is not True:
            return Batch(converted, times, again=again)
        return Batch(converted, times, *place.further(seconds, pages=settings.page_limit))

    async def reread(self, numbers: Sequence[str]) -> Converted:
        """The posts of these numbers, questions and answers alike."""
        hits: list[Json] = [{"question_id": number} for number in numbers]
        posts = await self._posts(hits)
        questions = [n for n, post in posts.items() if post.get("post_type") == "question"]
        titled: list[Json] = []
        if questions:
            params: dict[str, str | int] = {"site": self.site, "pagesize": 100}
            answer = await self.api.call("questions", params, ids=";".join(questions))
            titled = [mapping(question) for question in sequence(answer["items"])]
        told: list[Json] = [{**question, "item_type": "question"} for question in titled]
        # Of an answer nothing says here which question it is to.
        told += [
            {"item_type": "answer", "answer_id": number, "question_id": ""}
            for number, post in posts.items()
            if post.get("post_type") == "answer"
        ]
        return convert(
            told,
            lambda hit: read_post(hit, posts, self.site, self.now),
            lambda hit: f"{self.site}/{number_of(hit)}",
        )

    async def _posts(self, hits: Sequence[object]) -> dict[str, Json]:
        """The whole posts behind the search's excerpts, by their number."""
        numbers = dict.fromkeys(filter(str.isdecimal, map(number_of, map(mapping, hits))))
        if not numbers:
            return {}
        params: dict[str, str | int] = {"site": self.site, "filter": "withbody", "pagesize": 100}
        answer = await self.api.call("posts", params, ids=";".join(numbers))
        posts = map(mapping, sequence(answer["items"]))
        return {string(post.get("post_id")): post for post in posts}
