"""Asking an API with an OAuth token that lasts an hour or a day, renewed when it is over.

Tokens live in the HTTP client's memory and nowhere else, shared by every source of the same
application. Which grant is used is the application's to say: Reddit's client credentials,
Google's refresh token, a service account's signed assertion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from collectors.http import HttpClient, Params, Response
from collectors.interface import FatalError, RetriableError
from collectors.items import count, mapping, string

MARGIN: Final = timedelta(minutes=1)
"""How long before its end a token is no longer used."""

LONGEST: Final = 86_400
"""Seconds; no token is believed to last longer."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to be given a token; made anew each time, as an assertion has a date.

    Attributes:
        auth: id and secret of the application, where they go into a header.
    """

    form: Mapping[str, str] = field(repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Application:
    """Who asks, and how it is given a token.

    Attributes:
        service: whose API it is, in words for errors.
        token_url: where tokens are given.
        key: what tells it from other applications: names of variables, no secrets.
        request: raises `FatalError` if a credential is missing.
        advice: what to check when it is refused.
        headers: sent with every request.
    """

    service: str
    token_url: str
    key: tuple[str, ...]
    request: Callable[[], Request]
    advice: str
    headers: Mapping[str, str] = field(default_factory=dict)

    async def get(
        self,
        http: HttpClient,
        url: str,
        params: Params | None = None,
        *,
        ok: Collection[int] = (200,),
        follow: bool = True,
    ) -> Response:
        """The answer to a question of the API, signing in when needed.

        Raises:
            FatalError: the credentials are missing or refused.
            RetriableError: the service cannot answer now.
        """
        for renew in (False, True):
            token = await self._token(http, renew=renew)
            response = await http.get(
                url,
                params=params,
                headers={**self.headers, "Authorization": f"Bearer {token}"},
                ok=(*ok, 401),
                follow=follow,
            )
            if response.status != 401:
                return response
        raise FatalError(f"{self.service} refuses the token it has just given")

    async def _token(self, http: HttpClient, *, renew: bool) -> str:
        key = ("oauth", self.token_url, *self.key)
        async with http.memory.setdefault((*key, "lock"), asyncio.Lock()):
            token, ends = http.memory.get(key, ("", http.clock()))
            if token and not renew and http.clock() < ends - MARGIN:
                return str(token)
            answer = await self._sign_in(http)
            token = string(answer.get("access_token"))
            if not token:
                raise RetriableError(f"{self.service} signed us in without giving a token")
            seconds = min(count(answer.get("expires_in")) or 3600, LONGEST)
            http.memory[key] = (token, http.clock() + timedelta(seconds=seconds))
            return token

    async def _sign_in(self, http: HttpClient) -> Mapping[str, object]:
        asked = self.request()
        response = await http.post(
            self.token_url,
            form=asked.form,
            auth=asked.auth,
            headers=self.headers,
            ok=(200, 400, 401, 403),
        )
        answer = mapping(response.json()) if response.status == 200 else {}
        if response.status != 200 or answer.get("error"):
            raise FatalError(
                f"{self.service} refused to sign in (HTTP {response.status}): {self.advice}"
            )
        return answer
