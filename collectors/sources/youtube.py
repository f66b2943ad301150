"""YouTube videos found by a search, and the comments under them.

Collects of videos title, description, channel, language, views, likes, number of comments; of
comments text, author, likes, and up to five replies each. Comments are read for as long as
`comments_for` says, from the poll after the one that found the video, and under the `videos` you
name. The search matches loosely; your brand queries decide what is kept.

Credentials: an API key. In the Google Cloud console make a project, enable "YouTube Data API v3"
(APIs & Services → Library) and create a key (Credentials). Put it into an environment variable
and name that in `key_env`.

Limits: a key has 100 searches a day and 10,000 units for all else; a video's comments cost a unit
a page. Both are spread over the day, which begins at midnight in California: by noon about half
may be used. Queries and videos take turns, the longest unread first. Sources with the same key
must share: set `searches_a_day` and `units_a_day` so that their sums fit. The search lags by
hours and leaves videos out: every search looks two days back. Replies to comments older than two
days are not noticed. What was found is read again later, for its counts and deletions, 50 videos
or comments for a unit of `reread_units_a_day`.

Terms: data is to be refreshed or deleted within 30 days; what is deleted there has to be deleted
here too. Reports that show it must name YouTube and link to its terms.

    [[source]]
    name = "youtube"
    type = "youtube"
    queries = ["zerno coffee", "зерно кофейня"]
    key_env = "YOUTUBE_API_KEY"
    interval = "30m"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from collectors import youtube_lookup
from collectors.day_quota import DayQuota
from collectors.interface import (
    Collector,
    Cursor,
    Duration,
    Page,
    RetriableError,
    SourceSettings,
    Terms,
)
from collectors.paging import Plan, Walks, walk_back
from collectors.rereads import Rereads, reread_page
from collectors.turns import Turns
from collectors.youtube_api import SEARCHES, UNITS, Api
from collectors.youtube_jobs import Showing, VideoComments, VideoSearch

PACIFIC = ZoneInfo("America/Los_Angeles")
QUERY, VIDEO = "q:", "v:"
REREAD_COST = 2
"""Units of one lookup, as a rule: one for videos, one for comments."""

Query = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=300)]
VideoId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[\w-]{6,20}$")]


class YoutubeSettings(SourceSettings):
    """Searches in YouTube's own syntax: `a|b` is either, `-word` excludes; and videos."""

    queries: tuple[Query, ...] = Field(default=(), max_length=50)
    videos: tuple[VideoId, ...] = Field(default=(), max_length=500, description="Their comments.")
    key_env: str = Field(min_length=1, description="Variable that holds an API key.")
    comments: bool = Field(default=True, description="Also under the videos found.")
    comments_for: Duration = Field(default=timedelta(days=14), description="Of a video's life.")
    most_videos: int = Field(default=200, ge=1, description="Whose comments are read; newest.")
    searches_a_day: int = Field(default=90, ge=1, description="Of the 100 a key has.")
    units_a_day: int = Field(default=9000, ge=1, description="Of the 10,000 a key has.")
    reread_units_a_day: int = Field(
        default=500, ge=1, description="Beside those: to read again what was found, 50 for one."
    )
    language: str = Field(default="", description="ISO 639-1; a hint to the search.")
    region: str = Field(default="", description="ISO 3166; videos viewable there.")
    backfill: Duration = Field(default=timedelta(days=7), description="First run: how far back.")
    pages: int = Field(default=10, ge=1, description="Most searches a poll for each query.")
    comment_pages: int = Field(default=5, ge=1, description="Most pages a poll for each video.")
    page_size: int = Field(default=50, ge=1, le=50)
    comment_page_size: int = Field(default=100, ge=1, le=100)
    reachable: int = Field(default=500, ge=1, description="Videos of a search that are shown.")
    base_url: str = "https://www.googleapis.com/youtube/v3"

    @model_validator(mode="after")
    def _something(self) -> YoutubeSettings:
        if not self.queries and not self.videos:
            raise ValueError("give queries or videos")
        return self


