"""Public VK posts found by a search over the whole network (`newsfeed.search`).

Collects text with what it reposts and the titles of attached links and videos, author or
community with followers, likes, comments, reposts, views. Closed profiles and communities are
not searched, comments neither, and the search silently omits some posts.

Credentials: a *service key* of an app of yours (dev.vk.com → My apps → the app → Settings), or a
user token. Put it into an environment variable and name that in `token_env`. VK refuses the
search to some new apps (error 15): try the key first.

Limits: 3 requests a second with a user token, 5 with a service key; a daily limit VK does not
publish. Only the newest 1,000 posts of a search are shown, so the walk goes back in slices of
time. A new post takes minutes to be found: every poll looks 2 hours back.

Terms: posts stay their authors'; a deleted post has to be deleted here too. The Russian law on
personal data (152-FZ) applies to authors.

    [[source]]
    name = "vk"
    type = "vk"
    queries = ["зерно кофе", "zerno coffee"]
    token_env = "VK_SERVICE_KEY"
    interval = "10m"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.credentials import secret
from collectors.interface import (
    Author,
    Duration,
    Page,
    Post,
    RetriableError,
    SkippableError,
    Terms,
)
from collectors.items import convert, count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.places import pause
from collectors.rereads import Rereads, reread_page
from collectors.token_slices import Answered, TokenSlice, following
from collectors.vk_errors import INVALID_PARAMETER, TOO_FAST, error_of
from collectors.vk_post import authors_of, wall_id, wall_post
from collectors.walking import Walker, WalkSettings

FIELDS = "followers_count,screen_name,members_count,verified,city,country"

TRIES = 4
"""Of one request that VK finds too fast after the one before."""

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class VkSettings(WalkSettings):
    """Searches in VK's own syntax: words, `"a phrase"`, `#tag`, `-word`."""

    queries: tuple[Query, ...] = Field(min_length=1, max_length=50)
    token_env: str = Field(min_length=1, description="Variable that holds a service key.")
    ads: bool = Field(default=True, description="Also keep posts marked as advertising.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    page_size: int = Field(default=200, ge=1, le=200)
    reachable: int = Field(default=1000, ge=1, description="Posts of a search that VK shows.")
    too_fast_wait: float = Field(default=0.5, ge=0, description="Seconds; when VK says so.")
    quota_wait: Duration = Field(
        default=timedelta(hours=3), description="After VK's flood control or daily limit."
    )
    api_version: str = "5.199"
    base_url: str = "https://api.vk.ru/method"


class VkCollector(Rereads, Walker[VkSettings]):
    """Walks each search from now back to the overlap before the newest known post."""

    type = "vk"
    Settings = VkSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=2)
    reread_size = 100

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these posts are now; VK leaves out what is deleted."""
        params: dict[str, str | int] = {"posts": ",".join(ids), "extended": 1, "fields": FIELDS}
        answer = await self.call("wall.getById", params)
        if error := mapping(answer.get("error")):
            raise error_of(error, self.token(), self.settings.quota_wait)
        found = answer.get("response")
        if not isinstance(found, dict) or not isinstance(found.get("items"), list):
            raise RetriableError("the lookup answered without items: not the API's format")
        items, authors, now = sequence(found["items"]), authors_of(found), self.clock()
        gone = [wall_id(item) for item in map(mapping, items) if item.get("is_deleted")]
        living = [item for item in items if not mapping(item).get("is_deleted")]
        converted = convert(living, lambda item: wall_post(item, authors, now), wall_id)
        return reread_page(ids, converted, gone=gone, missing_are_gone=True)

    async def call(self, method: str, params: Mapping[str, str | int]) -> Mapping[str, Any]:
        """What VK says, asked again if it only wanted a moment of peace."""
        url = f"{self.settings.base_url.rstrip('/')}/{method}"
        sent = {**params, "v": self.settings.api_version, "access_token": self.token()}
        for attempt in range(1, TRIES + 1):
            answer = mapping((await self.http.get(url, params=sent)).json())
            if mapping(answer.get("error")).get("error_code") != TOO_FAST or attempt == TRIES:
                break
            await pause(self.settings.too_fast_wait)
        return answer

    def token(self) -> str:
        """The service key."""
        (token,) = secret(self.settings.token_env)
        return token

    @property
    def keys(self) -> Sequence[str]:
        """The searches."""
        return self.settings.queries

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of the window's present slice."""
        here = TokenSlice.of(window)
        answer = await self._page(key, here, window)
        if answer is None:
            here = here.anew()
            answer = mapping(await self._page(key, here, window))
        items = sequence(answer.get("items"))
        seconds = [s for s in (count(mapping(item).get("date")) for item in items) if s]
        answered = Answered(
            seconds,
            string(answer.get("next_from")),
            self.settings.page_size,
            count(answer.get("total_count")) or 0,
        )
        next_at, gaps = following(here, answered, self.settings.reachable)
        authors = authors_of(answer)
        converted = convert(items, lambda item: self._post(item, authors), wall_id)
        times = tuple(datetime.fromtimestamp(second, UTC) for second in seconds)
        return Batch(converted, times, next_at, gaps, again=here.repeated_by(answered))

    async def _page(self, query: str, here: TokenSlice, window: Window) -> Mapping[str, Any] | None:
        """The answer; `None` if VK no longer knows the place where an earlier poll stopped."""
        params: dict[str, str | int] = {
            "q": query,
            "count": self.settings.page_size,
            "start_time": int(window.start.timestamp()),
            "end_time": here.until + 1,
            "extended": 1,
            "fields": FIELDS,
        }
        if here.token:
            params["start_from"] = here.token
        answer = await self.call("newsfeed.search", params)
        error = mapping(answer.get("error"))
        if error.get("error_code") == INVALID_PARAMETER and here.token:
            return None
        if error:
            raise error_of(error, self.token(), self.settings.quota_wait)
        found = answer.get("response")
        if not isinstance(found, dict) or not isinstance(found.get("items"), list):
            raise RetriableError("the search answered without items: not the API's format")
        return found

    def _post(self, item: Mapping[str, Any], authors: Mapping[str, Author]) -> Post:
        if item.get("marked_as_ads") and not self.settings.ads:
            raise SkippableError("it is marked as advertising")
        return wall_post(item, authors, self.clock())
