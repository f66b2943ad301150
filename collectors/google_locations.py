"""Which places a Google Business Profile account holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from collectors.http import HttpClient
from collectors.interface import RetriableError
from collectors.items import mapping, sequence, string
from collectors.oauth import Application

KEPT: Final = timedelta(days=1)
"""How long a list of places is believed; a new place is then found the day after."""

MOST_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class Directory:
    """Where accounts and their places are listed."""

    accounts_url: str
    locations_url: str


async def locations(http: HttpClient, app: Application, directory: Directory) -> tuple[str, ...]:
    """The names of all places, each with its account: `accounts/1/locations/2`.

    Raises:
        FatalError, RetriableError: as `Application.get`.
    """
    key = ("google-locations", directory.accounts_url, directory.locations_url, *app.key)
    known, until = http.memory.get(key, ((), http.clock()))
    if known and http.clock() < until:
        return tuple(known)
    found = []
    for account in await _names(http, app, f"{directory.accounts_url}/v1/accounts", "accounts"):
        url = f"{directory.locations_url}/v1/{account}/locations"
        found += [f"{account}/{place}" for place in await _names(http, app, url, "locations")]
    http.memory[key] = (tuple(found), http.clock() + KEPT)
    return tuple(found)


async def _names(http: HttpClient, app: Application, url: str, kind: str) -> list[str]:
    names: list[str] = []
    token = ""
    for _ in range(MOST_PAGES):
        params = {"readMask": "name", "pageSize": "100"} if kind == "locations" else {}
        response = await app.get(http, url, params | ({"pageToken": token} if token else {}))
        answer = response.json()
        if not isinstance(answer, dict):
            raise RetriableError(f"Google listed no {kind}: not the API's format")
        names += [string(mapping(one).get("name")) for one in sequence(answer.get(kind))]
        token = string(answer.get("nextPageToken"))
        if not token:
            break
    return [name for name in names if name]
