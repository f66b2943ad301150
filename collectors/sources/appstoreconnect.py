"""Reviews of your own apps on the App Store, in all countries, through App Store Connect.

Collects title, text, stars, the author's nickname and whether you replied. Complete and reliable,
where the public feed (`appstore`) shows some 500 reviews of a country, and at times none.

Credentials: in App Store Connect under Users and Access → Integrations make a *team key* with the
role Customer Support; note its key id and the issuer id above the list, download the `.p8` file
(once only), and put it, or its path, into the environment variable named in `key_env`. `apps`
holds the numbers from the apps' addresses. Needs `pip install 'molva[stores]'`.

Limits: about 3,500 requests an hour for a key. Every poll looks two weeks back, so that edits are
noticed.

Terms: your own apps' data; authors are private persons.

    [[source]]
    name = "app-store-own"
    type = "appstoreconnect"
    apps = ["1234567890"]
    issuer_id = "57246542-96fe-1a63-e053-0824d011072a"
    key_id = "2X9R4HXF34"
    key_env = "APP_STORE_CONNECT_KEY"
    interval = "1h"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, StringConstraints

from collectors.credentials import secret_document
from collectors.dates import parse_date
from collectors.interface import (
    Author,
    Engagement,
    Post,
    RetriableError,
    Terms,
)
from collectors.items import count, mapping, string
from collectors.paging import Batch, Window
from collectors.signed_tokens import lifetime, signed
from collectors.text import clean
from collectors.token_pages import Listed, Reading, read_page
from collectors.walking import Walker, WalkSettings

AUDIENCE = "appstoreconnect-v1"

AppId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{5,15}$")]
Territory = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class AppStoreConnectSettings(WalkSettings):
    """Apps of your own, each by its number."""

    apps: tuple[AppId, ...] = Field(min_length=1, max_length=50)
    issuer_id: str = Field(min_length=8, description="Above the list of keys.")
    key_id: str = Field(min_length=4, description="Of the key.")
    key_env: str = Field(min_length=1, description="Variable with the .p8 key, or its path.")
    territories: tuple[Territory, ...] = Field(default=(), description="Only these: RUS, USA.")
    page_size: int = Field(default=200, ge=1, le=200)
    base_url: str = "https://api.appstoreconnect.apple.com"


class AppStoreConnectCollector(Walker[AppStoreConnectSettings]):
    """Walks each app's reviews from the newest to two weeks before the newest known one."""

    type = "appstoreconnect"
    Settings = AppStoreConnectSettings
    terms = Terms.OWN
    overlap = timedelta(days=14)

    @property
    def keys(self) -> Sequence[str]:
        """The apps."""
        return self.settings.apps

    async def fetch(self, key: str, window: Window) -> Batch:
        """One page of an app's reviews."""
        reading = Reading(partial(self._post, key), self._created, lambda one: mapping(one)["id"])
        return await read_page(window, partial(self._ask, key), reading)

    async def _ask(self, app: str, token: str) -> Listed | None:
        settings = self.settings
        params: dict[str, str | int] = {"sort": "-createdDate", "limit": settings.page_size}
        params |= {"include": "response"}
        if settings.territories:
            params["filter[territory]"] = ",".join(settings.territories)
        response = await self.http.get(
            f"{settings.base_url.rstrip('/')}/v1/apps/{app}/customerReviews",
            params={**params, **({"cursor": token} if token else {})},
            headers={"Authorization": f"Bearer {self._token()}"},
            ok=(200, 400) if token else (200,),
        )
        if response.status == 400:
            return None
        answer = response.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
            raise RetriableError("Apple answered without reviews: not the API's format")
        return Listed(answer["data"], _cursor(string(mapping(answer.get("links")).get("next"))))

    def _token(self) -> str:
        settings = self.settings
        claims = {"iss": settings.issuer_id, "aud": AUDIENCE, **lifetime(self.clock())}
        key = secret_document(settings.key_env)
        return signed(claims, key, "ES256", {"kid": settings.key_id})

    def _created(self, review: object) -> datetime | None:
        given = mapping(mapping(review).get("attributes")).get("createdDate")
        return parse_date(given, now=self.clock())

    def _post(self, app: str, review: Mapping[str, Any]) -> Post:
        given, native_id = mapping(review["attributes"]), string(review["id"])
        response = mapping(mapping(review.get("relationships")).get("response"))
        stars = count(given.get("rating")) or None
        return Post(
            native_id=native_id,
            kind="review",
            title=clean(string(given.get("title"))),
            text=clean(string(given.get("body"))),
            published_at=self._created(review),
            author=Author(name=string(given.get("reviewerNickname"))),
            engagement=Engagement(comments=1 if response.get("data") else 0),
            rating=stars,
            rating_scale=5 if stars else None,
            thread_id=app,
            site="apps.apple.com",
        )


def _cursor(link: str) -> str:
    """The token in the address of the next page; the address itself is not trusted."""
    try:
        return next(iter(parse_qs(urlsplit(link).query).get("cursor", ())), "")
    except ValueError:
        return ""
