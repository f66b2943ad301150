"""The two walks of the YouTube source: through a search, and through a video's comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from collectors.items import Converted, convert, count, mapping, sequence, string
from collectors.paging import Batch, Window
from collectors.token_slices import Answered, TokenSlice, following
from collectors.youtube_api import STALE, Api
from collectors.youtube_items import comment_post, published, remarks, video_id, video_post

GONE: Final = "videoNotFound"
CLOSED: Final = "commentsDisabled"


@dataclass(frozen=True, slots=True)
class Showing:
    """How a search is to be shown.

    Attributes:
        size: hits a page.
        reachable: how many hits of one search can be paged through.
        language: ISO 639-1, a hint; may be empty.
        region: ISO 3166; may be empty.
    """

    size: int
    reachable: int
    language: str = ""
    region: str = ""


class VideoSearch:
    """One query's walk. Each page costs a search and a unit.

    Attributes:
        commented: the videos of the last page that take comments, and when they appeared.
    """

    def __init__(self, api: Api, query: str, showing: Showing, now: datetime) -> None:
        self._api, self._query, self._showing, self._now = api, query, showing, now
        self.commented: dict[str, datetime] = {}

    async def fetch(self, window: Window) -> Batch:
        """One page of the window's present slice."""
        here = TokenSlice.of(window)
        answer, refusal = await self._page(here, window)
        if refusal:
            # The token is of an earlier poll, and forgotten: begin the slice anew.
            here = here.anew()
            answer, _ = await self._page(here, window)
        hits = sequence(answer["items"])
        videos = await self._api.videos(_ids(hits))
        times = tuple(t for t in (published(hit, self._now) for hit in hits) if t)
        seconds = [int(time.timestamp()) for time in times]
        answered = Answered(seconds, string(answer.get("nextPageToken")), self._showing.size)
        next_at, gaps = following(here, answered, self._showing.reachable)
        converted = convert(hits, lambda hit: video_post(hit, videos, self._now), video_id)
        self.commented = {key: time for key, time in map(self._taking, videos.items()) if time}
        return Batch(converted, times, next_at, gaps, again=here.repeated_by(answered))

    async def _page(self, here: TokenSlice, window: Window) -> tuple[Mapping[str, Any], str]:
        params: dict[str, str | int] = {
            "part": "snippet",
            "type": "video",
            "order": "date",
            "q": self._query,
            "publishedAfter": _rfc_3339(int(window.start.timestamp())),
            "publishedBefore": _rfc_3339(here.until + 1),
            "maxResults": self._showing.size,
            "relevanceLanguage": self._showing.language,
            "regionCode": self._showing.region,
            "pageToken": here.token,
        }
        return await self._api.get("search", params, {STALE} if here.token else ())

    def _taking(self, known: tuple[str, Mapping[str, Any]]) -> tuple[str, datetime | None]:
        """A video's id, and when it appeared if it takes comments: else they are not counted."""
        key, video = known
        takes = count(mapping(video.get("statistics")).get("commentCount")) is not None
        return key, published(video, self._now) if takes else None


class VideoComments:
    """The walk through one video's comments, newest thread first. Each page costs a unit.

    Attributes:
        closed: whether there are no comments to be read here any more.
        gone: whether the video itself is deleted.
    """

    def __init__(self, api: Api, video: str, size: int, now: datetime) -> None:
        self._api, self._video, self._size, self._now = api, video, size, now
        self.closed = self.gone = False

    async def fetch(self, window: Window) -> Batch:
        """One page. There is no asking for a time, so a page older than the window is the end."""
        token = string(window.at)
        answer, refusal = await self._page(token)
        if refusal == STALE:
            token = ""
            answer, refusal = await self._page(token)
        if refusal:
            self.closed, self.gone = True, refusal == GONE
            return Batch(Converted((), ()), ())
        threads = sequence(answer["items"])
        tops = (mapping(mapping(thread).get("snippet")) for thread in threads)
        dated = (published(top.get("topLevelComment"), self._now) for top in tops)
        times = tuple(time for time in dated if time)
        following_token = string(answer.get("nextPageToken"))
        # The last and not the oldest: a pinned comment may stand first.
        ended = bool(times) and times[-1] < window.start
        again = following_token == token != ""
        converted = convert(
            remarks(threads),
            lambda remark: comment_post(remark, self._video, self._now),
            lambda remark: mapping(remark[0]).get("id"),
        )
        if again or ended:
            return Batch(converted, times, again=again)
        return Batch(converted, times, following_token or None)

    async def _page(self, token: str) -> tuple[Mapping[str, Any], str]:
        params: dict[str, str | int] = {
            "part": "snippet,replies",
            "videoId": self._video,
            "order": "time",
            "maxResults": self._size,
            "textFormat": "plainText",
            "pageToken": token,
        }
        return await self._api.get(
            "commentThreads", params, {GONE, CLOSED, *([STALE] if token else [])}
        )


def _ids(hits: list[Any]) -> list[str]:
    found = (string(mapping(mapping(hit).get("id")).get("videoId")) for hit in hits)
    return [native_id for native_id in found if native_id]


def _rfc_3339(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
