"""Parsing a feed that was fetched, off the event loop, with errors a scheduler understands."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from collectors import feeds, offload
from collectors.http import Response
from collectors.interface import RetriableError

ACCEPT: Final = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.8, application/json;q=0.7, */*;q=0.5"
)


async def parsed(response: Response, now: datetime) -> feeds.Feed:
    """The feed in an answer.

    Raises:
        RetriableError: it holds none, or cannot be parsed.
    """
    try:
        return await offload.run(
            len(response.body),
            feeds.parse_feed,
            response.body,
            content_type=response.headers.get("content-type", ""),
            url=response.url,
            now=now,
        )
    except feeds.NotAFeedError as error:
        kind = response.content_type or "no content type"
        empty = "an empty answer" if not response.body.strip() else f"{kind}: {error}"
        raise RetriableError(f"not a feed: {empty}") from None
    except offload.GaveUpError as error:
        raise RetriableError(f"the feed could not be parsed: {error}") from None
