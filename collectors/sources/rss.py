"""Any RSS, RDF, Atom or JSON Feed address: news sites, blogs, forums, search feeds.

Collects every entry the feed shows: title, full text if the feed carries it, author, language,
comment count. A feed shows a window of its newest entries; when all of them are new since the
last poll some may have slipped through, which is recorded as a gap: shorten the interval. A
document that breaks off says nothing of that: the next whole one is compared with the last one.

Credentials: none, or user and password in the address. Feed addresses are treated as secrets:
they never show in a log or error. `url_env` names an environment variable that holds one.

Limits: none of its own. An unchanged feed costs one 304; a feed's `ttl` and `Cache-Control:
max-age` lengthen the wait until the next poll, up to a day.

Terms: the publisher's copyright; exports carry an excerpt and the link.

    [[source]]
    name = "city-news"
    type = "rss"
    url = "https://news.example.com/feed.xml"
    interval = "15m"
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from typing import Any, Final

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from collectors import feeds
from collectors.feed_fetch import ACCEPT, parsed
from collectors.http import Response, Validators
from collectors.interface import (
    Collector,
    Cursor,
    FatalError,
    Gap,
    Page,
    SourceSettings,
    Terms,
)
from collectors.items import mapping
from collectors.limits import max_age
from collectors.redact import fingerprint

PAGE: Final = 1000
"""Posts a page; a feed of more is handed on in several."""

REMEMBERED: Final = 30
"""Ids kept from each end of a feed to notice that it overflowed between two polls."""

LONGEST_WAIT: Final = timedelta(days=1)


class RssSettings(SourceSettings):
    """A feed, by its address or by the environment variable that holds it."""

    # A wrong address must not be quoted in the error: it may be a secret.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: SecretStr | None = Field(default=None, description="The feed's address.")
    url_env: str | None = Field(default=None, description="Variable that holds the address.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().lower().startswith(("http://", "https://")):
            raise ValueError("write an address that starts with http:// or https://")
        return value

    @model_validator(mode="after")
    def _one_address(self) -> RssSettings:
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give either url or url_env")
        return self

    @property
    def address(self) -> str:
        """The feed's address; empty if its environment variable is not set."""
        if self.url is not None:
            return self.url.get_secret_value()
        return os.environ.get(self.url_env or "", "").strip()


class RssCollector(Collector[RssSettings]):
    """Reads one feed whole at each poll, unless it has not changed."""

    type = "rss"
    Settings = RssSettings
    terms = Terms.EXCERPT

    @cached_property
    def scope(self) -> str:
        """An entry's id is unique in its feed only."""
        return f"rss:{fingerprint(self.settings.address or self.settings.url_env or '')}"

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield the feed's entries, or one empty page that says why there are none."""
        if not self.settings.address:
            raise FatalError(f"set the environment variable {self.settings.url_env}")
        known = cursor if cursor.get("version") == feeds.VERSION else {}
        response = await self.http.get(
            self.settings.address,
            headers={"Accept": ACCEPT},
            validators=Validators(**mapping(known.get("validators"))),
        )
        if response.status == 304:
            yield Page(known, poll_after=_wait(response, known), note="unchanged (304)")
            return
        body_hash = fingerprint(response.body)
        if body_hash == known.get("body_hash"):
            cursor = {**known, "validators": asdict(response.validators)}
            yield Page(cursor, poll_after=_wait(response, known), note="unchanged (same content)")
            return
        feed = await self._parsed(response)
        for page in self._pages(feed, response, known, body_hash):
            yield page

    async def _parsed(self, response: Response) -> feeds.Feed:
        return await parsed(response, self.clock())

    def _pages(
        self, feed: feeds.Feed, response: Response, known: Cursor, body_hash: str
    ) -> Sequence[Page]:
        ids = [fingerprint(post.native_id)[:8] for post in feed.posts]
        seen = known.get("seen") or []
        gaps: tuple[Gap, ...] = ()
        if ids and seen and not feed.cut and not set(ids) & set(seen):
            reason = f"all {len(ids)} entries are new: the feed may have overflowed between polls"
            gaps = (Gap(reason, end=self.clock()),)
        new: dict[str, Any] = {
            "version": feeds.VERSION,
            # What a document that breaks off has lost is asked for again, changed or not.
            "validators": asdict(Validators() if feed.cut else response.validators),
            "body_hash": "" if feed.cut else body_hash,
            "ttl": feed.ttl.total_seconds() if feed.ttl else None,
            "seen": seen if feed.cut and seen else _ends(ids) or seen,
        }
        note = "the feed has no entries" if not feed.posts else ""
        if feed.malformed and feed.posts:
            note = "the feed is malformed; what could be read was kept"
        last = Page(
            new,
            feed.posts[len(feed.posts) // PAGE * PAGE :],
            feed.skipped,
            gaps=gaps,
            poll_after=_wait(response, new),
            note=note,
        )
        starts = range(0, len(feed.posts) - PAGE + 1, PAGE)
        return [*(Page(known, feed.posts[start : start + PAGE]) for start in starts), last]


def _ends(ids: Sequence[str]) -> list[str]:
    """What is remembered of a feed's entries: the first and the last of them."""
    return [*ids[:REMEMBERED], *ids[REMEMBERED:][-REMEMBERED:]]


def _wait(response: Response, cursor: Cursor) -> timedelta | None:
    asked = [max_age(response.headers) or timedelta(0), timedelta(seconds=cursor.get("ttl") or 0)]
    longest = min(max(asked), LONGEST_WAIT)
    return longest or None
