"""Reviews of your own places on Google Maps, through Google Business Profile.

Collects text in the author's language (Google's translation is cut off), stars, author and
whether you replied. An edited review comes again under its id.

Credentials: Google opens this API by hand: ask for it at
developers.google.com/my-business/content/prereqs; whoever asks must have managed a verified
profile for 60 days. Until then every request is refused. Then make an OAuth client of the type
"Desktop app", let the profile's owner allow it the scope `business.manage` (Google's OAuth
Playground does, with your own client), and name the variables with client id, secret and the
*refresh token*. `locations` narrows it to some places; without it all are read.

Limits: 300 requests a minute. Every poll looks a week back.

Terms: your own places' data; authors are private persons.

    [[source]]
    name = "google-maps"
    type = "googlebusiness"
    client_id_env = "GOOGLE_CLIENT_ID"
    client_secret_env = "GOOGLE_CLIENT_SECRET"
    refresh_token_env = "GOOGLE_REFRESH_TOKEN"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from collectors.dates import parse_date
from collectors.google_app import TOKEN_URL, refreshed
from collectors.google_locations import Directory, locations
from collectors.interface import (
    Author,
    Collector,
    Cursor,
    Duration,
    Engagement,
    Page,
    Post,
    RetriableError,
    SkippableError,
    SourceSettings,
    Terms,
)
from collectors.items import mapping, sequence, string
from collectors.oauth import Application
from collectors.paging import Batch, Plan, Window, walk_all
from collectors.text import clean
from collectors.token_pages import Listed, Reading, read_page

STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
TRANSLATED, ORIGINAL = "(Translated by Google)", "(Original)"

Place = Annotated[str, StringConstraints(pattern=r"^accounts/\w+/locations/\w+$")]


class GoogleBusinessSettings(SourceSettings):
    """Places of your own."""

    locations: tuple[Place, ...] = Field(default=(), description="accounts/1/locations/2; or all.")
    client_id_env: str = Field(min_length=1, description="Variable that holds the client's id.")
    client_secret_env: str = Field(min_length=1, description="Variable that holds its secret.")
    refresh_token_env: str = Field(min_length=1, description="Variable with the refresh token.")
    backfill: Duration = Field(default=timedelta(days=90), description="First run: how far back.")
    pages: int = Field(default=50, ge=1, description="Most requests a poll for each place.")
    page_size: int = Field(default=50, ge=1, le=50)
    token_url: str = TOKEN_URL
    accounts_url: str = "https://mybusinessaccountmanagement.googleapis.com"
    locations_url: str = "https://mybusinessbusinessinformation.googleapis.com"
    base_url: str = "https://mybusiness.googleapis.com/v4"


class GoogleBusinessCollector(Collector[GoogleBusinessSettings]):
    """Walks each place's reviews from the last edited to a week before the newest known one."""

    type = "googlebusiness"
    Settings = GoogleBusinessSettings
    terms = Terms.OWN
    overlap = timedelta(days=7)

    async def poll(self, cursor: Cursor) -> AsyncIterator[Page]:
        """Yield each place's reviews, the last edited first."""
        settings, now = self.settings, self.clock()
        app = refreshed(
            settings.token_url,
            settings.client_id_env,
            settings.client_secret_env,
            settings.refresh_token_env,
        )
        directory = Directory(settings.accounts_url.rstrip("/"), settings.locations_url.rstrip("/"))
        places = settings.locations or await locations(self.http, app, directory)
        if not places:
            yield Page(cursor, note="this Google account manages no places")
        plan = Plan(now, self.overlap, settings.backfill, settings.pages)
        async for page in walk_all(
            cursor, places, plan, lambda place: partial(self._fetch, app, place)
        ):
            yield page

    async def _fetch(self, app: Application, place: str, window: Window) -> Batch:
        reading = Reading(partial(self._post, place), self._updated, _name)
        return await read_page(window, partial(self._ask, app, place), reading)

    async def _ask(self, app: Application, place: str, token: str) -> Listed | None:
        params: dict[str, str | int] = {"pageSize": self.settings.page_size}
        params["orderBy"] = "updateTime desc"
        response = await app.get(
            self.http,
            f"{self.settings.base_url.rstrip('/')}/{place}/reviews",
            {**params, **({"pageToken": token} if token else {})},
            ok=(200, 400) if token else (200,),
        )
        if response.status == 400:
            return None
        answer = response.json()
        # A place without reviews is answered with an empty object.
        if not isinstance(answer, dict) or (answer and not isinstance(answer.get("reviews"), list)):
            raise RetriableError("Google answered without reviews: not the API's format")
        return Listed(sequence(answer.get("reviews")), string(answer.get("nextPageToken")))

    def _updated(self, review: object) -> datetime | None:
        given = mapping(review)
        return parse_date(given.get("updateTime") or given.get("createTime"), now=self.clock())

    def _post(self, place: str, review: Mapping[str, Any]) -> Post:
        reviewer, text = mapping(review.get("reviewer")), original(string(review.get("comment")))
        if not text:
            raise SkippableError("it has stars but no text")
        created = parse_date(review.get("createTime"), now=self.clock())
        updated = self._updated(review)
        stars = STARS.get(string(review.get("starRating")))
        replied = bool(mapping(review.get("reviewReply")).get("comment"))
        return Post(
            native_id=string(_name(review)),
            kind="review",
            text=text,
            published_at=created,
            edited_at=updated if created and updated and updated > created else None,
            author=Author(name=string(reviewer.get("displayName"))),
            engagement=Engagement(comments=int(replied)),
            rating=stars,
            rating_scale=5 if stars else None,
            thread_id=place,
            site="google.com",
        )


def original(comment: str) -> str:
    """What the author wrote; Google puts its translation before or after it."""
    before, marked, after = comment.partition(ORIGINAL)
    if marked:
        return clean(after)
    before, _, translation = comment.partition(TRANSLATED)
    return clean(before) or clean(translation)


def _name(review: object) -> object:
    given = mapping(review)
    return given.get("name") or given.get("reviewId")