class YoutubeCollector(Rereads, Collector[YoutubeSettings]):
    """Lets queries and videos take turns, as far as the day's quota goes by now."""

    type = "youtube"
    Settings = YoutubeSettings
    terms = Terms.DELETE_ON_REQUEST
    overlap = timedelta(hours=48)
    reread_size = youtube_lookup.SIZE

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the videos of each query and the comments of each video whose turn it is."""
        settings, now = self.settings, self.clock()
        quota = self._quota(cursor, now)
        api = Api(self.http, settings.base_url, settings.key_env, quota)
        turns, waiting = self._turns(cursor, now), 0
        walks = Walks(cursor, turns.keys)
        for key in turns.keys:
            job, plan = self._job(key, api, now), self._plan(key, quota, now)
            waiting += plan.pages < 1
            async for page in walk_back(walks, key, plan, job.fetch):
                if page.note or "walk" not in walks[key]:
                    turns.done(key)
                self._settle(job, key, turns)
                kept = {**page.cursor, "turns": turns.state, "quota": quota.state}
                gone = isinstance(job, VideoComments) and job.gone
                yield replace(page, cursor=kept, deleted=(_name(key),) if gone else ())
        if waiting:
            kept = {**walks.cursor, "turns": turns.state, "quota": quota.state}
            yield Page(kept, note=f"{waiting} searches or videos await their turn: {quota}")

    async def reread(self, ids: Sequence[str]) -> Page:
        """What these videos and comments are now; deleted ones are left out of the answers."""
        settings, now, key = self.settings, self.clock(), ("youtube rereads", self.settings.key_env)
        quota = DayQuota(
            self.http.memory.get(key), {UNITS: settings.reread_units_a_day}, now, PACIFIC
        )
        if quota.left(UNITS) < REREAD_COST:
            raise RetriableError(f"{quota} for reading again", retry_after=timedelta(hours=1))
        api = Api(self.http, settings.base_url, settings.key_env, quota)
        try:
            found = await youtube_lookup.look_up(api, ids, now)
        finally:
            self.http.memory[key] = quota.state
        return reread_page(ids, found, missing_are_gone=True)

    def afresh(self, cursor: Cursor) -> Cursor:
        """No walk, and the day's quota as it stands."""
        return {"quota": cursor["quota"]} if "quota" in cursor else {}

    async def limits_left(self, cursor: Cursor) -> str:
        """What is used of the day's searches and units."""
        return str(self._quota(cursor, self.clock()))

    def _quota(self, cursor: Cursor, now: datetime) -> DayQuota:
        limits = {SEARCHES: self.settings.searches_a_day, UNITS: self.settings.units_a_day}
        return DayQuota(cursor.get("quota"), limits, now, PACIFIC)

    def _turns(self, cursor: Cursor, now: datetime) -> Turns:
        fixed = [QUERY + query for query in self.settings.queries]
        fixed += [VIDEO + video for video in self.settings.videos]
        return Turns(cursor.get("turns"), fixed, now, self.settings.most_videos)

    def _job(self, key: str, api: Api, now: datetime) -> VideoSearch | VideoComments:
        settings = self.settings
        if key.startswith(VIDEO):
            return VideoComments(api, _name(key), settings.comment_page_size, now)
        showing = Showing(
            settings.page_size, settings.reachable, settings.language, settings.region
        )
        return VideoSearch(api, _name(key), showing, now)

    def _plan(self, key: str, quota: DayQuota, now: datetime) -> Plan:
        """How far to look, in no more pages than the quota pays for by now."""
        settings, units = self.settings, quota.left(UNITS)
        if key.startswith(VIDEO):
            pages = min(settings.comment_pages, units)
            return Plan(now, self.overlap, settings.comments_for, pages)
        pages = min(settings.pages, units, quota.left(SEARCHES))
        return Plan(now, self.overlap, settings.backfill, pages)

    def _settle(self, job: VideoSearch | VideoComments, key: str, turns: Turns) -> None:
        """Let the videos just found have their turns, and one without comments no more."""
        if isinstance(job, VideoComments):
            if job.closed:
                turns.drop(key)
        elif self.settings.comments:
            for video, appeared in job.commented.items():
                turns.add(VIDEO + video, appeared + self.settings.comments_for)


def _name(key: str) -> str:
    return key.partition(":")[2]
