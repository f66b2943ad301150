"""A Lemmy server: which version of the API it speaks, how a list is asked for, why it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from collectors.credentials import bearer
from collectors.http import HttpClient, Response
from collectors.interface import CollectorError, FatalError, RetriableError
from collectors.items import count, mapping, sequence, string
from collectors.text import language, site_of

Sort = Literal["post", "comment"]

_MARGIN: Final = 60
"""Seconds a server's clock may be off."""


@dataclass(frozen=True, slots=True)
class Site:
    """What a server says of itself.

    Attributes:
        api: `v3` or `v4`, the version of the API it is asked through.
        languages: the codes of its own language numbers.
    """

    api: str
    languages: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listing:
    """Posts or comments, of a search (`by` is `query`) or of a community."""

    sort: Sort
    by: Literal["query", "community"]
    name: str

    @property
    def key(self) -> str:
        """What its walk is kept under."""
        return f"{self.sort} {self.by} {self.name}"


@dataclass(frozen=True, slots=True)
class Server:
    """Asks one server.

    Attributes:
        address: without a slash at its end.
        api: `auto`, `v3` or `v4`.
        token_env: the variable with a token; may be empty.
        rate_pause: how long to be silent when asked to, as the server does not say.
    """

    http: HttpClient
    address: str
    api: str
    token_env: str
    rate_pause: timedelta

    async def site(self) -> Site:
        """What the server is; asked once and remembered as long as the process runs."""
        known = self.http.memory.get(self._memory)
        if isinstance(known, Site):
            return known
        for api in ("v4", "v3") if self.api == "auto" else (self.api,):
            response = await self.get(f"{api}/site", {})
            # A server without version 4 may answer with its page for people.
            if response.status == 200 and (api == "v3" or "json" in response.content_type):
                site = _site(response.json(), api)
                self.http.memory[self._memory] = site
                return site
        raise FatalError(f"{site_of(self.address)} has no Lemmy API")

    async def listed(
        self, site: Site, listing: Listing, reach: timedelta, at: object, size: int
    ) -> Response:
        """A page of a listing, newest first.

        Args:
            reach: how far back it need not go.
            at: a page number in version 3; in version 4 what the last answer named, if any.
        """
        params: dict[str, str | int] = {"limit": size}
        small = {"sort": "new", "type_": "all"}
        if listing.by == "query":
            params["q" if site.api == "v3" else "search_term"] = listing.name
            small |= {"type_": f"{listing.sort}s", "listing_type": "all"}
        else:
            params["community_name"] = listing.name
        path = f"{site.api}/{'search' if listing.by == 'query' else listing.sort + '/list'}"
        if site.api == "v3":
            large = {key: word.title() for key, word in small.items()}
            return await self.get(path, {**params, **large, "page": string(at)})
        params["time_range_seconds"] = int(reach.total_seconds()) + _MARGIN
        if listing.by == "community":
            params["community_name_or_id"] = listing.name
        if at:
            params["page_cursor"] = string(at)
        return await self.get(path, {**params, **small})

    async def single(self, site: Site, sort: Sort, number: str) -> Mapping[str, Any] | None:
        """The view of a post or comment by its number here; `None` if there is none any more.

        Raises:
            RetriableError: the answer is neither.
        """
        response = await self.get(f"{site.api}/{sort}", {"id": number})
        name = _error(response)
        if name in {"not_found", f"couldnt_find_{sort}"}:
            return None
        view = mapping(response.json()).get(f"{sort}_view") if response.status == 200 else None
        if not isinstance(view, dict):
            raise RetriableError(f"the lookup of a {sort} answered {name or 'none'}")
        return view

    async def get(self, path: str, params: Mapping[str, str | int]) -> Response:
        """An answer of the API, which may be a refusal (400, 404).

        Raises:
            RetriableError: it was asked too often; older servers say so with status 400.
        """
        response = await self.http.get(
            f"{self.address}/api/{path}", params=params, headers=self._headers(), ok=(200, 400, 404)
        )
        if _error(response) == "rate_limit_error":
            raise RetriableError(
                f"{site_of(self.address)} was asked too often", retry_after=self.rate_pause
            )
        return response

    def refusal(self, response: Response, listing: Listing) -> CollectorError:
        """Why a listing was not given."""
        what, name = f"the {listing.by} {listing.name!r}", _error(response)
        if response.status == 404 and not name:
            # It has been updated; the next poll finds out to what.
            self.http.memory.pop(self._memory, None)
            return RetriableError("the server no longer speaks this version of the API")
        # Version 3 answers 400 to its own troubles too, as when its database is slow.
        if name == "unknown" or name.startswith("couldnt_get"):
            return RetriableError(f"{what} could not be read: {name}")
        return FatalError(f"{what} was refused: {name or 'HTTP 400'}")

    @property
    def _memory(self) -> tuple[str, ...]:
        return ("lemmy", self.address, self.api)

    def _headers(self) -> dict[str, str]:
        return bearer(self.token_env) if self.token_env else {}


def _site(answer: Any, api: str) -> Site:
    if not mapping(answer).get("version"):
        raise RetriableError("the site answered without a version: not the API's format")
    languages = (mapping(item) for item in sequence(answer.get("all_languages")))
    numbered = ((count(item.get("id")), language(item.get("code"))) for item in languages)
    return Site(api, {number: code for number, code in numbered if number is not None and code})


def _error(response: Response) -> str:
    """The name of an error in the server's own words; empty for any other answer."""
    if response.status == 200:
        return ""
    try:
        return string(mapping(json.loads(response.body)).get("error"))[:80]
    except (ValueError, RecursionError):
        return ""
