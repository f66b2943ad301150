"""Reviews of your own apps on Google Play, through the Android Publisher API.

Collects reviews with a text: title, text, stars, language, votes, whether you replied. An edited
review comes again under its id; its date is the last edit. Google shows what was written or
edited in the last *seven days*: poll at least daily, or reviews are lost.

Credentials: a service account of a Google Cloud project with the "Google Play Android Developer
API" enabled; make a JSON key for it, and in the Play Console (Users and permissions) invite its
e-mail address with the right to reply to reviews. Put the JSON, or the path of its file, into the
environment variable named in `key_env`. Needs `pip install 'molva[stores]'`.

Limits: about 200 requests an hour for an app. Every poll reads all seven days.

Terms: your own apps' data; authors are private persons.

    [[source]]
    name = "google-play"
    type = "googleplay"
    packages = ["com.example.zerno"]
    key_env = "GOOGLE_PLAY_KEY"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.dates import parse_date
from collectors.google_app import TOKEN_URL
from collectors.interface import (
    Author,
    Collector,
    Cursor,
    Engagement,
    Page,
    Post,
    RetriableError,
    SkippableError,
    SourceSettings,
    Terms,
)
from collectors.items import count, mapping, sequence, string
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.signed_tokens import service_account
from collectors.text import clean, language
from collectors.token_pages import Listed, Reading, read_page

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
REACH = timedelta(days=7)

Package = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]\w*(\.\w+)+$")]


class GooglePlaySettings(SourceSettings):
    """Apps of your own, each by its package name."""

    packages: tuple[Package, ...] = Field(min_length=1, max_length=50)
    key_env: str = Field(min_length=1, description="Variable with a service account's JSON key.")
    pages: int = Field(default=50, ge=1, description="Most requests a poll for each app.")
    page_size: int = Field(default=100, ge=1, le=100)
    token_url: str = TOKEN_URL
    base_url: str = "https://androidpublisher.googleapis.com/androidpublisher/v3"


class GooglePlayCollector(Collector[GooglePlaySettings]):
    """Walks each app's reviews from the last written or edited as far as Google shows them."""

    type = "googleplay"
    Settings = GooglePlaySettings
    terms = Terms.OWN
    overlap = REACH

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each app's reviews, newest first."""
        settings, now = self.settings, self.clock()
        plan = Plan(now, self.overlap, REACH, settings.pages)
        async for page in walk_all(
            cursor, settings.packages, plan, lambda package: partial(self._fetch, package)
        ):
            yield page

    async def _fetch(self, package: str, window: Window) -> Batch:
        reading = Reading(partial(self._post, package), self._written, _name)
        return await read_page(window, partial(self._ask, package), reading)

    async def _ask(self, package: str, token: str) -> Listed | None:
        settings = self.settings
        app = service_account(settings.key_env, settings.token_url, SCOPE, self.clock)
        response = await app.get(
            self.http,
            f"{settings.base_url.rstrip('/')}/applications/{package}/reviews",
            {"maxResults": settings.page_size, **({"token": token} if token else {})},
            ok=(200, 400) if token else (200,),
        )
        if response.status == 400:
            return None
        answer = response.json()
        # An app without reviews is answered with an empty object.
        if not isinstance(answer, dict) or (answer and not isinstance(answer.get("reviews"), list)):
            raise RetriableError("Google answered without reviews: not the API's format")
        following = string(mapping(answer.get("tokenPagination")).get("nextPageToken"))
        return Listed(sequence(answer.get("reviews")), following)

    def _written(self, review: object) -> datetime | None:
        seconds = mapping(_said(review).get("lastModified")).get("seconds")
        return parse_date(seconds, now=self.clock())

    def _post(self, package: str, review: Mapping[str, Any]) -> Post:
        native_id, said = string(review["reviewId"]), _said(review)
        whole = string(said.get("text"))
        title, tab, text = whole.partition("\t")
        if not tab:
            title, text = "", whole
        if not clean(whole):
            raise SkippableError("it has stars but no text")
        stars = count(said.get("starRating")) or None
        replied = any("developerComment" in mapping(one) for one in sequence(review["comments"]))
        page = f"https://play.google.com/store/apps/details?id={package}"
        return Post(
            native_id=native_id,
            kind="review",
            title=clean(title),
            text=clean(text),
            url=f"{page}&reviewId={native_id}" if native_id else "",
            published_at=self._written(review),
            author=Author(name=string(review.get("authorName"))),
            engagement=Engagement(count(said.get("thumbsUpCount")), comments=int(replied)),
            lang=language(said.get("reviewerLanguage")),
            rating=stars,
            rating_scale=5 if stars else None,
            thread_id=package,
            site="play.google.com",
        )


def _said(review: object) -> Mapping[str, Any]:
    """The user's words; the developer's stand beside them."""
    comments = map(mapping, sequence(mapping(review).get("comments")))
    said = (mapping(one.get("userComment")) for one in comments)
    return next(filter(None, said), {})


def _name(review: object) -> object:
    return mapping(review).get("reviewId")
