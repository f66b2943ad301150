"""Feeds of Google Alerts: what Google newly finds on the web for a search of yours.

Collects title, excerpt and the article's own address, without Google's redirection. Alerts come
minutes to a day late, and Google leaves out much: they add to other sources, and replace none.

Credentials: none. At google.com/alerts make an alert with "Deliver to: RSS feed" and put the
feed's address into the environment variable named in `url_env` (or into `url`). Whoever knows it
can read the alert: it never shows in a log or error.

Limits: the 20 newest results; when all of them are new since the last poll some may have slipped
through, which is recorded as a gap.

Terms: the publishers' copyright; exports carry an excerpt and the link.

    [[source]]
    name = "alert"
    type = "googlealerts"
    url_env = "GOOGLE_ALERT_FEED"
    interval = "30m"
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from collectors import feeds
from collectors.google_links import unwrapped
from collectors.http import Response
from collectors.redact import fingerprint
from collectors.sources.rss import RssCollector
from collectors.text import site_of


class GoogleAlertsCollector(RssCollector):
    """Reads the feed as any other, and links to where its entries point."""

    type = "googlealerts"

    @cached_property
    def scope(self) -> str:
        """An entry's id is unique in its feed only."""
        return f"{self.type}:{fingerprint(self.settings.address or self.settings.url_env or '')}"

    async def _parsed(self, response: Response) -> feeds.Feed:
        feed = await super()._parsed(response)
        links = (unwrapped(post.url) for post in feed.posts)
        posts = (
            replace(post, url=link, site=site_of(link) or post.site)
            for post, link in zip(feed.posts, links, strict=True)
        )
        return replace(feed, posts=tuple(posts))
