"""Walking one listing of a Lemmy server back: by page numbers in version 3, by cursors in 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from collectors.http import Response
from collectors.interface import Post, RetriableError
from collectors.items import Converted, convert, mapping, string
from collectors.lemmy_api import Listing, Server, Site
from collectors.lemmy_view import gone, view_to_post, views_of, written_at
from collectors.numbered_pages import read_numbered
from collectors.paging import Batch, Window


class Walk:
    """The walk through one listing.

    Attributes:
        gone: what the last page showed as deleted.
    """

    def __init__(
        self, server: Server, site: Site, listing: Listing, size: int, now: datetime
    ) -> None:
        self.server, self.site, self.listing, self.size = server, site, listing, size
        self.now = now
        self.gone: tuple[str, ...] = ()

    async def fetch(self, window: Window) -> Batch:
        """One page; it is the last if all of it is older than the window."""
        by = self._numbered if self.site.api == "v3" else self._by_cursor
        views, next_at, again = await by(window)
        self.gone = gone(views, self.listing.sort)
        times = self._times(views)
        done = again or not views or (bool(times) and max(times) < window.start)
        return Batch(self._converted(views), times, None if done else next_at, again=again)

    def _times(self, views: Sequence[Any]) -> tuple[datetime, ...]:
        return tuple(filter(None, (written_at(v, self.listing.sort, self.now) for v in views)))

    async def _numbered(self, window: Window) -> tuple[list[Any], object, bool]:
        """In version 3: the views, where to go on, and whether they came before."""

        async def ask(number: int) -> tuple[list[Any], tuple[datetime, ...]]:
            views = self._views(await self._listed(window, number))
            return views, self._times(views)

        place, views, times = await read_numbered(window, ask)
        found = self._converted(views)
        following = place.following(found, times) if len(views) >= self.size else None
        return views, following, place.repeated_by(found)

    async def _by_cursor(self, window: Window) -> tuple[list[Any], object, bool]:
        """The same in version 4."""
        at = window.at
        response = await self._listed(window, at)
        if response.status != 200 and at is not None:
            # The server has forgotten the place we stopped at: begin the window anew.
            at = None
            response = await self._listed(window, at)
        views = self._views(response)
        next_at = string(mapping(response.json()).get("next_page")) or None
        return views, next_at, next_at == at is not None

    async def _listed(self, window: Window, at: object) -> Response:
        reach = self.now - window.start
        return await self.server.listed(self.site, self.listing, reach, at, self.size)

    def _views(self, response: Response) -> list[Any]:
        if response.status != 200:
            raise self.server.refusal(response, self.listing)
        views = views_of(response.json(), self.listing.sort)
        if views is None:
            raise RetriableError(f"no list of {self.listing.sort}s came: not the API's format")
        return views

    def _converted(self, views: Sequence[Any]) -> Converted:
        return convert(views, self._post, lambda view: view[self.listing.sort]["ap_id"])

    def _post(self, view: Mapping[str, Any]) -> Post | None:
        return view_to_post(view, self.listing.sort, self.site, self.now)
