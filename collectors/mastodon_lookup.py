"""Reading Mastodon posts again, each by the word of the server it was written on.

Another server keeps its copy of a post for ever if the news of its deletion never arrived.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from collectors.http import HttpClient
from collectors.interface import CollectorError, Page, Post, Skipped
from collectors.items import Converted, convert, mapping
from collectors.mastodon_status import Reading, status_to_post
from collectors.rereads import GONE, reread_page, side_by_side
from collectors.text import site_of

# How Mastodon and what follows it name a post; the server's API knows it by the last part.
_LOCAL = re.compile(r"(https?://[^/]+)/(?:ap/)?users/[^/]+/statuses/(\w{1,40})")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Asks servers for single posts.

    Attributes:
        instance: the server of the source, which alone is shown the token.
        headers: with its token; asked for when it is needed.
        home_servers: also ask the other servers on which posts were written.
    """

    http: HttpClient
    instance: str
    headers: Callable[[], dict[str, str]]
    home_servers: bool

    async def page(self, ids: Sequence[str], reading: Callable[[str], Reading]) -> Page:
        """What these posts are now; what their servers have no more is deleted.

        Args:
            ids: their `uri`s.
            reading: how to read what a server of this address sends.

        Raises:
            FatalError, RetriableError: the source's own server cannot be asked.
        """
        answers = await side_by_side(self._single(uri) for uri in ids)
        posts: list[Post] = []
        skipped: list[Skipped] = []
        for uri, (status, server) in zip(ids, answers, strict=True):
            # Another post under this number is no news of the one asked for.
            if isinstance(status, Mapping) and status.get("uri") == uri:
                one = convert([status], partial(status_to_post, reading=reading(server)), _uri)
                posts += one.posts
                skipped += one.skipped
        gone = [uri for uri, (status, _) in zip(ids, answers, strict=True) if status is GONE]
        found = Converted(tuple(posts), tuple(skipped))
        return reread_page(ids, found, gone=gone, missing_are_gone=False)

    async def _single(self, uri: str) -> tuple[object, str]:
        """A post as the API of its own server gives it, `GONE`, or `None`; and that server."""
        named = _LOCAL.fullmatch(uri)
        own = self.instance.rstrip("/")
        if not named:
            return None, own
        at_home = site_of(uri) == site_of(own)
        server = own if at_home else named[1]
        if not at_home and not self.home_servers:
            return None, own
        try:
            response = await self.http.get(
                f"{server}/api/v1/statuses/{named[2]}",
                headers=self.headers() if at_home else {},
                ok=(200, 404, 410),
            )
            answer = response.json()
        except CollectorError:
            if at_home:
                raise
            # Closed or gone servers tell nothing of their posts.
            return None, server
        if response.status == 200:
            return answer, server
        return (GONE if mapping(answer).get("error") else None), server


def _uri(status: Mapping[str, Any]) -> object:
    return status.get("uri")
